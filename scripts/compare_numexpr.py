#!/usr/bin/env python3
"""Compares the numexpr dialect with numexpr itself.

    compare_numexpr.py record            writes the table of tests/numexpr from numexpr
    compare_numexpr.py tables            compares every operation for every pair of dtypes now
    compare_numexpr.py trees [N] [SEED]  compares N random expression trees (100,000 unless given)

The last two need the program of examples/eval_lines.rs: `cargo build --release --example eval_lines`, or its path in
EVAL_LINES. numexpr 2.14.2 was used for the table of the repository.
"""

import ast
import concurrent.futures
import itertools
import os
import sys

import comparison
import numexpr
import numpy as np
from comparison import FINITE, NAMES, REFUSED, ROOT, Engine, cell, compare, random_trees, values, write_table

TABLE = os.path.join(ROOT, "tests", "numexpr", "operations.txt")

OPERATORS = "+ - * / // % ** << >> & | ^ < <= > >= == !=".split()
BINARY = "arctan2 fmod maximum minimum hypot nextafter copysign complex".split()
UNARY_OPERATORS = ["-", "+", "~"]
UNARY = (
    "abs ceil conj copy floor imag isfinite isinf isnan ones_like real round sign signbit trunc "
    "sqrt exp expm1 log log10 log1p log2 sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh "
    "min max sum prod"
).split()
NUMBERS = "True 1 -1 2 3 300 2**40 2.5 0.5 -0.5 2j".split()

# What is known to differ, and stays so: see docs/language.md.
REFUSED_THERE = {"//", "&", "|", "^"}  # with a number on the left
# Functions whose last bits differ, and sums.
ROUNDED = set(UNARY[UNARY.index("sqrt") :]) - {"min", "max"} | {"arctan2", "hypot", "**", "abs", "sign"}


def which_values(text):
    """Which values the last operand has: exponents of integers are not negative, divisors are not -1."""
    if "// b" in text or "% b" in text:
        return "divisors"
    return "natural" if "** b" in text or "** a" in text else "all"


def selected(name, which):
    array = values(name)
    if array.dtype.kind not in "iu" or which == "all":
        return array
    # numexpr dies of the smallest integer divided by -1.
    return array[array >= 0] if which == "natural" else array[array != np.array(-1).astype(array.dtype)]


def answer(text, variables):
    """The array that numexpr gives, or that it refuses the text."""
    try:
        with np.errstate(all="ignore"):
            return np.asarray(numexpr.evaluate(text, variables, {}))
    except (SystemError, TypeError, ValueError, RuntimeError, ArithmeticError, KeyError):
        return REFUSED


class Worker:
    """Asks numexpr in another process, which some texts kill."""

    def __init__(self):
        self.pool = None

    def answer(self, text, variables):
        """What numexpr gives, or None where it dies."""
        self.pool = self.pool or concurrent.futures.ProcessPoolExecutor(1)
        try:
            return self.pool.submit(answer, text, variables).result()
        except concurrent.futures.process.BrokenProcessPool:
            self.pool = None
            return None


def cases():
    """Every text of the table, with the dtypes of its variables and its operation."""
    for name in NAMES:
        for operator in UNARY_OPERATORS:
            yield f"{operator}a", (name,), operator
        for function in UNARY:
            yield f"{function}(a)", (name,), function
    for left, right in itertools.product(NAMES, NAMES):
        for operator in OPERATORS:
            yield f"a {operator} b", (left, right), operator
        for function in BINARY:
            yield f"{function}(a, b)", (left, right), function
        yield "where(a != a, a, b)", (left, right), "where"
    for name, number in itertools.product(NAMES, NUMBERS):
        for operator in OPERATORS:
            if (operator, number) not in (("**", "2j"), ("//", "-1"), ("%", "-1")):
                yield f"a {operator} {number}", (name,), operator
            if operator not in REFUSED_THERE and not (operator == "**" and number == "2**40"):
                yield f"{number} {operator} a", (name,), operator
        for function in BINARY:
            yield f"{function}(a, {number})", (name,), function
            yield f"{function}({number}, a)", (name,), function


def variables_of(text, dtypes):
    return comparison.variables_of(dtypes, selected(dtypes[-1], which_values(text)))


def is_certain(text, dtypes, operation, expected):
    """Whether the result is to be the same to the last bit."""
    kind = expected.dtype.kind
    if operation == "**" and kind in "iu":
        # numexpr computes them in float64.
        return text.startswith("a ** ") and text[5:] in ("1", "2", "3", "True")
    if text.startswith("a / ") and text[4] != "b":
        # numexpr multiplies by the reciprocal, which is rounded.
        return False
    if operation == "%":
        # numexpr adds the divisor, which overflows, and divides floats, which gives no rest of infinity.
        return False
    if kind == "c":
        return operation in ("+", "-", "*", "copy", "conj", "where", "ones_like", "complex", "round") or text == "+a"
    return operation not in ROUNDED or kind in "ib" and operation not in ("sum", "prod")


def accident(text, dtypes, operation):
    """The letter of the dtype that there is to be, where numexpr does otherwise by accident."""
    are_complex = any(name.startswith("complex") for name in dtypes) or "2j" in text
    if operation == "conj" or operation == "complex" and not are_complex:
        # That of integers is float64, or is refused.
        return "D"
    if operation in ("min", "max") and np.dtype(dtypes[0]).kind in "iu":
        # Breaks off for int32, and is wrong for int64.
        return "q" if np.dtype(dtypes[0]).itemsize == 8 or dtypes[0] == "uint32" else "i"
    return None


def recorded(text, dtypes, operation):
    known = accident(text, dtypes, operation)
    if known is not None:
        return known
    expected = answer(text, variables_of(text, dtypes))
    if isinstance(expected, str):
        return "!"
    size = expected.size if expected.ndim == 0 else variables_of(text, dtypes)["a"].size
    return cell(expected, size, is_certain(text, dtypes, operation, expected))


def record():
    """Writes the table."""
    head = f"Written by scripts/compare_numexpr.py with numexpr {numexpr.__version__}."
    write_table(TABLE, head, cases(), recorded, selected, ["all", "natural", "divisors"], which_values)


def tables():
    listed = []
    for text, dtypes, operation in cases():
        variables = variables_of(text, dtypes)
        expected = answer(text, variables)
        is_exact = not isinstance(expected, str) and is_certain(text, dtypes, operation, expected)
        if (operation not in ("**", "%") or is_exact) and accident(text, dtypes, operation) is None:
            listed.append((text, variables, expected, 0 if is_exact else 16))
    return compare(Engine("numexpr"), listed)


class Tree(comparison.Tree):
    literals = ["0", "1", "2", "3", "7", "0.5", "2.5", "1e3", "True", "1j", "2**33"]
    operators = OPERATORS
    functions = "abs floor ceil trunc isnan isinf isfinite real imag round sqrt copy ones_like signbit".split()
    functions_of_two = "minimum maximum fmod copysign nextafter".split()

    def operation(self, one):
        rng = self.rng
        operator = rng.choice(self.operators)
        right = rng.choice(["2", "3", "0.5", "1.5", "-1", "-2.0"]) if operator == "**" else one()
        if operator in ("//", "%", "/"):
            # numexpr dies of the smallest integer divided by -1, and its remainders overflow.
            right = rng.choice({"%": ["2", "-1"], "/": ["2", "-4", "0.5"]}.get(operator, ["2", "7", "-3", "2.5"]))
        return f"({one()} {operator} {right})"

    def selection(self, one):
        return f"where(({one()} < {one()}), {one()}, {one()})"


def are_numbers(nodes):
    """Whether no variable stands in any of these parts of a text."""
    return not any(isinstance(part, ast.Name) for node in nodes for part in ast.walk(node))


def is_accident(text):
    """Whether numexpr gives something by accident, as docs/language.md says: for functions of numbers alone, for a
    number on the left of some operators, and for zeros of both signs, which it takes for one constant."""
    parts = list(ast.walk(ast.parse(text, mode="eval")))
    calls = (part for part in parts if isinstance(part, ast.Call))
    operators = (part for part in parts if isinstance(part, ast.BinOp))
    return (
        any(are_numbers(call.args) for call in calls)
        or any(are_numbers([part.left]) and isinstance(part.op, REFUSED_NODES) for part in operators)
        or "copysign" in text
        and any(isinstance(part, ast.Constant) and part.value in (0, 0.0) for part in parts)
    )


REFUSED_NODES = (ast.FloorDiv, ast.BitAnd, ast.BitOr, ast.BitXor)


def trees(rng, count):
    return compare(Engine("numexpr"), itertools.islice(accepted_trees(rng), count))


def accepted_trees(rng):
    """Random expressions with values for their variables, most of which numexpr does not refuse."""
    special = {name: FINITE.astype(name) if name.startswith("complex") else values(name) for name in NAMES}
    worker = Worker()
    for text, used, _ in random_trees(Tree, rng, "ABCDEFGHIJKLM", special):
        expected = worker.answer(text, used) if used and not is_accident(text) else None
        if expected is not None and (not isinstance(expected, str) or rng.random() < 0.05):
            yield text, used, expected, 256


if __name__ == "__main__":
    sys.exit(comparison.main(__doc__, numexpr, record, tables, {"trees": (trees, 100_000)}))
