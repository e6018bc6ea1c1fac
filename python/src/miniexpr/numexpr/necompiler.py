"""From texts and trees to compiled expressions, and their evaluation."""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np

from miniexpr.numexpr import expressions, interpreter
from miniexpr.numexpr._kinds import (
    CODES,
    DTYPES,
    double,
    int_,
    kind_of_dtype,
    kind_to_type,
    long_,
    type_to_kind,
)
from miniexpr.numexpr._listing import ASTNode, Listing, disassemble, to_ast, type_compile
from miniexpr.numexpr._reader import Reader, parse
from miniexpr.numexpr.expressions import ConstantNode, ExpressionNode
from miniexpr.numexpr.utils import CacheDict, ContextDict, use_vml

__all__ = [
    "ASTNode",
    "CacheDict",
    "ContextDict",
    "NumExpr",
    "disassemble",
    "double",
    "evaluate",
    "expressionToAST",
    "getArguments",
    "getContext",
    "getExprNames",
    "getType",
    "int_",
    "kind_to_type",
    "kind_to_typecode",
    "long_",
    "re_evaluate",
    "stringToExpression",
    "typeCompileAst",
    "type_to_kind",
    "typecode_to_kind",
    "use_vml",
    "validate",
]

kind_to_typecode = dict(CODES)
typecode_to_kind = {code: kind for kind, code in CODES.items() if kind != "bytes"}

# What may be said beside a text: the name, its values, and the one that it has unless it is said.
context_info = [
    ("optimization", ("none", "moderate", "aggressive"), "aggressive"),
    ("truediv", (False, True, "auto"), "auto"),
]

_Names = Mapping[str, Any]


class _Cache:
    """A cache of all threads; `c` is the dictionary."""

    def __init__(self, entries: int) -> None:
        self.c = CacheDict(entries)


class _Last:
    """The evaluation that `re_evaluate` repeats, for each thread and task."""

    def __init__(self) -> None:
        self.l = ContextDict()


_names_cache = _Cache(256)
_numexpr_cache = _Cache(256)
_numexpr_last = _Last()
evaluate_lock = threading.Lock()


def getContext(kwargs: dict[str, Any], _frame_depth: int = 1) -> dict[str, Any]:
    """What the keyword arguments beside a text mean.

    Raises
    ------
    ValueError
        If one is unknown, or has a value that it cannot have.
    """
    rest = dict(kwargs)
    context: dict[str, Any] = {}
    for name, allowed, default in context_info:
        value = rest.pop(name, default)
        if value not in allowed:
            raise ValueError(f"'{name}' must be one of {allowed}")
        context[name] = value
    if rest:
        raise ValueError(f"Unknown keyword argument '{next(iter(rest))}'")
    # Division is that of the module that calls only in Python 2.
    if context["truediv"] == "auto":
        context["truediv"] = False
    return context


_DEFAULT_CONTEXT = getContext({})
_DEFAULT_KEY = tuple(sorted(_DEFAULT_CONTEXT.items()))


def stringToExpression(
    s: str, types: Mapping[str, Any], context: Mapping[str, Any], sanitize: bool = True
) -> ExpressionNode:
    """The tree of a text.

    Parameters
    ----------
    s : str
        The text.
    types : mapping of str to type
        The types of variables; others are doubles.
    context : mapping
        What `getContext` gives.
    sanitize : bool
        Whether texts are refused at once that have what no expression has.

    Raises
    ------
    SyntaxError, TypeError, ValueError
        If the text is no expression.
    """
    return _read(s, {name: _kind(type_) for name, type_ in types.items()}, context, sanitize)[0]


def _read(
    text: str, kinds: dict[str, str], context: Mapping[str, Any], sanitize: bool
) -> tuple[ExpressionNode, list[str]]:
    """The tree of a text, and the names of its variables."""
    before = expressions._context.optimization
    expressions._context.optimization = context.get("optimization", "aggressive")
    try:
        reader = Reader(kinds)
        tree = reader.read(parse(text, sanitize))
        if not isinstance(tree, ExpressionNode):
            tree = ConstantNode(tree)
        return tree, sorted(reader.variables)
    finally:
        expressions._context.optimization = before


def _kind(type_: Any) -> str:
    kind = type_to_kind.get(type_)
    return kind_of_dtype(np.dtype(type_)) if kind is None else kind


def expressionToAST(ex: ExpressionNode) -> ASTNode:
    """The tree of an expression as plain nodes."""
    return to_ast(ex)


def typeCompileAst(ast: ASTNode) -> ASTNode:
    """The tree with the names of operations, and with conversions where operands need them.

    Raises
    ------
    NotImplementedError
        "couldn't find matching opcode for …", if an operation does not exist for its operands.
    """
    return type_compile(ast)


def getType(a: Any) -> type:
    """The type for the dtype of an array.

    Raises
    ------
    ValueError
        If expressions do not compute with it.
    """
    return kind_to_type[kind_of_dtype(a.dtype)]


def getExprNames(text: str, context: Mapping[str, Any], sanitize: bool = True) -> tuple[list[str], bool]:
    """The names of the variables of a text, sorted, and whether it uses Intel's math library: it never does."""
    return _read(text, {}, context, sanitize)[1], False


# How operations are written in the language of the library.
_SYMBOLS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "**",
    "lshift": "<<",
    "rshift": ">>",
    "and": "&",
    "or": "|",
    "xor": "^",
    "gt": ">",
    "ge": ">=",
    "eq": "==",
    "ne": "!=",
}
_NUMPY_NAMES = {"float": "float32", "long": "int64", "int": "int32", "double": "float64", "complex": "complex128"}


def _written(root: Any) -> str:
    """A tree as a text of the numexpr dialect."""
    texts: dict[int, str] = {}
    stack = [(root, False)]
    while stack:
        node, is_ready = stack.pop()
        if id(node) in texts:
            continue
        power = getattr(node, "power", None)
        children = node.children if power is None else (power[0],)
        if not is_ready:
            stack.append((node, True))
            stack.extend((child, False) for child in children)
            continue
        parts = [texts[id(child)] for child in children]
        texts[id(node)] = _node_text(node, parts) if power is None else f"({parts[0]} ** {_number(power[1])})"
    return texts[id(root)]


def _node_text(node: Any, parts: list[str]) -> str:
    name = node.value
    if node.astType == "variable":
        return str(name)
    if node.astType == "constant":
        return _constant_text(node)
    if node.astType == "raw":
        return "None" if name is None else str(name)
    if name == "neg":
        return f"(-{parts[0]})"
    if name == "invert":
        return f"(~{parts[0]})"
    if name == "pow" and node.children[1].astType == "constant":
        # One that is not to be taken apart.
        kind = node.children[1].astKind
        return f"({parts[0]} ** ({parts[1]}).astype({_NUMPY_NAMES.get(kind, 'int32')}))"
    if name in _SYMBOLS:
        return f"({parts[0]} {_SYMBOLS[name]} {parts[1]})"
    return f"{name}({', '.join(parts)})"


def _number(value: Any) -> str:
    """A number of Python or NumPy as Python writes it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, complex):
        return f"complex({_number(value.real)}, {_number(value.imag)})"
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        sign = "-" if np.signbit(value) else ""
        return f"({sign}(1e999))" if value == value else "(1e999 - 1e999)"
    return f"({value!r})" if value != 0 and value < 0 or np.signbit(value) else repr(value)


def _constant_text(node: Any) -> str:
    value, kind = node.value, node.astKind
    if kind in ("bytes", "str"):
        data = value.encode("ascii") if kind == "str" else value
        return repr(bytes(data))
    if kind == "bool":
        return repr(bool(value))
    text = _number(value)
    written = expressions.getKind(value.item()) if isinstance(value, np.generic) else kind
    # A number of NumPy may have another kind than the one that is written.
    return text if written == kind else f"({text}).astype({_NUMPY_NAMES[kind]})"


def precompile(
    ex: Any, signature: Any = (), context: Mapping[str, Any] = _DEFAULT_CONTEXT, sanitize: bool = True
) -> interpreter.NumExpr:
    """Compiles a text or a tree, see `NumExpr`."""
    types = dict(signature)
    names = tuple(name for name, _ in signature)
    if isinstance(ex, str):
        tree, found = _read(ex, {name: _kind(type_) for name, type_ in types.items()}, context, sanitize)
    else:
        tree = ex if isinstance(ex, ExpressionNode) else ConstantNode(ex)
        tree, found = _with_kinds(tree, {name: _kind(type_) for name, type_ in types.items()})
    if signature:
        if set(names) != set(found):
            raise ValueError(f"input names ({list(names)}) don't match those found in expression ({set(found)})")
    else:
        names = tuple(found)
    kinds = tuple(_kind(types[name]) if name in types else "double" for name in names)
    root = to_ast(tree)
    reductions = [node for node in root.postorderWalk() if node.value in ("sum", "prod", "min", "max")]
    reductions = [node for node in reductions if node.astType == "op"]
    typed = type_compile(root)
    if any(node is not root for node in reductions):
        raise RuntimeError("invalid program: reduction operations must occur last")
    listing = Listing(typed, names, kinds)
    axis = root.children[1].value if reductions else None
    return interpreter.NumExpr(
        listing.signature,
        listing.tempsig,
        listing.program,
        listing.constants,
        names,
        fullsig=listing.fullsig,
        constsig=listing.constsig,
        text=_written(tree),
        kinds=kinds,
        reduces=bool(reductions) if axis is None else axis,
    )


def _with_kinds(tree: ExpressionNode, kinds: dict[str, str]) -> tuple[ExpressionNode, list[str]]:
    """A tree whose variables have the kinds that a signature says, and their names."""
    variables = [node for node in to_ast(tree).postorderWalk() if node.astType == "variable"]
    names = sorted({node.value for node in variables})
    if all(kinds.get(node.value, node.astKind) == node.astKind for node in variables):
        return tree, names
    return _read(_written(tree), kinds, _DEFAULT_CONTEXT, False)


def NumExpr(ex: Any, signature: Any = (), sanitize: bool = True, **kwargs: Any) -> interpreter.NumExpr:
    """Compile an expression.

    Parameters
    ----------
    ex : str or ExpressionNode
        The expression.
    signature : sequence of (str, type)
        The inputs in the order of arguments, with their types: `bool`, `int_`, `long_`, `float` for float32,
        `double`, `complex` or `bytes`. Without it they are doubles in alphabetical order.
    sanitize : bool
        Whether texts are refused at once that have what no expression has.
    **kwargs
        `optimization` and `truediv`, see `evaluate`.

    Returns
    -------
    miniexpr.numexpr.interpreter.NumExpr
        A function of arrays.

    Examples
    --------
    >>> import miniexpr.numexpr as ne
    >>> f = ne.NumExpr("2*a + b", [("a", float), ("b", ne.necompiler.long_)])
    >>> f(1.5, 2)
    array(5., dtype=float32)
    >>> f.signature, f.input_names
    (b'fl', ('a', 'b'))
    """
    return precompile(ex, signature, getContext(kwargs, _frame_depth=2), sanitize)


def getArguments(
    names: Any, local_dict: _Names | None = None, global_dict: _Names | None = None, _frame_depth: int = 2
) -> list[Any]:
    """The arrays for names, from dictionaries or the variables of a caller.

    Raises
    ------
    KeyError
        If there is none for a name.
    """
    frame = sys._getframe(_frame_depth)
    return _arguments(names, frame.f_locals if local_dict is None else local_dict, global_dict, frame)


def _arguments(names: Any, local_dict: _Names, global_dict: _Names | None, frame: Any) -> list[Any]:
    arguments = []
    for name in names:
        try:
            value = local_dict[name]
        except KeyError:
            value = (frame.f_globals if global_dict is None else global_dict)[name]
        arguments.append(value if type(value) is np.ndarray else np.asarray(value))
    return arguments


def _sanitizes(sanitize: bool | None) -> bool:
    if sanitize is None:
        return os.environ.get("NUMEXPR_SANITIZE", "1") != "0"
    return sanitize


class _Known:
    """What is known of a text that was evaluated before."""

    __slots__ = ("names", "plans")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        # For the dtypes of arrays: what was compiled, what runs, and whether the dtypes are those of kinds.
        self.plans: dict[Any, tuple[interpreter.NumExpr, Any, bool]] = {}


_known = CacheDict(256)


def _compiled(
    ex: str, context: dict[str, Any], sanitize: bool, arguments: Any, disable_cache: bool
) -> tuple[list[str], interpreter.NumExpr, list[Any]]:
    """The names of a text, what it is compiled to for their values, and these as arrays."""
    key = (ex, tuple(sorted(context.items())))
    found = None if disable_cache else _names_cache.c.get(key)
    if found is None:
        found = getExprNames(ex, context, sanitize=sanitize)
        if not disable_cache:
            _names_cache.c[key] = found
    names = found[0]
    values = arguments(names)
    signature = tuple((name, getType(value)) for name, value in zip(names, values, strict=True))
    compiled = None if disable_cache else _numexpr_cache.c.get((*key, signature))
    if compiled is None:
        compiled = NumExpr(ex, signature, sanitize=sanitize, **context)
        if not disable_cache:
            _numexpr_cache.c[(*key, signature)] = compiled
    return names, compiled, values


def validate(
    ex: str,
    local_dict: _Names | None = None,
    global_dict: _Names | None = None,
    out: np.ndarray[Any, Any] | None = None,
    order: str = "K",
    casting: str = "safe",
    _frame_depth: int = 2,
    sanitize: bool | None = None,
    **kwargs: Any,
) -> Exception | None:
    """Check an expression for the values of its names, and prepare `re_evaluate`.

    Parameters
    ----------
    ex : str
        The expression.
    local_dict, global_dict, out, order, casting, sanitize
        As for `evaluate`.

    Returns
    -------
    Exception or None
        What `evaluate` would raise.

    Examples
    --------
    >>> import miniexpr.numexpr as ne
    >>> ne.validate("a + b", {"a": 1, "b": 2})
    >>> ne.re_evaluate({"a": 1, "b": 2})
    array(3)
    >>> type(ne.validate("a +", {"a": 1})).__name__
    'SyntaxError'
    """
    frame = sys._getframe(_frame_depth - 1)
    try:
        if not isinstance(ex, str):
            raise ValueError("must specify expression as a string")
        _prepare(ex, local_dict, global_dict, frame, out, order, casting, _sanitizes(sanitize), False, kwargs)
    except Exception as error:
        return error
    return None


def _prepare(
    ex: str,
    local_dict: _Names | None,
    global_dict: _Names | None,
    frame: Any,
    out: np.ndarray[Any, Any] | None,
    order: str,
    casting: str,
    sanitize: bool,
    disable_cache: bool,
    kwargs: dict[str, Any],
) -> tuple[interpreter.NumExpr, list[Any]]:
    """What is to be called with which arrays; `re_evaluate` will do the same."""
    local = frame.f_locals if local_dict is None else local_dict
    names, compiled, values = _compiled(
        ex,
        getContext(kwargs, _frame_depth=2),
        sanitize,
        lambda names: _arguments(names, local, global_dict, frame),
        disable_cache,
    )
    _remember(compiled, names, out, order, casting)
    return compiled, values


def _remember(compiled: interpreter.NumExpr, names: Any, out: Any, order: str, casting: str) -> None:
    # The array for the result is not kept alive.
    kept = None if out is None else weakref.ref(out)
    kwargs = {"out": kept, "order": order, "casting": casting, "ex_uses_vml": False}
    _numexpr_last.l._contents.set({"ex": compiled, "argnames": names, "kwargs": kwargs})


def evaluate(
    ex: str,
    local_dict: _Names | None = None,
    global_dict: _Names | None = None,
    out: np.ndarray[Any, Any] | None = None,
    order: str = "K",
    casting: str = "same_kind",
    sanitize: bool | None = None,
    _frame_depth: int = 3,
    disable_cache: bool = False,
    **kwargs: Any,
) -> np.ndarray[Any, Any]:
    """Evaluate an expression item by item.

    Parameters
    ----------
    ex : str
        The expression.
    local_dict, global_dict : mapping, optional
        Where its names are looked up, one after the other; by default the variables of the caller.
    out : numpy.ndarray, optional
        The array for the result.
    order : {'K', 'C', 'F', 'A'}
        How the result lies in memory: as the inputs do, in C or Fortran order, or in the latter if all inputs are.
    casting : {'same_kind', 'no', 'equiv', 'safe', 'unsafe'}
        How inputs may be converted to the kinds of values, and the result to the dtype of `out`.
    sanitize : bool, optional
        Whether texts are refused at once that have what no expression has; by default unless the environment variable
        ``NUMEXPR_SANITIZE`` is 0. No text is ever passed to `eval`.
    disable_cache : bool
        Whether the text is compiled anew, and not remembered.
    optimization : {'aggressive', 'moderate', 'none'}
        Whether powers by constants become products.
    truediv : {'auto', True, False}
        Not used: quotients of integers are doubles.

    Returns
    -------
    numpy.ndarray
        `out` if it is given.

    Raises
    ------
    KeyError
        If a name has no value.
    TypeError, ValueError, SyntaxError, NotImplementedError, RuntimeError
        If the text is refused, or an operation does not exist for its operands.

    Examples
    --------
    >>> import numpy as np, miniexpr.numexpr as ne
    >>> a, b = np.arange(4.0), np.float32([1, 2, 3, 4])
    >>> ne.evaluate("a*b > 2*a")
    array([False, False,  True,  True])
    """
    frame = sys._getframe(_frame_depth - 2)
    known = None
    if not kwargs and not disable_cache and type(ex) is str:
        known = _known.get(ex)
        if known is not None:
            local = frame.f_locals if local_dict is None else local_dict
            values = _arguments(known.names, local, global_dict, frame)
            found = known.plans.get(tuple([value.dtype for value in values]))
            takes_all = casting == "same_kind" or found is not None and found[2] and casting in interpreter.CASTINGS
            if found is not None and out is None and order == "K" and takes_all:
                compiled, plan, _ = found
                _remember(compiled, known.names, None, order, casting)
                return compiled._run(plan, values, None, order, casting)
    if not isinstance(ex, str):
        raise ValueError("must specify expression as a string")
    compiled, values = _prepare(
        ex, local_dict, global_dict, frame, out, order, casting, _sanitizes(sanitize), disable_cache, kwargs
    )
    result = compiled(*values, out=out, order=order, casting=casting, ex_uses_vml=False)
    if not kwargs and not disable_cache:
        _learn(ex, compiled, values)
    return result


def _learn(ex: str, compiled: interpreter.NumExpr, values: list[Any]) -> None:
    """Remembers what an evaluation ran, if a next one can run it on such arrays as they are."""
    dtypes = tuple(value.dtype for value in values)
    plan = compiled._plans.get(dtypes)
    if plan is None:
        return
    is_exact = all(DTYPES.get(kind_of_dtype(dtype), dtype) == dtype for dtype in dtypes)
    known = _known.get(ex)
    if known is None:
        known = _known[ex] = _Known(compiled.input_names)
    if len(known.plans) < 64:
        known.plans[dtypes] = (compiled, plan, is_exact)


def re_evaluate(
    local_dict: _Names | None = None, global_dict: _Names | None = None, _frame_depth: int = 2
) -> np.ndarray[Any, Any]:
    """Evaluate the last expression of this thread again, with the values that its names have now.

    Parameters
    ----------
    local_dict, global_dict : mapping, optional
        As for `evaluate`.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    RuntimeError
        If there was no evaluation.

    Examples
    --------
    >>> import miniexpr.numexpr as ne
    >>> ne.evaluate("2 * a", {"a": 1})
    array(2)
    >>> ne.re_evaluate({"a": 3})
    array(6)
    """
    last = _numexpr_last.l.all()
    if "ex" not in last:
        raise RuntimeError(
            "A previous evaluate() execution was not found, please call `validate` or `evaluate` once before"
        )
    frame = sys._getframe(_frame_depth - 1)
    values = _arguments(last["argnames"], frame.f_locals if local_dict is None else local_dict, global_dict, frame)
    kwargs = last["kwargs"]
    compiled: interpreter.NumExpr = last["ex"]
    out = kwargs["out"]
    if out is None and kwargs["order"] == "K" and kwargs["casting"] == "same_kind":
        # Of dtypes that it ran on before, all may be converted.
        plan = compiled._plans.get(tuple([value.dtype for value in values]))
        if plan is not None:
            return compiled._run(plan, values, None, "K", "same_kind")
    return compiled(*values, **{**kwargs, "out": None if out is None else out()})
