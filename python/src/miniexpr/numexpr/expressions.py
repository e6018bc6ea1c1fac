"""Trees of expressions: nodes that arithmetic on them makes, as in ``2 * E.a + E.b``."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from miniexpr.numexpr._kinds import (
    DTYPES,
    FLOAT_FUNCTIONS,
    KINDS,
    RANKS,
    double,
    int_,
    kind_of_dtype,
    kind_to_type,
    long_,
    type_to_kind,
)

__all__ = [
    "ConstantNode",
    "E",
    "Expression",
    "ExpressionNode",
    "FuncNode",
    "OpNode",
    "RawNode",
    "VariableNode",
    "double",
    "functions",
    "int_",
    "kind_to_type",
    "long_",
    "type_to_kind",
]

default_kind = "double"
kind_rank = (*KINDS, "none")
max_int32, min_int32 = 2**31 - 1, -(2**31)

# An exponent up to this is written as products.
_MOST_FACTORS = 50

_NO_TRUTH = (
    "You can't use Python's standard boolean operators in NumExpr expressions. You should use their bitwise "
    "counterparts instead: '&' instead of 'and', '|' instead of 'or', and '~' instead of 'not'."
)


class _Context(threading.local):
    """What an expression that is read now is read for."""

    optimization = "aggressive"


_context = _Context()


def get_optimization() -> str:
    """How powers are written: as products with 'moderate' and 'aggressive', as they are with 'none'."""
    return _context.optimization


class ExpressionNode:
    """A node of a tree, which stands for values of one kind.

    Parameters
    ----------
    value : object
        The name of a variable or operation, or the value of a constant.
    kind : str
        One of 'bool', 'int', 'long', 'float', 'double', 'complex', 'bytes' and 'str'.
    children : sequence of ExpressionNode
        The operands.

    Examples
    --------
    >>> from miniexpr.numexpr import E
    >>> node = 2 * E.a < E.b
    >>> node.astType, node.value, node.astKind
    ('op', 'gt', 'bool')
    """

    astType = "generic"

    def __init__(self, value: Any = None, kind: str | None = None, children: Any = None) -> None:
        self.value = value
        self.astKind = "none" if kind is None else kind
        self.children = () if children is None else tuple(children)

    @property
    def real(self) -> ExpressionNode:
        return functions["real"](self)

    @property
    def imag(self) -> ExpressionNode:
        return functions["imag"](self)

    def get_real(self) -> ExpressionNode:
        return self.real

    def get_imag(self) -> ExpressionNode:
        return self.imag

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.value}, {self.astKind}, {self.children})"

    __repr__ = __str__

    def __bool__(self) -> bool:
        raise TypeError(_NO_TRUTH)

    # Comparisons are nodes, so nodes are told apart by their identity.
    __hash__ = object.__hash__

    def __neg__(self) -> Any:
        return OpNode("neg", (self,))

    def __pos__(self) -> ExpressionNode:
        return self

    def __invert__(self) -> Any:
        return OpNode("invert", (self,))

    def __add__(self, other: Any) -> Any:
        return _operation("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _operation("add", self, other)

    def __sub__(self, other: Any) -> Any:
        return _operation("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _operation("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return _operation("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _operation("mul", self, other)

    def __truediv__(self, other: Any) -> Any:
        return _operation("div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _operation("div", other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _operation("floordiv", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _operation("floordiv", other, self)

    def __mod__(self, other: Any) -> Any:
        return _operation("mod", self, other)

    def __rmod__(self, other: Any) -> Any:
        return _operation("mod", other, self)

    def __pow__(self, other: Any) -> Any:
        return _power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return _power(other, self)

    def __lshift__(self, other: Any) -> Any:
        return _operation("lshift", self, other)

    def __rlshift__(self, other: Any) -> Any:
        return _operation("lshift", other, self)

    def __rshift__(self, other: Any) -> Any:
        return _operation("rshift", self, other)

    def __rrshift__(self, other: Any) -> Any:
        return _operation("rshift", other, self)

    def __and__(self, other: Any) -> Any:
        return _operation("and", self, other)

    def __rand__(self, other: Any) -> Any:
        return _operation("and", other, self)

    def __or__(self, other: Any) -> Any:
        return _operation("or", self, other)

    def __ror__(self, other: Any) -> Any:
        return _operation("or", other, self)

    def __xor__(self, other: Any) -> Any:
        return _operation("xor", self, other)

    def __rxor__(self, other: Any) -> Any:
        return _operation("xor", other, self)

    def __gt__(self, other: Any) -> Any:
        return _operation("gt", self, other, kind="bool")

    def __ge__(self, other: Any) -> Any:
        return _operation("ge", self, other, kind="bool")

    def __lt__(self, other: Any) -> Any:
        return _operation("gt", other, self, kind="bool")

    def __le__(self, other: Any) -> Any:
        return _operation("ge", other, self, kind="bool")

    def __eq__(self, other: object) -> Any:
        return _operation("eq", self, other, kind="bool")

    def __ne__(self, other: object) -> Any:
        return _operation("ne", self, other, kind="bool")


class VariableNode(ExpressionNode):
    """A variable, by its name."""

    astType = "variable"

    def __init__(self, value: str | None = None, kind: str | None = None, children: Any = None) -> None:
        super().__init__(value, kind or default_kind)


class RawNode:
    """Something that is no value, such as the axis of a reduction."""

    astType = "raw"
    astKind = "none"
    children = ()

    def __init__(self, value: Any) -> None:
        self.value = value

    def __str__(self) -> str:
        return f"RawNode({self.value})"

    __repr__ = __str__


class ConstantNode(ExpressionNode):
    """A number or string, whose kind is that of the value."""

    astType = "constant"

    def __init__(self, value: Any = None, children: Any = None) -> None:
        kind = getKind(value)
        dtype = DTYPES.get(kind)
        if isinstance(value, np.ndarray):
            value = value[()]
        # Numbers of NumPy keep their dtype; those of narrower ones have that of their kind.
        if isinstance(value, np.generic) and dtype is not None and value.dtype != dtype:
            value = dtype.type(value)
        super().__init__(value, kind)

    def __neg__(self) -> Any:
        return ConstantNode(-self.value)

    def __invert__(self) -> Any:
        return ConstantNode(~self.value)


class OpNode(ExpressionNode):
    """An operator with its operands."""

    astType = "op"

    def __init__(self, opcode: str | None = None, args: Any = None, kind: str | None = None) -> None:
        if kind is None and args is not None:
            kind = commonKind(args)
        super().__init__(opcode, kind, args)
        # The power that the node is written for, as base and exponent.
        self.power: tuple[ExpressionNode, Any] | None = None


class FuncNode(OpNode):
    """A function with its arguments."""


def getKind(value: Any) -> str:
    """The kind of a constant.

    Raises
    ------
    OverflowError
        If an integer is too large.
    TypeError
        If it is no constant.
    """
    if isinstance(value, (bool, np.bool_)):
        return "bool"
    if isinstance(value, (np.generic, np.ndarray)) and not isinstance(value, (np.str_, np.bytes_)):
        if value.ndim != 0:
            raise TypeError(f"unsupported expression type: {type(value)}")
        return kind_of_dtype(value.dtype)
    if isinstance(value, int):
        if min_int32 <= value <= max_int32:
            return "int"
        if -(2**63) <= value < 2**63:
            return "long"
        raise OverflowError("Python int too large to convert to C long")
    for kind, kinds in (("double", float), ("complex", complex), ("bytes", bytes), ("str", str)):
        if isinstance(value, kinds):
            return kind
    raise TypeError(f"unsupported expression type: {type(value)}")


def commonKind(nodes: Any) -> str:
    """The kind in which nodes meet.

    Raises
    ------
    TypeError
        If a string meets a number.
    """
    kinds = [node.astKind for node in nodes]
    strings = [kind in ("bytes", "str") for kind in kinds]
    if all(strings) and kinds:
        return "bytes" if "bytes" in kinds else "str"
    if any(strings):
        raise TypeError("strings can only be operated with strings")
    ranks = [RANKS[kind] for kind in kinds if kind in RANKS]
    return KINDS[max(ranks)] if ranks else "none"


def _node(value: Any) -> ExpressionNode:
    return value if isinstance(value, ExpressionNode) else ConstantNode(value)


def isConstant(value: Any) -> bool:
    """Whether a value is a constant, as such or as a node."""
    return not isinstance(value, ExpressionNode) or value.astType == "constant"


def allConstantNodes(args: Any) -> bool:
    """Whether all values are constants."""
    return all(isConstant(arg) for arg in args)


def _value(constant: Any) -> Any:
    return constant.value if isinstance(constant, ExpressionNode) else constant


_OPERATORS = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "lshift": operator.lshift,
    "rshift": operator.rshift,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
    "pow": operator.pow,
}

# Integers of more bits are not computed.
_MOST_BITS = 256


def fold(name: str, left: Any, right: Any) -> Any:
    """An operator between two constants, by Python's rules, with a result of bounded size.

    Raises
    ------
    OverflowError
        If an integer would be far larger than any kind holds.
    """
    if isinstance(left, (str, bytes)) or isinstance(right, (str, bytes)):
        if name not in ("add", "gt", "ge", "eq", "ne"):
            raise TypeError("strings can only be compared and joined")
    elif isinstance(left, int) and isinstance(right, int):
        bits = {"pow": left.bit_length() * max(right, 0), "lshift": left.bit_length() + max(right, 0)}.get(name, 0)
        if bits > _MOST_BITS:
            raise OverflowError("Python int too large to convert to C long")
    return _OPERATORS[name](left, right)


def _operation(name: str, left: Any, right: Any, kind: str | None = None) -> Any:
    try:
        nodes = _node(left), _node(right)
    except TypeError:
        return NotImplemented
    if allConstantNodes(nodes):
        return ConstantNode(fold(name, nodes[0].value, nodes[1].value))
    if kind is None:
        kind = commonKind(nodes)
        if name == "div" and kind in ("bool", "int", "long"):
            kind = "double"
    return OpNode(name, nodes, kind)


def _power(base: Any, exponent: Any) -> Any:
    """A power; one by a constant is written as products, a square root and an inverse, if that is wanted."""
    try:
        nodes = _node(base), _node(exponent)
    except TypeError:
        return NotImplemented
    if allConstantNodes(nodes):
        return ConstantNode(fold("pow", nodes[0].value, nodes[1].value))
    kind = nodes[0].astKind
    if nodes[1].astType == "constant" and nodes[1].astKind in RANKS and nodes[1].astKind != "complex":
        value = nodes[1].value
        is_integer = kind in ("int", "long")
        if is_integer and isinstance(value, (int, np.integer)) and value < 0:
            raise ValueError("Integers to negative integer powers are not allowed.")
        twice = 2 * abs(float(value))
        if get_optimization() != "none" and twice == int(min(twice, 200)) and twice <= 2 * _MOST_FACTORS:
            written = _factors(nodes[0], int(twice))
            if value < 0:
                written = _operation("div", ConstantNode(1), written)
            if isinstance(written, OpNode) and written is not nodes[0]:
                written.power = (nodes[0], value)
            return written
    return OpNode("pow", nodes)


def _factors(base: ExpressionNode, twice: int) -> ExpressionNode:
    """The product of powers of the base whose exponent is half of `twice`."""
    if twice == 0:
        return FuncNode("ones_like", (base,))
    product: ExpressionNode | None = None
    if twice % 2:
        kind = "double" if base.astKind in ("int", "long") else base.astKind
        product = FuncNode("sqrt", (base,), kind)
    whole, square = twice // 2, base
    while whole:
        if whole % 2:
            product = square if product is None else OpNode("mul", (square, product))
        whole //= 2
        if whole:
            square = OpNode("mul", (square, square))
    assert product is not None
    return product


def _float_kind(kind: str) -> str:
    """The kind in which functions of floats take a kind."""
    return {"bool": "float", "int": "double", "long": "double"}.get(kind, kind)


def _rounded_kind(kind: str) -> str:
    return {"bool": "double", "float": "double"}.get(kind, kind)


def _function(name: str, numpy: Callable[..., Any], kind_of: Callable[[str], str]) -> Callable[..., Any]:
    """The function that makes nodes for calls, and computes constants at once.

    Whether there are as many arguments as there should be is known when the operation is looked for.
    """

    def call(*args: Any) -> Any:
        if not 1 <= len(args) <= 2:
            raise TypeError(f"{name}() takes from 1 to 2 positional arguments but {len(args)} were given")
        nodes = [_node(arg) for arg in args]
        if allConstantNodes(nodes):
            return ConstantNode(numpy(*(node.value for node in nodes)))
        return FuncNode(name, nodes, kind_of(commonKind(nodes)))

    call.__name__ = name
    return call


def _where(condition: Any, yes: Any, no: Any) -> Any:
    nodes = [_node(arg) for arg in (condition, yes, no)]
    if nodes[0].astType == "constant":
        return nodes[1] if nodes[0].value else nodes[2]
    if any(node.astKind in ("bytes", "str") for node in nodes[1:]):
        raise TypeError("strings can only be operated with strings")
    kind = commonKind(nodes[1:] if nodes[0].astKind == "bool" else nodes)
    return FuncNode("where", nodes, kind)


def _contains(text: Any, part: Any) -> Any:
    nodes = [_node(text), _node(part)]
    if allConstantNodes(nodes):
        whole, piece = (value.encode("ascii") if isinstance(value, str) else value for value in map(_value, nodes))
        return ConstantNode(piece in whole)
    return FuncNode("contains", nodes, "bool")


def _reduction(name: str) -> Callable[..., Any]:
    def call(a: Any, axis: Any = None) -> Any:
        node = _node(a)
        if isinstance(axis, ExpressionNode):
            if axis.astType != "constant":
                raise TypeError(_NO_TRUTH)
            axis = axis.value
        if axis is not None:
            axis = operator.index(axis)
            if axis < 0:
                raise ValueError("negative axis are not supported")
            if axis > 254:
                raise ValueError("cannot encode axis")
        return FuncNode(name, (node, RawNode(axis)), node.astKind)

    call.__name__ = name
    return call


def _same(kind: str) -> str:
    return kind


def _always(kind: str) -> Callable[[str], str]:
    return lambda _: kind


functions: dict[str, Callable[..., Any]] = {
    "copy": _function("copy", np.copy, _same),
    "ones_like": _function("ones_like", np.ones_like, _same),
    **{name: _function(name, getattr(np, name), _float_kind) for name in FLOAT_FUNCTIONS},
    **{name: _function(name, getattr(np, name), _float_kind) for name in ("fmod", "arctan2")},
    **{
        name: _function(name, getattr(np, name), lambda kind: "complex" if kind == "complex" else "double")
        for name in ("hypot", "nextafter", "copysign", "maximum", "minimum")
    },
    **{name: _function(name, getattr(np, name), _float_kind) for name in ("ceil", "floor")},
    "trunc": _function("trunc", np.trunc, lambda kind: "complex" if kind == "complex" else "double"),
    "round": _function("round", np.round, _rounded_kind),
    "sign": _function("sign", np.sign, _rounded_kind),
    "real": _function("real", np.real, _always("double")),
    "imag": _function("imag", np.imag, _always("double")),
    "complex": _function("complex", complex, _always("complex")),
    "conj": _function("conj", np.conj, _always("complex")),
    **{name: _function(name, getattr(np, name), _always("bool")) for name in ("isnan", "isfinite", "isinf", "signbit")},
    "where": _where,
    "contains": _contains,
    **{name: _reduction(name) for name in ("sum", "prod", "min", "max")},
}


class Expression:
    """Makes variables: ``E.a`` is a double called ``a``."""

    def __getattr__(self, name: str) -> VariableNode:
        if name.startswith("_"):
            raise AttributeError(name)
        return VariableNode(name, default_kind)


E = Expression()
