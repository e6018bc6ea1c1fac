"""Times operations on strings beside NumPy on the same columns.

    strings.py [N]      N items a column, a million unless given

One thread. The engines of a case take turns, so that a change of clock or load hits both; the best of
the rounds counts. With a million items the columns come from memory: `read` is the time in which NumPy
reads such a column for its maximum, below which no operation on it can come.
"""

import sys
from dataclasses import dataclass
from time import perf_counter

import native
import numpy as np

ROUNDS = 9
SECONDS = 1e-2
"""Least time of one round of one engine."""
WIDTH = 16
LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJ ", np.uint8)
LITERAL = "a word to find"
PART = "abc"
FOUND = 0.15
"""Share of the items that are the literal."""


@dataclass
class Case:
    """One operation on the columns a and b of `<U16` or `S16`."""

    text: str
    numpy: str
    """The NumPy expression; `literal` and `part` are scalars of the family."""
    width: int = 0
    """Units of a result item; 0 for bool."""
    columns: str = "a"


CASES = [
    Case(f"a == '{LITERAL}'", "np.equal(a, literal)"),
    Case("a == b", "np.equal(a, b)", columns="ab"),
    Case("a < b", "np.less(a, b)", columns="ab"),
    Case(f"contains(a, '{PART}')", "np.strings.find(a, part) >= 0"),
    Case(f"startswith(a, '{PART}')", "np.strings.startswith(a, part)"),
    Case("lower(a)", "np.strings.lower(a)", WIDTH),
    Case("a + b", "np.strings.add(a, b)", 2 * WIDTH, "ab"),
    Case(f"a + '{LITERAL}'", "np.strings.add(a, literal)", WIDTH + len(LITERAL)),
]


def column(random, kind, n):
    """`n` values of 4 to 16 random letters, some of them the literal."""
    units = random.choice(LETTERS, (n, WIDTH))
    units[np.arange(WIDTH) >= random.integers(4, WIDTH + 1, n)[:, None]] = 0
    values = units.astype(np.uint32 if kind == "U" else np.uint8).view(f"{kind}{WIDTH}").ravel()
    values[random.random(n) < FOUND] = LITERAL
    return values


def seconds_per_call(function):
    """Time of one call, with as many calls as fill a round."""
    start = perf_counter()
    function()
    calls = max(1, int(SECONDS / (perf_counter() - start)))
    start = perf_counter()
    for _ in range(calls):
        function()
    return (perf_counter() - start) / calls


def measure(library, case, kind, arrays):
    """Best seconds per item of this library, of NumPy, and of reading a column."""
    used = [arrays[name] for name in case.columns]
    n = len(arrays["a"])
    out = np.empty(n, f"{kind}{case.width}" if case.width else bool)
    handle = library.compile(case.text, [(name, arrays[name].dtype) for name in case.columns])
    namespace = {"np": np, "literal": np.array(LITERAL, kind), "part": np.array(PART, kind), **arrays}
    statement = compile(case.numpy, "case", "eval")
    library.evaluate(handle, used, out)
    if not np.array_equal(out, eval(statement, namespace)):
        raise ValueError(f"{case.text}: the results differ")
    words = arrays["a"].view(np.uint64)
    engines = [lambda: library.evaluate(handle, used, out), lambda: eval(statement, namespace), words.max]
    rounds = [[seconds_per_call(engine) for engine in engines] for _ in range(ROUNDS)]
    return [min(times) / n for times in zip(*rounds)]


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    library = native.build([])
    random = np.random.default_rng(7)
    print("| operation | dtype | miniexpr ns/item | NumPy ns/item | times faster | read ns/item |")
    print("|---|---|---:|---:|---:|---:|")
    for kind in "US":
        arrays = {name: column(random, kind, n) for name in "ab"}
        for case in CASES:
            ours, numpy, read = measure(library, case, kind, arrays)
            print(f"| `{case.text}` | {kind}{WIDTH} | {ours * 1e9:.2f} | {numpy * 1e9:.2f} | {numpy / ours:.1f}"
                  f" | {read * 1e9:.2f} |")


if __name__ == "__main__":
    main()
