"""From the source of a Python function to the text of a kernel."""

from __future__ import annotations

import ast
import builtins
import cmath
import inspect
import math
import re
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import NamedTuple, NoReturn

import numpy as np

from miniexpr._errors import Error


class Translation(NamedTuple):
    """The text of a kernel, and where it comes from."""

    # The name of the function, and the text of the kernel.
    name: str
    text: str
    # The parameters of the function, and their names in the kernel.
    parameters: tuple[str, ...]
    names: tuple[str, ...]
    # The dedented source of the function, and the number in its file of the line before its first.
    source: str
    filename: str
    first_line: int
    # For each line of the text, the line of the source.
    lines: tuple[int, ...]

    def error(self, error: Error) -> Error:
        """What the library says of the text, as an error in the source."""
        if error.span is None or error.text is None:
            return error
        line = self.lines[error.text.count("\n", 0, error.span[0])]
        # The library counts the lines of a text that nobody sees.
        message = re.sub(r"^line \d+(?:, column \d+)?: | (?:near|at) (?:offset|line) .*$", "", error.message)
        return type(error)(self.located(message, line), self.source, self.whole_line(line), error.hint)

    def located(self, message: str, line: int) -> str:
        return f"{message} ({self.filename}, line {self.first_line + line})"

    def whole_line(self, line: int) -> tuple[int, int]:
        before = self.source.splitlines(keepends=True)[: line - 1]
        text = self.source.splitlines()[line - 1]
        start = sum(map(len, before)) + len(text) - len(text.lstrip())
        return start, start + len(text.strip())


# Functions of `math` and `cmath` that have another name in kernels.
_MATH = {
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "fabs": "abs",
    "lgamma": "gammaln",
    "phase": "angle",
    "pow": "power",
}
# Those that give an integer in Python.
_WHOLE = {math.floor: "floor", math.ceil: "ceil", math.trunc: "trunc"}
_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.UAdd: "+",
    ast.USub: "-",
    ast.Invert: "~",
    ast.Not: "not ",
    ast.And: "and",
    ast.Or: "or",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
# What statements and expressions are called in messages, where the name of the class does not say it.
_CONSTRUCTS: dict[type[ast.AST], str] = {
    ast.Assert: "an assert statement",
    ast.AsyncFunctionDef: "an async function",
    ast.Await: "an await expression",
    ast.Dict: "a dict",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.NamedExpr: "an assignment within an expression",
    ast.JoinedStr: "an f-string",
    ast.Subscript: "a subscript",
    ast.Starred: "a starred expression",
    ast.FunctionDef: "a function within a function",
    ast.ClassDef: "a class",
    ast.Delete: "a del statement",
    ast.Expr: "an expression without effect",
    ast.Global: "a global statement",
    ast.Import: "an import",
    ast.ImportFrom: "an import",
    ast.Lambda: "a lambda expression",
    ast.List: "a list",
    ast.Match: "a match statement",
    ast.Nonlocal: "a nonlocal statement",
    ast.Raise: "a raise statement",
    ast.Set: "a set",
    ast.Try: "a try statement",
    ast.TryStar: "a try statement",
    ast.Tuple: "a tuple",
    ast.With: "a with statement",
    ast.Yield: "a yield expression",
    ast.YieldFrom: "a yield expression",
}


def translate(function: Callable[..., object]) -> Translation:
    """The kernel that computes what a function of numbers does.

    Raises
    ------
    Error
        If the source is not available or has what kernels cannot have; it tells the line.
    """
    if not isinstance(function, types.FunctionType):
        raise TypeError(f"a kernel is made from a Python function, not from a value of type {type(function).__name__}")
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError) as error:
        raise Error(f"the source of {function.__qualname__} is not available") from error
    source = textwrap.dedent("".join(lines))
    return _Translator(function, source, first - 1).run()


class _Translator:
    def __init__(self, function: types.FunctionType, source: str, first_line: int) -> None:
        self.function = function
        self.source = source
        self.first_line = first_line
        self.filename = function.__code__.co_filename
        self.text: list[str] = []
        self.lines: list[int] = []
        self.indent = 0
        self.line = 1
        self.names: dict[str, str] = {}
        self.used: set[str] = set()
        variables = inspect.getclosurevars(function)
        self.outside = {**vars(builtins), **variables.globals, **variables.nonlocals}

    def refuse(self, node: ast.AST, what: str) -> NoReturn:
        """Raises the error for a part of the source."""
        line, end_line = node.lineno, node.end_lineno or node.lineno
        start = self.offset(line, node.col_offset)
        end = self.offset(end_line, node.end_col_offset or 0)
        message = f"{what} ({self.filename}, line {self.first_line + line})"
        raise Error(message, self.source, (start, end))

    def offset(self, line: int, column: int) -> int:
        """Characters before a place that is given in lines and bytes."""
        lines = self.source.splitlines(keepends=True)
        return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())

    def unsupported(self, node: ast.AST) -> NoReturn:
        name = _CONSTRUCTS.get(type(node)) or type(node).__name__.lower()
        self.refuse(node, f"a kernel cannot have {name}")

    def emit(self, text: str) -> None:
        self.text.append("    " * self.indent + text)
        self.lines.append(self.line)

    def run(self) -> Translation:
        try:
            definition = ast.parse(self.source).body[0]
        except SyntaxError as error:
            raise Error(f"the source of {self.function.__qualname__} does not stand alone") from error
        if not isinstance(definition, ast.FunctionDef):
            raise Error(f"{self.function.__qualname__} is not a function with a def statement")
        parameters = self.parameters(definition)
        nodes = (node for node in ast.walk(definition) if isinstance(node, ast.Name))
        assigned = [node.id for node in nodes if not isinstance(node.ctx, ast.Load)]
        inputs = [self.fresh(name) for name in parameters]
        self.names = dict(zip(parameters, inputs, strict=True))
        self.line = definition.lineno
        name = definition.name if definition.name.isascii() else "kernel"
        self.emit(f"def {name}({', '.join(inputs)}):")
        # Kernels cannot assign to their parameters.
        changed = [name for name in parameters if name in assigned]
        self.names |= {name: self.fresh(name) for name in dict.fromkeys(assigned)}
        self.indent += 1
        for name in changed:
            self.emit(f"{self.names[name]} = {inputs[parameters.index(name)]}")
        self.indent -= 1
        self.block(definition.body)
        if not _always_returns(definition.body):
            self.refuse(definition, "a kernel must return a value on every path")
        return Translation(
            definition.name,
            "\n".join(self.text) + "\n",
            tuple(parameters),
            tuple(inputs),
            self.source,
            self.filename,
            self.first_line,
            tuple(self.lines),
        )

    def parameters(self, definition: ast.FunctionDef) -> list[str]:
        arguments = definition.args
        for extra in (arguments.vararg, arguments.kwarg, *arguments.kwonlyargs):
            if extra is not None:
                self.refuse(extra, "a kernel takes positional arguments only")
        for default in arguments.defaults:
            self.refuse(default, "a parameter of a kernel cannot have a default")
        return [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]

    def fresh(self, name: str) -> str:
        """A name for a variable of the kernel that means nothing else there, the same where that can be."""
        base = name if name.isascii() and not name.startswith("_") else "v"
        candidate = base = f"{base}_" if _has_meaning(base) else base
        number = 0
        while candidate in self.used:
            number += 1
            candidate = f"{base}{number}"
        self.used.add(candidate)
        return candidate

    # Statements.

    def block(self, statements: list[ast.stmt]) -> None:
        self.indent += 1
        before = len(self.text)
        for statement in statements:
            self.line = statement.lineno
            method = getattr(self, f"do_{type(statement).__name__}", self.unsupported)
            method(statement)
        if len(self.text) == before:
            self.emit(self.fresh("nothing") + " = 0")
        self.indent -= 1

    def do_Pass(self, statement: ast.Pass) -> None:
        pass

    def do_Break(self, statement: ast.Break) -> None:
        self.emit("break")

    def do_Continue(self, statement: ast.Continue) -> None:
        self.emit("continue")

    def do_Expr(self, statement: ast.Expr) -> None:
        if not (isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)):
            self.unsupported(statement)

    def do_Return(self, statement: ast.Return) -> None:
        if statement.value is None:
            self.refuse(statement, "a kernel must return a value")
        self.emit(f"return {self.value(statement.value)}")

    def do_Assign(self, statement: ast.Assign) -> None:
        # Python evaluates the value once and assigns from left to right.
        first, *others = statement.targets
        self.assign(first, statement.value)
        for target in others:
            self.assign(target, statement.value if isinstance(statement.value, ast.Constant) else _as_value(first))

    def do_AnnAssign(self, statement: ast.AnnAssign) -> None:
        if statement.value is not None:
            self.assign(statement.target, statement.value)

    def do_AugAssign(self, statement: ast.AugAssign) -> None:
        target = self.target(statement.target)
        self.emit(f"{target} = {target} {_OPERATORS.get(type(statement.op), '@')} {self.value(statement.value)}")

    def assign(self, target: ast.expr, value: ast.expr) -> None:
        if not isinstance(target, (ast.Tuple, ast.List)):
            name = self.target(target)
            self.emit(f"{name} = {self.value(value)}")
            return
        if not isinstance(value, (ast.Tuple, ast.List)) or len(value.elts) != len(target.elts):
            self.refuse(value, f"a kernel can only unpack {len(target.elts)} values that are written out")
        names = [self.target(name) for name in target.elts]
        if len(set(names)) < len(names):
            self.refuse(target, "a kernel assigns each name once")
        # A value waits in a local of its own where its target is still read by what follows.
        late = []
        for index, (name, element) in enumerate(zip(names, value.elts, strict=True)):
            if any(_reads(other, target.elts[index]) for other in value.elts[index + 1 :]):
                waiting = self.fresh(f"{name}_next")
                late.append(f"{name} = {waiting}")
                name = waiting
            self.emit(f"{name} = {self.value(element)}")
        for line in late:
            self.emit(line)

    def target(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Name):
            self.refuse(node, "a kernel assigns to names only")
        return self.names[node.id]

    def do_If(self, statement: ast.If) -> None:
        self.emit(f"if {self.value(statement.test)}:")
        self.block(statement.body)
        if statement.orelse:
            self.emit("else:")
            self.block(statement.orelse)

    def do_While(self, statement: ast.While) -> None:
        self.without_else(statement)
        self.emit(f"while {self.value(statement.test)}:")
        self.block(statement.body)

    def do_For(self, statement: ast.For) -> None:
        self.without_else(statement)
        loop = statement.iter
        if not isinstance(loop, ast.Call) or self.object(loop.func) is not range or loop.keywords:
            self.refuse(loop, "a kernel loops over a range")
        bounds = ", ".join(self.value(bound) for bound in loop.args)
        self.emit(f"for {self.target(statement.target)} in range({bounds}):")
        self.block(statement.body)

    def without_else(self, statement: ast.While | ast.For) -> None:
        if statement.orelse:
            self.refuse(statement.orelse[0], "a loop of a kernel cannot have an else")

    # Expressions. Each is in parentheses, so that nothing depends on the precedence of operators.

    def value(self, node: ast.expr) -> str:
        method = getattr(self, f"of_{type(node).__name__}", None)
        if method is None:
            self.unsupported(node)
        return method(node)

    def of_Constant(self, node: ast.Constant) -> str:
        return self.number(node, node.value)

    def number(self, node: ast.expr, value: object) -> str:
        if isinstance(value, np.generic) and value.dtype.kind in "biufc":
            return f"{value.dtype.name}({self.number(node, value.item())})" if value.dtype.kind != "b" else str(value)
        if isinstance(value, bool):
            return str(value)
        if isinstance(value, int):
            return str(value) if value >= 0 else f"({value})"
        if isinstance(value, float):
            if math.isfinite(value):
                return repr(value) if math.copysign(1, value) > 0 else f"({value!r})"
            return {"inf": "inf", "-inf": "(-inf)", "nan": "nan"}[repr(value)]
        if isinstance(value, complex):
            if value.real == 0 and math.isfinite(value.imag) and math.copysign(1, value.imag) > 0:
                return f"{value.imag!r}j"
            return f"({self.number(node, value.real)} + {self.number(node, value.imag)} * 1j)"
        self.refuse(node, f"a kernel computes with numbers, and this is of type {type(value).__name__}")

    def of_Name(self, node: ast.Name) -> str:
        if node.id in self.names:
            return self.names[node.id]
        return self.number(node, self.object(node))

    def of_Attribute(self, node: ast.Attribute) -> str:
        if self.is_outside(node):
            return self.number(node, self.object(node))
        if node.attr in ("real", "imag"):
            return f"{node.attr}({self.value(node.value)})"
        self.refuse(node, f"numbers of a kernel have no attribute '{node.attr}'")

    def is_outside(self, node: ast.expr) -> bool:
        """Whether a name, or what it is an attribute of, is not one of the kernel."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id not in self.names

    def object(self, node: ast.expr) -> object:
        """What an expression outside the kernel stands for."""
        if isinstance(node, ast.Name) and node.id not in self.names:
            if node.id in self.outside:
                return self.outside[node.id]
            self.refuse(node, f"the name '{node.id}' is not known")
        if isinstance(node, ast.Attribute) and self.is_outside(node):
            owner = self.object(node.value)
            if isinstance(owner, types.ModuleType) and hasattr(owner, node.attr):
                return getattr(owner, node.attr)
        self.refuse(node, "a kernel cannot look this up")

    def of_UnaryOp(self, node: ast.UnaryOp) -> str:
        return f"({_OPERATORS[type(node.op)]}{self.value(node.operand)})"

    def of_BinOp(self, node: ast.BinOp) -> str:
        if isinstance(node.op, ast.MatMult):
            self.refuse(node, "a kernel cannot multiply matrices")
        return f"({self.value(node.left)} {_OPERATORS[type(node.op)]} {self.value(node.right)})"

    def of_BoolOp(self, node: ast.BoolOp) -> str:
        return "(" + f" {_OPERATORS[type(node.op)]} ".join(self.value(value) for value in node.values) + ")"

    def of_Compare(self, node: ast.Compare) -> str:
        parts = []
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if type(operator) not in _OPERATORS:
                self.refuse(node, "a kernel cannot test for identity or membership")
            parts.append(f"({self.value(left)} {_OPERATORS[type(operator)]} {self.value(right)})")
            left = right
        return parts[0] if len(parts) == 1 else f"({' and '.join(parts)})"

    def of_IfExp(self, node: ast.IfExp) -> str:
        return f"where({self.value(node.test)}, {self.value(node.body)}, {self.value(node.orelse)})"

    def of_Call(self, node: ast.Call) -> str:
        function = self.object(node.func) if self.is_outside(node.func) else None
        if function is None:
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("conj", "conjugate") and not node.args:
                return f"conj({self.value(node.func.value)})"
            self.refuse(node.func, "a kernel can only call functions of numbers")
        if node.keywords:
            self.refuse(node.keywords[0].value, "a call in a kernel takes no keywords")
        arguments = [self.value(argument) for argument in node.args]
        return self.call(node, function, arguments)

    def call(self, node: ast.Call, function: object, arguments: list[str]) -> str:
        listed = ", ".join(arguments)
        if function in (int, float, bool) and len(arguments) == 1:
            return f"{function.__name__}({listed})"
        if function in (min, max) and len(arguments) > 1:
            # As in Python, the first of equal ones, and of those that do not compare.
            result, sign = arguments[0], "<" if function is min else ">"
            for argument in arguments[1:]:
                result = f"where({argument} {sign} {result}, {argument}, {result})"
            return result
        if function in (abs, round):
            return f"{function.__name__}({listed})"
        if function in (pow, math.pow) and len(arguments) == 2:
            return f"({arguments[0]} ** {arguments[1]})"
        if function in _WHOLE:
            return f"int({_WHOLE[function]}({listed}))"
        if function is math.log and len(arguments) == 2:
            return f"(log({arguments[0]}) / log({arguments[1]}))"
        if isinstance(function, np.ufunc) or getattr(function, "__module__", None) == "numpy":
            return f"{function.__name__}({listed})"
        for module in (math, cmath):
            name = getattr(function, "__name__", "")
            if getattr(module, name, None) is function:
                return f"{_MATH.get(name, name)}({listed})"
        self.refuse(node.func, f"a kernel cannot call {getattr(function, '__name__', function)}")


def _has_meaning(name: str) -> bool:
    """Whether a name means something in kernels."""
    return any(hasattr(module, name) for module in (builtins, math, np))


def _as_value(target: ast.expr) -> ast.expr:
    """An assigned target as the value of what was assigned to it."""
    return ast.copy_location(ast.Name(target.id, ast.Load()), target) if isinstance(target, ast.Name) else target


def _reads(value: ast.expr, target: ast.expr) -> bool:
    """Whether a value depends on the name that is a target."""
    names = [node.id for node in ast.walk(value) if isinstance(node, ast.Name)]
    return isinstance(target, ast.Name) and target.id in names


def _breaks(statements: list[ast.stmt]) -> bool:
    """Whether a `break` of the loop with this body can be reached."""
    return any(isinstance(node, ast.Break) for statement in statements for node in _of_this_loop(statement))


def _of_this_loop(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if not isinstance(node, (ast.For, ast.While)):
        for child in ast.iter_child_nodes(node):
            yield from _of_this_loop(child)


def _always_returns(statements: list[ast.stmt]) -> bool:
    """Whether the end of a block is never reached."""
    return any(_returns(statement) for statement in statements)


def _returns(statement: ast.stmt) -> bool:
    """Whether what follows a statement is never reached."""
    match statement:
        case ast.Return():
            return True
        case ast.If():
            return _always_returns(statement.body) and _always_returns(statement.orelse)
        case ast.While(test=ast.Constant(value=endless)) if endless:
            return not _breaks(statement.body)
    return False
