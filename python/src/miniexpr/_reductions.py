"""Reductions taken out of a text, so that each can be computed where its items are."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from miniexpr._errors import Error
from miniexpr._text import is_kernel

# The parameters of each reduction that can be given by place.
_TOTALS = ("a", "axis", "dtype")
_CHOICES = ("a", "axis")
_PARAMETERS = {
    **dict.fromkeys(["sum", "prod", "mean", "std", "var"], _TOTALS),
    **dict.fromkeys(["min", "max", "amin", "amax", "any", "all", "argmin", "argmax", "count_nonzero"], _CHOICES),
}
_ALIASES = {"amin": "min", "amax": "max"}
_CALL = re.compile(rf"(?<![\w.])(?:{'|'.join(_PARAMETERS)})\s*\(")
_POSITION = re.compile(r"(?<![\w.])(?:_[in]\d+|_flat_idx|_ndim)\b")


class Reduction(NamedTuple):
    """A reduction of a text."""

    # The variable that has its value in the text around it.
    name: str
    # The function by its first name, what it reduces, and its options.
    function: str
    operand: str
    axis: int | tuple[int, ...] | None
    keepdims: bool
    dtype: str | None
    ddof: float
    # All of it, as a text.
    text: str


def check_pieces(text: str, dialect: str) -> None:
    """Refuse a text that means something else for a part of its arrays.

    Raises
    ------
    Error
        If the text asks for the position of an item, or is one whose reductions cannot be taken out.
    """
    position = _POSITION.search(text)
    if position:
        raise Error("positions of items are not known where arrays are in pieces", text, position.span())
    if dialect == "numpy" and not is_kernel(text):
        return
    call = _CALL.search(text)
    if call:
        place = "a kernel" if is_kernel(text) else f"the dialect {dialect!r}"
        span = call.start(), call.end() - 1
        raise Error(f"a reduction in {place} cannot be computed where arrays are in pieces", text, span)


def take_reductions(text: str) -> tuple[str, list[Reduction]]:
    """Take the reductions out of an expression of NumPy's dialect, which the library has accepted.

    Returns
    -------
    str
        The expression with variables in their place.
    list of Reduction
        The reductions; each reads only variables of the text and of those before it.
    """
    if is_kernel(text) or not _CALL.search(text):
        return text, []
    tree = ast.parse(f"({text}\n)", mode="eval")
    taker = _Taker({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)})
    rest = taker.visit(tree.body)
    return ast.unparse(rest), taker.found


class _Taker(ast.NodeTransformer):
    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.found: list[Reduction] = []

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func.id if isinstance(node.func, ast.Name) else ""
        if function not in _PARAMETERS:
            return node
        given = dict(zip(_PARAMETERS[function], node.args, strict=False))
        given |= {keyword.arg or "": keyword.value for keyword in node.keywords}
        dtype = ast.unparse(given["dtype"]) if "dtype" in given else "None"
        options = {name: ast.literal_eval(value) for name, value in given.items() if name not in ("a", "dtype")}
        name = self.fresh()
        self.found.append(
            Reduction(
                name,
                _ALIASES.get(function, function),
                ast.unparse(given["a"]),
                options.get("axis"),
                bool(options.get("keepdims", False)),
                None if dtype == "None" else dtype,
                options.get("ddof", 0),
                ast.unparse(node),
            )
        )
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def fresh(self) -> str:
        number = len(self.found)
        while f"reduced{number}" in self.taken:
            number += 1
        self.taken.add(f"reduced{number}")
        return f"reduced{number}"
