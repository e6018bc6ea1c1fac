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
import random
import sys

import numexpr
import numpy as np
from compare_numpy import (
    NAMES,
    ROOT,
    Engine,
    canonical,
    explain,
    fingerprint,
    line,
    report,
    values,
)

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
        return "Error"


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
    which = which_values(text)
    if len(dtypes) == 1:
        return {"a": selected(dtypes[0], which)}
    a, b = values(dtypes[0]), selected(dtypes[1], which)
    return {"a": np.repeat(a, len(b)), "b": np.tile(b, len(a))}


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
    letter = expected.dtype.char.replace("l", "q").replace("L", "Q")
    size = expected.size if expected.ndim == 0 else variables_of(text, dtypes)["a"].size
    if not is_certain(text, dtypes, operation, expected):
        return letter
    return f"{letter}{fingerprint(canonical(np.broadcast_to(expected, size))):08x}"


def record():
    """Writes the table."""
    rows = {}
    for text, dtypes, operation in cases():
        cell = recorded(text, dtypes, operation)
        rows.setdefault(text, []).append(cell)
    with open(TABLE, "w") as file:
        file.write(f"# Written by scripts/compare_numexpr.py with numexpr {numexpr.__version__}.\n")
        for name in NAMES:
            for which in ["all", "natural", "divisors"]:
                file.write(f"values {name} {which} {selected(name, which).tobytes().hex()}\n")
        for text, row in rows.items():
            file.write(f"{text}\t{which_values(text)}\t{' '.join(row)}\n")
    return 0


def compare(listed):
    answers = Engine("numexpr").answers([line(text, variables) for text, variables, _, _ in listed])
    wrong, right = [], 0
    for (text, variables, expected, tolerance), given in zip(listed, answers, strict=True):
        why = explain(text, variables, expected, given, tolerance)
        if why is None:
            right += 1
        else:
            wrong.append((text, {name: array.dtype.name for name, array in variables.items()}, why))
    return right, 0, wrong


def tables():
    listed = []
    for text, dtypes, operation in cases():
        variables = variables_of(text, dtypes)
        expected = answer(text, variables)
        is_exact = not isinstance(expected, str) and is_certain(text, dtypes, operation, expected)
        if (operation not in ("**", "%") or is_exact) and accident(text, dtypes, operation) is None:
            listed.append((text, variables, expected, 0 if is_exact else 16))
    return compare(listed)


class Tree:
    """Random expressions over the variables."""

    def __init__(self, rng, names):
        self.rng, self.names = rng, names

    def expression(self, depth):
        rng = self.rng
        if depth == 0 or rng.random() < 0.15:
            if rng.random() < 0.3:
                return rng.choice(["0", "1", "2", "3", "7", "0.5", "2.5", "1e3", "True", "1j", "2**33"])
            return rng.choice(self.names)
        kind = rng.random()

        def one():
            return self.expression(depth - 1)

        if kind < 0.6:
            operator = rng.choice(OPERATORS)
            right = rng.choice(["2", "3", "0.5", "1.5", "-1", "-2.0"]) if operator == "**" else one()
            if operator in ("//", "%", "/"):
                # numexpr dies of the smallest integer divided by -1, and its remainders overflow.
                right = rng.choice({"%": ["2", "-1"], "/": ["2", "-4", "0.5"]}.get(operator, ["2", "7", "-3", "2.5"]))
            return f"({one()} {operator} {right})"
        if kind < 0.75:
            return f"{rng.choice(EXACT_UNARY)}({one()})"
        if kind < 0.85:
            return f"{rng.choice(EXACT_BINARY)}({one()}, {one()})"
        if kind < 0.93:
            return f"{rng.choice(['-', '~', '+'])}{one()}"
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
EXACT_UNARY = "abs floor ceil trunc isnan isinf isfinite real imag round sqrt copy ones_like signbit".split()
EXACT_BINARY = "minimum maximum fmod copysign nextafter".split()


def trees(count, seed):
    rng = random.Random(seed)
    names = dict(zip("ABCDEFGHIJKLM", NAMES))
    finite = np.array([1, -2.5, 1j, -3j, 0.5 - 2j, -7 - 1j])
    special = {name: finite.astype(name) if name.startswith("complex") else values(name) for name in NAMES}
    listed, worker = [], Worker()
    while len(listed) < count:
        length = rng.choice([1, 5, 16])
        arrays = {
            letter: special[name][np.array([rng.randrange(len(special[name])) for _ in range(length)])]
            for letter, name in names.items()
        }
        for _ in range(200):
            text = Tree(rng, list(names)).expression(rng.randint(1, 4))
            used = {letter: arrays[letter] for letter in names if letter in set(text)}
            expected = worker.answer(text, used) if used and not is_accident(text) else None
            if expected is not None and (not isinstance(expected, str) or rng.random() < 0.05):
                listed.append((text, used, expected, 256))
            if len(listed) == count:
                break
    return compare(listed)


def main():
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command == "record":
        return record()
    if command == "tables":
        return report(*tables())
    if command == "trees":
        count = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
        return report(*trees(count, int(sys.argv[3]) if len(sys.argv) > 3 else 1))
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
