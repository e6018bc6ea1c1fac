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
import random
import re
import subprocess
import sys
import warnings

warnings.simplefilter("ignore")
# Where NumPy finds fused operations it does not round one of the products in each part of a complex product. Those of
# every processor are compared. Must be set before NumPy is loaded, which warns of what the processor has not.
os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", "X86_V3 X86_V4 AVX512_ICL AVX512_SPR")

import numpy as np  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLES = os.path.join(ROOT, "tests", "numpy")
NAMES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128".split()
LETTERS = dict(zip(NAMES, "?bhiqBHIQfdFD"))

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


def values(name):
    """Special values of a dtype, a few."""
    dtype = np.dtype(name)
    if name == "bool":
        return np.array([False, True])
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        some = [info.min, info.max, 0, 1, 2, 7, info.max // 2 + 1]
        return np.array(some + ([-1, -7, info.min + 1] if dtype.kind == "i" else [info.max - 1]), dtype)
    floats = [0.0, -0.0, 1.0, -1.0, 2.5, -7.25, np.inf, -np.inf, np.nan, np.finfo(dtype).tiny, np.finfo(dtype).max]
    if dtype.kind == "f":
        return np.array(floats, dtype)
    parts = [0.0, -0.0, 1.0, -2.5, np.inf, np.nan]
    return np.array([complex(re, im) for re in parts for im in parts], dtype)


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
        return "Data" if "negative integer powers" in str(error) else "Error"
    except (TypeError, ZeroDivisionError):
        return "Error"


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
    which = which_values(text)
    if len(dtypes) == 1:
        return {"a": selected(dtypes[0], which)}
    a, b = values(dtypes[0]), selected(dtypes[1], which)
    return {"a": np.repeat(a, len(b)), "b": np.tile(b, len(a))}


class Engine:
    """The program that evaluates lines."""

    def __init__(self, *arguments):
        path = os.environ.get("EVAL_LINES", os.path.join(ROOT, "target", "release", "examples", "eval_lines"))
        self.command = [path, *arguments]

    def answers(self, lines):
        run = subprocess.run(self.command, input="".join(line + "\n" for line in lines), capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"{self.command[0]} failed: {run.stderr[-2000:]}")
        return [decode(answer) for answer in run.stdout.splitlines()]


def line(text, variables):
    fields = [text.replace("\n", "\\n")]
    fields += [f"{name}:{array.dtype.name}:{array.tobytes().hex()}" for name, array in variables.items()]
    return "\t".join(fields)


def decode(answer):
    kind, _, rest = answer.partition(" ")
    if kind == "error":
        return rest
    return np.frombuffer(bytes.fromhex(rest), np.dtype(kind))


def parts(array):
    return array.view(array.real.dtype).reshape(-1, 2) if array.dtype.kind == "c" else array.reshape(-1, 1)


def differences(expected, given, tolerance):
    """The indices of items that differ: bits, but for NaN, or the distance beside the modulus."""
    wanted, got = parts(np.ascontiguousarray(expected)), parts(np.ascontiguousarray(given))
    if wanted.dtype.kind != "f":
        return np.nonzero((wanted != got).any(axis=1))[0]
    # The sign of a part beside NaN is not said.
    has_sign = ~np.isnan(wanted).any(axis=1, keepdims=True)
    is_signed_alike = (np.signbit(wanted) == np.signbit(got)) | ~has_sign
    same = (np.where(has_sign, wanted, np.abs(wanted)) == np.where(has_sign, got, np.abs(got))) & is_signed_alike
    same |= np.isnan(wanted) & np.isnan(got)
    if tolerance:
        with np.errstate(all="ignore"):
            size = np.where(np.isfinite(wanted), np.abs(wanted), 0).max(axis=1, keepdims=True)
            near = np.abs(wanted - got) <= tolerance * np.finfo(wanted.dtype).eps * size
        same |= near & np.isfinite(wanted) & np.isfinite(got)
    return np.nonzero(~same.all(axis=1))[0]


def explain(text, variables, expected, given, tolerance):
    """What is different, or None."""
    if isinstance(given, str):
        if isinstance(expected, str):
            return None
        return f"refused: {given}"
    if isinstance(expected, str):
        return f"NumPy refuses ({expected})"
    if expected.dtype != given.dtype:
        return f"dtype {given.dtype}, NumPy {expected.dtype}"
    if expected.size != given.size:
        expected = np.broadcast_to(expected, given.shape) if given.size > 1 else expected.reshape(-1)
    found = differences(expected.reshape(-1), given, tolerance)
    if len(found) == 0:
        return None
    index = found[0]
    operands = ", ".join(f"{name}={array[index]!r}" for name, array in variables.items())
    return f"{len(found)} of {given.size} items: {operands}: {given[index]!r}, NumPy {expected.reshape(-1)[index]!r}"


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


def compare(listed):
    """How many of these texts give what NumPy gives, those where NumPy is wrong itself, and those that differ."""
    right, off, wrong = 0, 0, []
    listed = iter(listed)
    while rows := list(itertools.islice(listed, 20_000)):
        answers = Engine().answers([line(text, variables) for text, variables, _ in rows])
        for (text, variables, tolerance), given in zip(rows, answers, strict=True):
            expected = numpy_answer(text, variables)
            why = explain(text, variables, expected, given, tolerance)
            if why is None or isinstance(expected, str) and expected == "Data":
                right += 1
            elif is_off(text, variables, expected, given, tolerance):
                off += 1
            else:
                wrong.append((text, {name: array.dtype.name for name, array in variables.items()}, why))
    return right, off, wrong


def tables():
    # The product of π in sinc is rounded in NumPy, so its zeros are not exact.
    listed = [
        (text, variables_of(text, dtypes), 8 if operation in ROUNDED else 0)
        for text, dtypes, operation in cases()
        if operation != "sinc"
    ]
    return compare(listed)


def report(right, off, wrong):
    print(f"NumPy {np.__version__}: {right} equal, {off} where NumPy itself is off, {len(wrong)} differ")
    for text, dtypes, why in wrong[: int(os.environ.get("SHOWN", "60"))]:
        print(f"  {text}  {' '.join(dtypes.values())}: {why}")
    return 1 if wrong else 0


def canonical(array):
    """The bytes of an array with one NaN."""
    array = np.ascontiguousarray(array).copy()
    if array.dtype.kind in "fc":
        view = array.view(array.real.dtype)
        view[np.isnan(view)] = np.nan
    return array.tobytes()


def fingerprint(data):
    """FNV-1a of 32 bits."""
    state = 0x811C9DC5
    for byte in data:
        state = (state ^ byte) * 0x01000193 & 0xFFFFFFFF
    return state


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
    letter = expected.dtype.char.replace("l", "q").replace("L", "Q")
    size = variables_of(text, dtypes)["a"].size
    return f"{letter}{fingerprint(canonical(np.broadcast_to(expected, size))):08x}" if is_certain else letter


def record():
    """Writes the tables."""
    rows = {}
    for text, dtypes, operation in cases():
        rows.setdefault(text, []).append(recorded(text, dtypes, operation))
    with open(os.path.join(TABLES, "operations.txt"), "w") as file:
        file.write(f"# Written by scripts/compare_numpy.py with NumPy {np.__version__}. See tests/numpy/table.rs.\n")
        for name in NAMES:
            for which in ["all", "natural", "nonzero"]:
                array = selected(name, which)
                file.write(f"values {name} {which} {array.tobytes().hex()}\n")
        for text, row in rows.items():
            file.write(f"{text}\t{which_values(text)}\t{' '.join(row)}\n")
    with open(os.path.join(TABLES, "functions.txt"), "w") as file:
        file.write(f"# Written by scripts/compare_numpy.py with NumPy {np.__version__}. See tests/numpy/table.rs.\n")
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
    return 0


class Tree:
    """Random expressions over the variables."""

    def __init__(self, rng, names):
        self.rng, self.names = rng, names

    def expression(self, depth):
        rng = self.rng
        if depth == 0 or rng.random() < 0.15:
            if rng.random() < 0.3:
                return rng.choice(["0", "1", "2", "3", "7", "0.5", "2.5", "1e3", "True", "1j"])
            return rng.choice(self.names)
        kind = rng.random()

        def one():
            return self.expression(depth - 1)

        if kind < 0.6:
            return f"({one()} {rng.choice(OPERATORS)} {one()})"
        if kind < 0.75:
            return f"{rng.choice(EXACT_UNARY)}({one()})"
        if kind < 0.85:
            function, first, second = rng.choice(EXACT_BINARY), one(), one()
            if function == "copysign":
                # The sign of NaN is not said.
                second = f"where({second} == {second}, {second}, 1)"
            return f"{function}({first}, {second})"
        if kind < 0.93:
            return f"{rng.choice(['-', '~', '+'])}{one()}"
        return f"where({one()}, {one()}, {one()})"


EXACT_UNARY = "absolute sign square floor ceil trunc conjugate isnan isinf isfinite logical_not rint sqrt".split()
EXACT_BINARY = "minimum maximum fmin fmax fmod copysign logical_and logical_or logical_xor heaviside".split()


def trees(count, seed):
    return compare(random_trees(count, seed))


def random_trees(count, seed):
    """Random expressions with values for their variables, most of which NumPy does not refuse."""
    rng = random.Random(seed)
    names = dict(zip("abcdefghijklm", NAMES))
    finite = np.array([1, -2.5, 1j, -3j, 0.5 - 2j, -7 - 1j])
    special = {name: values(name) for name in NAMES}
    for name in ["complex64", "complex128"]:
        special[name] = np.concatenate([special[name], np.tile(finite, 6).astype(name)])
    made = 0
    while made < count:
        length = rng.choice([1, 5, 16])
        arrays = {
            letter: special[name][np.array([rng.randrange(len(special[name])) for _ in range(length)])]
            for letter, name in names.items()
        }
        for _ in range(200):
            text = Tree(rng, list(names)).expression(rng.randint(1, 4))
            used = {letter: arrays[letter] for letter in names if letter in set(text)}
            # Letters of function names are no variables, but harmless: they are inputs that are not read.
            if used and not isinstance(numpy_answer(text, used), str) or rng.random() < 0.05:
                yield text, used or {"a": arrays["a"]}, 64
                made += 1
            if made == count:
                break


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


def kernels(count, seed):
    rng = random.Random(seed)
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


def main():
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command == "record":
        return record()
    if command == "tables":
        return report(*tables())
    if command == "trees":
        count = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
        return report(*trees(count, int(sys.argv[3]) if len(sys.argv) > 3 else 1))
    if command == "kernels":
        count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
        return report(*kernels(count, int(sys.argv[3]) if len(sys.argv) > 3 else 1))
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
