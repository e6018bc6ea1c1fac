"""From a text to a tree of expressions: Python's parser, and a list of what may be in its tree."""

from __future__ import annotations

import ast
import re
from typing import Any

from miniexpr.numexpr.expressions import ExpressionNode, VariableNode, fold, functions

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
}
_EXCHANGED: dict[type[ast.AST], str] = {ast.Lt: "gt", ast.LtE: "ge"}
_METHODS = {
    "add": "__add__",
    "sub": "__sub__",
    "mul": "__mul__",
    "div": "__truediv__",
    "floordiv": "__floordiv__",
    "mod": "__mod__",
    "pow": "__pow__",
    "lshift": "__lshift__",
    "rshift": "__rshift__",
    "and": "__and__",
    "or": "__or__",
    "xor": "__xor__",
    "gt": "__gt__",
    "ge": "__ge__",
    "eq": "__eq__",
    "ne": "__ne__",
}
_REFLECTED = {"gt": "__lt__", "ge": "__le__", "eq": "__eq__", "ne": "__ne__"}

# A string literal in one kind of quotes; what is in it is not looked at.
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_FORBIDDEN = re.compile(r"[;:\[]")
_DUNDER = re.compile(r"__\w+__\Z")

# The deepest nesting that is read; sums and products of many terms are not nested.
_MOST_LEVELS = 200


def _forbidden(text: str) -> ValueError:
    return ValueError(f"Expression {text} has forbidden control characters.")


def parse(text: str, sanitize: bool) -> ast.expr:
    """Python's tree of a text.

    Raises
    ------
    ValueError
        If `sanitize` is true, and the text has what no expression has: subscripts, attributes other than ``real`` and
        ``imag``, names with two underscores around them.
    SyntaxError
        If it is no expression.
    """
    if sanitize and _FORBIDDEN.search(_QUOTED.sub("''", text)):
        raise _forbidden(text)
    try:
        tree = ast.parse(text.strip(), "<expr>", "eval").body
    except (RecursionError, MemoryError):
        raise ValueError("the expression is nested too deeply") from None
    if sanitize:
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Name)
                and _DUNDER.match(node.id)
                or isinstance(node, ast.Attribute)
                and node.attr not in ("real", "imag")
                or isinstance(node, (ast.JoinedStr, ast.Lambda, ast.Subscript, ast.NamedExpr))
            ):
                raise _forbidden(text)
    return tree


class Reader:
    """Makes the tree of expressions of one text.

    Parameters
    ----------
    kinds : mapping of str to str
        The kinds of variables; others are doubles.
    """

    def __init__(self, kinds: dict[str, str]) -> None:
        self.kinds = kinds
        self.variables: dict[str, VariableNode] = {}
        self.level = 0

    def read(self, node: ast.expr) -> Any:
        """A node of expressions, or the value of a constant."""
        if self.level == _MOST_LEVELS:
            raise ValueError("the expression is nested too deeply")
        self.level += 1
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise TypeError(f"unsupported expression type: {type(node).__name__}")
        value = method(node)
        self.level -= 1
        return value

    def _constant(self, node: ast.Constant) -> Any:
        if not isinstance(node.value, (bool, int, float, complex, str, bytes, type(None))):
            raise TypeError(f"unsupported expression type: {type(node.value)}")
        return node.value

    def _name(self, node: ast.Name) -> Any:
        name = node.id
        if name in functions:
            return functions[name]
        if name not in self.variables:
            self.variables[name] = VariableNode(name, self.kinds.get(name))
        return self.variables[name]

    def _attribute(self, node: ast.Attribute) -> Any:
        value = self.read(node.value)
        if node.attr not in ("real", "imag"):
            raise AttributeError(f"expressions have no attribute {node.attr!r}: only 'real' and 'imag'")
        return getattr(value, node.attr)

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        value = self._operand(node.operand)
        if isinstance(node.op, ast.Not):
            return not value
        if isinstance(node.op, ast.Invert):
            return ~value
        return -value if isinstance(node.op, ast.USub) else +value

    def _operand(self, node: ast.expr) -> Any:
        value = self.read(node)
        if callable(value) or value is None:
            raise TypeError(f"unsupported expression type: {type(value)}")
        return value

    def _binop(self, node: ast.BinOp) -> Any:
        # Long sums are deep on their left.
        spine: list[ast.BinOp] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp):
            spine.append(first)
            first = first.left
        value = self._operand(first)
        for operation in reversed(spine):
            value = self._apply(operation.op, value, self._operand(operation.right))
        return value

    def _apply(self, operator: ast.AST, left: Any, right: Any) -> Any:
        name = _OPERATORS.get(type(operator))
        if name is None and type(operator) in _EXCHANGED:
            name, left, right = _EXCHANGED[type(operator)], right, left
        if name is None:
            raise TypeError(f"the operator {type(operator).__name__} is not supported")
        if isinstance(left, ExpressionNode):
            result = getattr(left, _METHODS[name])(right)
        elif isinstance(right, ExpressionNode):
            reflected = _REFLECTED.get(name, _METHODS[name].replace("__", "__r", 1))
            result = getattr(right, reflected)(left)
        else:
            return fold(name, left, right)
        if result is NotImplemented:
            raise TypeError(f"unsupported operand types for {name}")
        return result

    def _compare(self, node: ast.Compare) -> Any:
        left = self._operand(node.left)
        result: Any = True
        for index, (operator, operand) in enumerate(zip(node.ops, node.comparators, strict=True)):
            # A chain goes on where the comparison before holds, which an array cannot tell.
            if index and not result:
                return result
            if isinstance(operator, (ast.Is, ast.IsNot)):
                raise TypeError("'is' compares objects, not values: use '=='")
            right = self._operand(operand)
            if isinstance(operator, (ast.In, ast.NotIn)):
                raise TypeError("'in' is not supported: use contains()")
            result = self._apply(operator, left, right)
            left = right
        return result

    def _boolop(self, node: ast.BoolOp) -> Any:
        value: Any = None
        for index, operand in enumerate(node.values):
            value = self._operand(operand)
            if index + 1 < len(node.values) and bool(value) != isinstance(node.op, ast.And):
                break
        return value

    def _ifexp(self, node: ast.IfExp) -> Any:
        return self.read(node.body if self._operand(node.test) else node.orelse)

    def _call(self, node: ast.Call) -> Any:
        function = self.read(node.func)
        if not callable(function):
            raise TypeError(f"'{type(function).__name__}' object is not callable")
        if any(isinstance(arg, ast.Starred) for arg in node.args) or any(word.arg is None for word in node.keywords):
            raise TypeError("starred arguments are not supported")
        args = [self.read(arg) for arg in node.args]
        return function(*args, **{str(word.arg): self.read(word.value) for word in node.keywords})
