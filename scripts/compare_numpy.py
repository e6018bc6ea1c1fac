#!/usr/bin/env python3
"""Compares the NumPy dialect with NumPy itself.

    compare_numpy.py record            writes the tables of tests/numpy from NumPy
    compare_numpy.py tables            compares every operation for every pair of dtypes now
    compare_numpy.py trees [N] [SEED]  compares N random expression trees (100,000 unless given)
    compare_numpy.py kernels [N] [SEED]  compares N random kernels (2,000 unless given) with Python over NumPy's scalars

The last three need the program of examples/eval_lines.rs: `cargo build --release --example eval_lines`, or its path in
EVAL_LINES. NumPy 2.4 was used for the tables of the repository.
"""

import itertools
import os
import re
import sys
import warnings

warnings.simplefilter("ignore")

import comparison  # noqa: E402
import numpy as np  # noqa: E402
from comparison import (  # noqa: E402
    FINITE,
    NAMES,
    REFUSED,
    REFUSED_VALUES,
    ROOT,
    Engine,
    canonical,
    cell,
    compare,
    differences,
    line,
    parts,
    random_trees,
    values,
    write_table,
)

TABLES = os.path.join(ROOT, "tests", "numpy")
HEAD = f"Written by scripts/compare_numpy.py with NumPy {np.__version__}. See tests/numpy/table.rs."

OPERATORS = "+ - * / // % ** << >> & | ^ < <= > >= == !=".split()
BINARY = (
    "minimum maximum fmin fmax fmod arctan2 hypot copysign nextafter ldexp heaviside logaddexp logaddexp2 gcd lcm "
    "float_power logical_and logical_or logical_xor"
).split()
UNARY_OPERATORS = ["-", "+", "~"]
UNARY = (
    "absolute fabs sign square reciprocal conjugate real imag angle floor ceil trunc rint round degrees radians sinc "
    "isnan isinf isfinite isreal signbit logical_not bitwise_count "
    "sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh "
    "arctanh"
).split()
# Python's numbers beside every dtype.
WEAK = "True 1 -1 2 300 2.5 2j".split()
# Functions whose last bits differ from NumPy's: what they give is compared within a tolerance.
ROUNDED = set(
    "arctan2 hypot logaddexp logaddexp2 float_power ** degrees radians sinc angle absolute reciprocal / * square "
    "sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh "
    "arctanh".split()
)


def selected(name, which):
    """All special values of a dtype, or those that an operation has a meaning for."""
    array = values(name)
    if array.dtype.kind not in "iu" or which == "all":
        return array
    # Negative exponents of integers are an error of the data; the reciprocal of an integer zero is an accident.
    return array[array >= 0] if which == "natural" else array[array != 0]


def which_values(text):
    """Which values the last operand has."""
    if text.startswith("reciprocal"):
        return "nonzero"
    return "natural" if "** b" in text or "** a" in text else "all"


def without_float16(name, function):
    """The function in float32 where NumPy computes it in float16, which does not exist here."""

    def call(*operands):
        result = function(*operands)
        if np.asarray(result).dtype != np.float16:
            return result
        taken = operands[:1] if name == "ldexp" else operands
        is_small = [np.asarray(operand).dtype.itemsize == 1 or name == "ldexp" for operand in taken]
        small = [np.float32(operand) if small else operand for operand, small in zip(taken, is_small)]
        return function(*small, *operands[len(taken) :])

    return call


def namespace(are_scalars=False):
    """The functions of texts. Scalars have rules of their own in NumPy: what is no kernel is given arrays."""
    names = BINARY + UNARY + ["where", "clip", "sum", "prod"]
    space = {name: without_float16(name, getattr(np, name)) for name in names}
    if not are_scalars:
        space = {name: lambda *operands, f=function: np.asarray(f(*operands)) for name, function in space.items()}
    space.update(pi=np.pi, e=np.e, inf=np.inf, nan=np.nan)
    return space


SPACE = namespace()


def numpy_answer(text, variables):
    """The array that NumPy gives, or the kind of its refusal."""
    try:
        with np.errstate(all="ignore"):
            return np.asarray(eval(text, {**SPACE, **variables}))
    except OverflowError:
        return "Overflow"
    except ValueError as error:
        return REFUSED_VALUES if "negative integer powers" in str(error) else REFUSED
    except (TypeError, ZeroDivisionError):
        return REFUSED


def cases():
    """Every text of the tables, with the dtypes of its variables."""
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
        yield "where(a, a, b)", (left, right), "where"
        yield "clip(a, b, b)", (left, right), "clip"
    for name, weak in itertools.product(NAMES, WEAK):
        for operator in OPERATORS:
            yield f"a {operator} {weak}", (name,), operator
            yield f"{weak} {operator} a", (name,), operator
        for function in BINARY:
            yield f"{function}(a, {weak})", (name,), function
            yield f"{function}({weak}, a)", (name,), function


def variables_of(text, dtypes):
    return comparison.variables_of(dtypes, selected(dtypes[-1], which_values(text)))


def is_off(text, variables, expected, given, tolerance):
    """Whether NumPy itself is wrong wherever the results differ: powers of complex numbers with large exponents, whose
    angles have few digits, and powers and roots of complex64, which it computes in that precision."""
    if not any(word in text for word in ("**", "power", "sqrt")) or isinstance(expected, str) or isinstance(given, str):
        return False
    wide = {"f": np.longdouble, "c": np.clongdouble}
    variables = {name: array.astype(wide.get(array.dtype.kind, array.dtype)) for name, array in variables.items()}
    exact = numpy_answer(text, variables)
    if isinstance(exact, str) or expected.dtype != given.dtype:
        return False
    exact, expected = (np.broadcast_to(array.reshape(-1), given.shape) for array in (exact, expected))
    with np.errstate(all="ignore"):
        narrow = exact.astype(given.dtype)
        # Where a power overflows, what is next to nothing beside the other part is infinite, of either sign.
        sizes = np.abs(parts(np.ascontiguousarray(exact)))
        is_moot = np.isinf(parts(given)) & ~(sizes >= 1e-9 * sizes.max(axis=1, keepdims=True))
        is_moot |= np.isinf(parts(given)) & np.isinf(sizes)
    found = np.setdiff1d(differences(expected, given, tolerance), np.nonzero(is_moot.any(axis=1))[0])
    return len(np.setdiff1d(found, differences(narrow, expected, tolerance))) == 0


def rows_of(listed):
    """Adds what NumPy gives to texts with their variables and tolerances."""
    for text, variables, tolerance in listed:
        yield text, variables, numpy_answer(text, variables), tolerance


def tables():
    # The product of π in sinc is rounded in NumPy, so its zeros are not exact.
    listed = (
        (text, variables_of(text, dtypes), 8 if operation in ROUNDED else 0)
        for text, dtypes, operation in cases()
        if operation != "sinc"
    )
    return compare(Engine(), rows_of(listed), is_off)


def recorded(text, dtypes, operation):
    """What the table says: the dtype of the result, and the fingerprint of its bytes if they are certain."""
    expected = numpy_answer(text, variables_of(text, dtypes))
    if isinstance(expected, str):
        return "!"
    is_certain = operation not in ROUNDED or expected.dtype.kind in "iub"
    if operation in ("*", "/", "square", "reciprocal"):
        is_certain = True
    if expected.dtype.kind == "c" and operation in ("fmod", "sign"):
        is_certain = False
    return cell(expected, variables_of(text, dtypes)["a"].size, is_certain)


def record():
    """Writes the tables."""
    path = os.path.join(TABLES, "operations.txt")
    write_table(path, HEAD, cases(), recorded, selected, ["all", "natural", "nonzero"], which_values)
    with open(os.path.join(TABLES, "functions.txt"), "w") as file:
        file.write(f"# {HEAD}\n")
        for name in ["float32", "float64", "complex64", "complex128"]:
            for text, dtypes, operation in cases():
                # What NumPy gives for sinc is the sine of a rounded product.
                has_numbers = re.search("[0-9T]", text) is not None
                is_wanted = operation in ROUNDED - {"sinc"} and set(dtypes) == {name} and not has_numbers
                is_numbered = operation.endswith(("2", "10", "1p", "m1")) and text == f"{operation}(a)"
                if not is_wanted and not (is_numbered and dtypes == (name,)):
                    continue
                expected = numpy_answer(text, variables_of(text, dtypes))
                if not isinstance(expected, str):
                    file.write(f"{text}\t{name}\t{expected.dtype.name} {canonical(expected).hex()}\n")


class Tree(comparison.Tree):
    literals = ["0", "1", "2", "3", "7", "0.5", "2.5", "1e3", "True", "1j"]
    operators = OPERATORS
    functions = "absolute sign square floor ceil trunc conjugate isnan isinf isfinite logical_not rint sqrt".split()
    functions_of_two = ("minimum maximum fmin fmax fmod copysign logical_and logical_or logical_xor heaviside").split()

    def call(self, function, first, second):
        if function == "copysign":
            # The sign of NaN is not said.
            second = f"where({second} == {second}, {second}, 1)"
        return super().call(function, first, second)


def trees(rng, count):
    return compare(Engine(), itertools.islice(accepted_trees(rng), count), is_off)


def accepted_trees(rng):
    """Random expressions with values for their variables, most of which NumPy does not refuse."""
    special = {name: values(name) for name in NAMES}
    for name in ["complex64", "complex128"]:
        special[name] = np.concatenate([special[name], np.tile(FINITE, 6).astype(name)])
    for text, used, arrays in random_trees(Tree, rng, "abcdefghijklm", special):
        expected = numpy_answer(text, used)
        if used and not isinstance(expected, str) or rng.random() < 0.05:
            yield text, used or {"a": arrays["a"]}, expected, 64


class Kernel:
    """Random kernels over inputs `x` and `y` of one dtype, whose locals have that dtype on every path."""

    def __init__(self, rng, is_float):
        self.rng, self.is_float = rng, is_float
        self.locals = []
        self.loops = 0

    def value(self, depth):
        rng = self.rng
        if depth == 0 or rng.random() < 0.2:
            return rng.choice(["x", "y"] + self.locals)
        kind = rng.random()

        def one():
            return self.value(depth - 1)

        if kind < 0.15:
            return f"({one()} {rng.choice('+-*')} {rng.choice(['1', '2', '3'] + (['0.5'] if self.is_float else []))})"
        if kind < 0.55:
            return f"({one()} {rng.choice(['+', '-', '*', '//', '%'])} {one()})"
        if kind < 0.65:
            return f"({one()} if {self.condition()} else {one()})"
        if kind < 0.75:
            return f"minimum({one()}, {one()})"
        return f"(-{one()})"

    def condition(self):
        rng = self.rng
        first, second, third = self.value(1), self.value(1), self.value(1)
        return rng.choice(
            [
                f"{first} < {second}",
                f"{first} <= {second} != {third}",
                f"not {first} > 1",
                f"({first} > 0 and {second} > 0)",
                f"({first} == {second} or {third} < 3)",
            ]
        )

    def block(self, depth, indent):
        rng, lines = self.rng, []
        for _ in range(rng.randint(1, 3)):
            kind = rng.random()
            if kind < 0.4 or depth == 0 or not self.locals:
                if len(self.locals) > 1 and rng.random() < 0.3:
                    a, b = rng.sample(self.locals, 2)
                    lines.append(f"{indent}{a}, {b} = {self.value(1)}, {self.value(1)}")
                elif self.locals and rng.random() < 0.4:
                    local, operator = rng.choice(self.locals), rng.choice(["+=", "-=", "*=", "//=", "%="])
                    lines.append(f"{indent}{local} {operator} {self.value(1)}")
                elif self.locals and (indent != "    " or rng.random() < 0.3):
                    lines.append(f"{indent}{rng.choice(self.locals)} = {self.value(2)}")
                else:
                    lines.append(f"{indent}v{len(self.locals)} = {self.value(2)}")
                    self.locals.append(f"v{len(self.locals)}")
            elif kind < 0.65:
                lines.append(f"{indent}if {self.condition()}:")
                lines += self.nested(depth, indent)
                if rng.random() < 0.6:
                    lines.append(f"{indent}else:")
                    lines += self.nested(depth, indent)
            else:
                self.loops += 1
                lines.append(f"{indent}for i{self.loops} in range({rng.randint(0, 4)}):")
                if rng.random() < 0.5:
                    lines.append(f"{indent}    {rng.choice(self.locals)} += i{self.loops}")
                lines += self.nested(depth, indent)
                if rng.random() < 0.3:
                    lines.append(f"{indent}    if {self.condition()}:")
                    lines.append(f"{indent}        {rng.choice(['break', 'continue'])}")
        return lines

    def nested(self, depth, indent):
        """A block of assignments to locals that exist: a local that begins in it may have no value after it."""
        return self.block(depth - 1, indent + "    ") if self.locals else [f"{indent}    v = x"]

    def text(self):
        lines = ["def kernel(x, y):", *self.block(2, "    "), *self.block(2, "    ")]
        return "\n".join([*lines, f"    return {self.value(2)}", ""])


def kernels(rng, count):
    listed, expected = [], []
    for _ in range(count):
        name = rng.choice(["int32", "int64", "float32", "float64", "uint8", "int16"])
        dtype = np.dtype(name)
        pool = values(name)
        if dtype.kind == "f":
            pool = pool[np.isfinite(pool) & (np.abs(pool) < 1e30)]
        variables = {letter: pool[[rng.randrange(len(pool)) for _ in range(9)]] for letter in "xy"}
        text = Kernel(rng, dtype.kind == "f").text()
        space = namespace(are_scalars=True)
        exec(text, space)
        try:
            with np.errstate(all="ignore"):
                results = [space["kernel"](x, y) for x, y in zip(variables["x"], variables["y"])]
        except (TypeError, ValueError, OverflowError, ZeroDivisionError, UnboundLocalError):
            continue
        listed.append((text, variables))
        expected.append(results)
    right, wrong = 0, []
    answers = Engine().answers([line(text, variables) for text, variables in listed])
    for (text, variables), results, given in zip(listed, expected, answers, strict=True):
        if isinstance(given, str):
            wrong.append((text, {"x": variables["x"].dtype.name}, f"refused: {given}"))
            continue
        wanted = np.array([given.dtype.type(result) for result in results])
        found = differences(wanted, given, 0)
        if len(found) == 0:
            right += 1
        else:
            at = found[0]
            why = f"x={variables['x'][at]!r} y={variables['y'][at]!r}: {given[at]!r}, Python {results[at]!r}"
            wrong.append((text, {"x": variables["x"].dtype.name}, why))
    return right, 0, wrong


if __name__ == "__main__":
    random_comparisons = {"trees": (trees, 100_000), "kernels": (kernels, 2000)}
    sys.exit(comparison.main(__doc__, np, record, tables, random_comparisons))
