"""What the programs share that compare a dialect with its original: values, the engine, random trees, reports, tables.

Imported before NumPy is.
"""

import itertools
import os
import random
import subprocess
import sys

# Where NumPy finds fused operations it does not round one of the products in each part of a complex product. Those of
# every processor are compared. Must be set before NumPy is loaded, which warns of what the processor has not.
os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", "X86_V3 X86_V4 AVX512_ICL AVX512_SPR")

import numpy as np  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NAMES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128".split()
# Complex numbers with which little overflows.
FINITE = np.array([1, -2.5, 1j, -3j, 0.5 - 2j, -7 - 1j])

# What an original may answer in place of an array: that it refuses the text, or the values.
REFUSED, REFUSED_VALUES = "Error", "Data"


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


def variables_of(dtypes, last):
    """One or two variables of these dtypes, the last of which has the values `last`: each value beside each."""
    if len(dtypes) == 1:
        return {"a": last}
    first = values(dtypes[0])
    return {"a": np.repeat(first, len(last)), "b": np.tile(last, len(first))}


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


def explain(variables, expected, given, tolerance):
    """What is different, or None. Values that the original refuses are nobody's to compare."""
    if isinstance(given, str):
        return None if isinstance(expected, str) else f"refused: {given}"
    if isinstance(expected, str):
        return None if expected == REFUSED_VALUES else f"refused there ({expected})"
    if expected.dtype != given.dtype:
        return f"dtype {given.dtype}, there {expected.dtype}"
    if expected.size != given.size:
        expected = np.broadcast_to(expected, given.shape) if given.size > 1 else expected.reshape(-1)
    found = differences(expected.reshape(-1), given, tolerance)
    if len(found) == 0:
        return None
    index = found[0]
    operands = ", ".join(f"{name}={array[index]!r}" for name, array in variables.items())
    return f"{len(found)} of {given.size} items: {operands}: {given[index]!r}, there {expected.reshape(-1)[index]!r}"


def compare(engine, rows, is_off=lambda *row: False):
    """How many of these texts give what the original gives, those where it is off itself, and those that differ.

    Rows are a text, its variables, what the original gives and a tolerance; `is_off` also gets what the engine gives.
    """
    right, off, wrong = 0, 0, []
    rows = iter(rows)
    while some := list(itertools.islice(rows, 20_000)):
        answers = engine.answers([line(text, variables) for text, variables, _, _ in some])
        for (text, variables, expected, tolerance), given in zip(some, answers, strict=True):
            why = explain(variables, expected, given, tolerance)
            if why is None:
                right += 1
            elif is_off(text, variables, expected, given, tolerance):
                off += 1
            else:
                wrong.append((text, {name: array.dtype.name for name, array in variables.items()}, why))
    return right, off, wrong


def report(original, right, off, wrong):
    """Prints what a comparison found; gives the exit status."""
    name = f"{original.__name__} {original.__version__}"
    print(f"{name}: {right} equal, {off} where it is off itself, {len(wrong)} differ")
    for text, dtypes, why in wrong[: int(os.environ.get("SHOWN", "60"))]:
        print(f"  {text}  {' '.join(dtypes.values())}: {why}")
    return 1 if wrong else 0


class Tree:
    """Random expressions over variables. What a dialect has is in the attributes; methods may be another's."""

    literals, operators, functions, functions_of_two = [], [], [], []

    def __init__(self, rng, names):
        self.rng, self.names = rng, names

    def expression(self, depth):
        rng = self.rng
        if depth == 0 or rng.random() < 0.15:
            return rng.choice(self.literals if rng.random() < 0.3 else self.names)
        kind = rng.random()

        def one():
            return self.expression(depth - 1)

        if kind < 0.6:
            return self.operation(one)
        if kind < 0.75:
            return f"{rng.choice(self.functions)}({one()})"
        if kind < 0.85:
            return self.call(rng.choice(self.functions_of_two), one(), one())
        if kind < 0.93:
            return f"{rng.choice(['-', '~', '+'])}{one()}"
        return self.selection(one)

    def operation(self, one):
        return f"({one()} {self.rng.choice(self.operators)} {one()})"

    def call(self, function, first, second):
        return f"{function}({first}, {second})"

    def selection(self, one):
        return f"where({one()}, {one()}, {one()})"


def random_trees(tree, rng, letters, special):
    """Random texts, the values of the variables in each, and those of all variables.

    `letters` are the names of variables of each dtype, `special` their values. Letters of function names are no
    variables, but harmless: they are inputs that are not read.
    """
    names = dict(zip(letters, NAMES))
    while True:
        length = rng.choice([1, 5, 16])
        arrays = {
            letter: special[name][np.array([rng.randrange(len(special[name])) for _ in range(length)])]
            for letter, name in names.items()
        }
        for _ in range(200):
            text = tree(rng, list(names)).expression(rng.randint(1, 4))
            yield text, {letter: arrays[letter] for letter in names if letter in set(text)}, arrays


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


def cell(expected, size, is_certain):
    """What a table says of a result: the letter of its dtype, and the fingerprint of its bits if they are certain."""
    letter = expected.dtype.char.replace("l", "q").replace("L", "Q")
    if not is_certain:
        return letter
    return f"{letter}{fingerprint(canonical(np.broadcast_to(expected, size))):08x}"


def write_table(path, head, cases, recorded, selected, selections, which_values):
    """Writes the cells of all cases to a file, with the values that the last operands have."""
    rows = {}
    for text, dtypes, operation in cases:
        rows.setdefault(text, []).append(recorded(text, dtypes, operation))
    with open(path, "w") as file:
        file.write(f"# {head}\n")
        for name in NAMES:
            for which in selections:
                file.write(f"values {name} {which} {selected(name, which).tobytes().hex()}\n")
        for text, row in rows.items():
            file.write(f"{text}\t{which_values(text)}\t{' '.join(row)}\n")


def main(documentation, original, record, tables, random_comparisons):
    """Does what the arguments say; gives the exit status.

    `random_comparisons` are functions of a random generator and a count by their names, each with the count if none is
    given.
    """
    command, *arguments = sys.argv[1:] or [""]
    if command == "record":
        record()
        return 0
    if command == "tables":
        return report(original, *tables())
    if command in random_comparisons:
        comparison, count = random_comparisons[command]
        count, seed, *_ = [*map(int, arguments), *[count, 1][len(arguments) :]]
        return report(original, *comparison(random.Random(seed), count))
    print(documentation)
    return 2
