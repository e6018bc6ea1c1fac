"""Times the replacement of numexpr beside numexpr, and pandas on both, in one run; writes benches/report/numexpr.md.

numexpr_cases.py [ROUNDS]        9 unless given

The two take turns, each as often as fills some milliseconds, and the best of the rounds counts.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import miniexpr.numexpr as ours
import numexpr
import numpy as np

HERE = Path(__file__).parent
SECONDS = 4e-3
"""Least time of one round."""
N = 1_000_000

CASES = [
    ("a+b", "memory"),
    ("2*a + 3*b", "memory"),
    ("a**2 + b**2 + 2*a*b", "products"),
    ("b*c + d*e", "products"),
    (".25*a**3 + .75*a**2 - 1.5*a - 2", "polynomial"),
    ("((.25*a + .75)*a - 1.5)*a - 2", "polynomial"),
    ("a**10", "polynomial"),
    ("(a-b)/(c+d)", "quotient"),
    ("a/2.5 + 1/b", "quotient"),
    ("sqrt(a**2 + b**2)", "root"),
    ("a**2.5", "root"),
    ("sin(a)**2 + cos(b)**2", "functions"),
    ("exp(-a)*log1p(b)", "functions"),
    ("log10(a) + arctan2(a, b)", "functions"),
    ("tanh(a)*sinh(b/100)", "functions"),
    ("a**b", "functions"),
    ("f*g + 2*f", "float32"),
    ("sin(f) + exp(-g)", "float32"),
    ("f*2.5 + a", "mixed"),
    ("i*2 + j", "int32"),
    ("i // 7 + j % 5", "int32"),
    ("i*a + j", "mixed"),
    ("(a > b) & (c <= 2) | (a == d)", "bool"),
    ("(i > 3) & (j < 100)", "bool"),
    ("where(a > b, a, 2*b)", "bool"),
    ("z*z + 2*z", "complex"),
    ("real(sqrt(z)) + real(exp(z))", "complex"),
    ("abs(a - b) > 0.5", "bool"),
    ("u + v", "strided"),
    ("m + row", "broadcast"),
    ("m * column", "broadcast"),
    ("s == b'abc'", "strings"),
    ("sum(a)", "reductions"),
    ("sum(a*b)", "reductions"),
    ("sum(m, axis=0)", "reductions"),
    ("sum(m*m, axis=1)", "reductions"),
    ("prod(a)", "reductions"),
    ("min(a)", "reductions"),
]


def arrays() -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)
    names = {name: random.uniform(0.1, 5, N) for name in "abcde"}
    names.update({name: random.uniform(0.1, 5, N).astype(np.float32) for name in "fg"})
    names.update({name: random.integers(1, 200, N, dtype=np.int32) for name in "ij"})
    names["z"] = names["a"] + 1j * names["b"]
    names["u"], names["v"] = (random.uniform(0, 1, 2 * N)[::2] for _ in range(2))
    names["m"], names["row"], names["column"] = (
        names["a"].reshape(1000, -1),
        names["b"][:1000],
        names["c"][:1000, None],
    )
    names["s"] = random.choice(np.array([b"abc", b"def", b"ab", b"xyz"]), N)
    return names


def best(calls: list, rounds: int) -> list[float]:
    """Seconds of each call."""
    for call in calls:
        call()
    found = [math.inf] * len(calls)
    for _ in range(rounds):
        for index, call in enumerate(calls):
            count, start = 0, time.perf_counter()
            while True:
                call()
                count += 1
                spent = time.perf_counter() - start
                if spent >= SECONDS:
                    break
            found[index] = min(found[index], spent / count)
    return found


def measure(threads: int, rounds: int) -> list[tuple[str, str, float, float]]:
    for module in (numexpr, ours):
        module.set_num_threads(threads)
    names = arrays()
    rows = []
    for text, group in CASES:
        theirs, mine = best(
            [
                lambda t=text: numexpr.evaluate(t, names, {}),
                lambda t=text: ours.evaluate(t, names, {}),
            ],
            rounds,
        )
        if not np.allclose(
            numexpr.evaluate(text, names, {}),
            ours.evaluate(text, names, {}),
            rtol=1e-4,
            atol=1e-4,
            equal_nan=True,
        ):
            raise AssertionError(f"{text} differs")
        rows.append((text, group, theirs, mine))
    return rows


def overhead(rounds: int) -> list[tuple[str, float, float]]:
    """Calls with names from the caller's frame."""

    def first(module, a=np.arange(16.0), b=np.arange(16.0)):  # noqa: B008
        return module.evaluate("a + b")

    def again(module, a=np.arange(16.0), b=np.arange(16.0)):  # noqa: B008
        return module.re_evaluate()

    rows = []
    for name, call in (
        ("evaluate of 16 items", first),
        ("re_evaluate of 16 items", again),
    ):
        first(numexpr), first(ours)
        rows.append(
            (name, *best([lambda c=call: c(numexpr), lambda c=call: c(ours)], rounds))
        )
    return rows


PANDAS = """
import json, sys
if sys.argv[1] == "ours":
    import miniexpr.numexpr
    miniexpr.numexpr.install()
sys.path.insert(0, sys.argv[2])
import numpy as np, pandas as pd, numexpr
from numexpr_cases import best
assert ("miniexpr" in numexpr.__file__) == (sys.argv[1] == "ours")
random = np.random.default_rng(1)
df = pd.DataFrame({name: random.random(1_000_000) for name in "abc"})
x, y = df.a, df.b
calls = {
    "pd.eval('x + y * 2')": lambda: pd.eval("x + y * 2", local_dict={"x": x, "y": y}),
    "df.eval('a * b + sin(c)')": lambda: df.eval("a * b + sin(c)"),
    "df.query('a < b and c > 0.9')": lambda: df.query("a < b and c > 0.9"),
    "df.query('(a - b)**2 < 0.01')": lambda: df.query("(a - b)**2 < 0.01"),
    "df + df": lambda: df + df,
}
print(json.dumps(dict(zip(calls, best(list(calls.values()), int(sys.argv[3]))))))
"""


def pandas(rounds: int) -> list[tuple[str, float, float]]:
    """Each in processes of its own, which take turns."""
    found: dict[str, dict[str, float]] = {"theirs": {}, "ours": {}}
    environment = {**os.environ, "NUMEXPR_NUM_THREADS": "2"}
    for _ in range(3):
        for which, times in found.items():
            command = [
                sys.executable,
                "-c",
                PANDAS,
                which,
                str(HERE),
                str(max(2, rounds // 2)),
            ]
            for name, seconds in json.loads(
                subprocess.check_output(command, env=environment)
            ).items():
                times[name] = min(times.get(name, math.inf), seconds)
    return [
        (name, seconds, found["ours"][name])
        for name, seconds in found["theirs"].items()
    ]


def mean(ratios: list[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    lines = ["# Beside numexpr", ""]
    lines += [
        f"`scripts/bench.sh numexpr`: numexpr {numexpr.__version__}, arrays of {N:,} items, milliseconds.",
        "",
    ]
    lines += [
        "| text | kind | 1 thread: numexpr | ours | ratio | 2 threads: numexpr | ours | ratio |"
    ]
    lines += ["|---|---|--:|--:|--:|--:|--:|--:|"]
    tables = [measure(threads, rounds) for threads in (1, 2)]
    for one, two in zip(*tables, strict=True):
        cells = [
            f"{1e3 * t:.3f} | {1e3 * m:.3f} | {t / m:.2f}" for _, _, t, m in (one, two)
        ]
        text = one[0].replace("|", "\\|")
        lines.append(f"| `{text}` | {one[1]} | {' | '.join(cells)} |")
    means = [mean([t / m for _, _, t, m in table]) for table in tables]
    lines += [
        "",
        f"Geometric means of the ratios: {means[0]:.2f} with one thread, {means[1]:.2f} with two.",
        "",
    ]
    lines += ["| call | numexpr, µs | ours | ratio |", "|---|--:|--:|--:|"]
    rows = overhead(4 * rounds)
    lines += [
        f"| {name} | {1e6 * t:.1f} | {1e6 * m:.1f} | {t / m:.2f} |"
        for name, t, m in rows
    ]
    lines += [
        "",
        "| pandas, 10^6 rows, 2 threads | with numexpr, ms | with ours | ratio |",
        "|---|--:|--:|--:|",
    ]
    lines += [
        f"| `{name}` | {1e3 * t:.2f} | {1e3 * m:.2f} | {t / m:.2f} |"
        for name, t, m in pandas(rounds)
    ]
    text = "\n".join(lines) + "\n"
    (HERE / "report" / "numexpr.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
