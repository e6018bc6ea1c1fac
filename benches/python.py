"""Times the Python package beside NumPy, numexpr and numba, on the same arrays; writes benches/report/python.md.

Usage: python benches/python.py
"""

import pathlib
import platform
import statistics
import subprocess
import sys
import time
import timeit

import miniexpr as me
import numexpr
import numpy as np

REPORT = pathlib.Path(__file__).parent / "report/python.md"
ITEMS = 10_000_000
CHAINS = [
    "a + b",
    "2*a + 3*b",
    "a*b - 4.1*a > 2.5*b",
    "sin(a)**2 + cos(b)**2",
    "exp(-a*a) * sqrt(b)",
    "where(a > b, a, b) / (abs(a) + 1)",
    "(a + b)**3 - a**2 * b",
    "log1p(a) + arctan2(a, b)",
    "((a*1.5 + 2)*a + b)*a - b",
    "sum(a*b)",
]
MANDELBROT = """
def escape(cr, ci):
    zr = zi = 0.0
    for i in range(200):
        if zr*zr + zi*zi > 4.0:
            return i
        zr, zi = zr*zr - zi*zi + cr, 2*zr*zi + ci
    return 200
"""
FIRST_CALL = {
    "miniexpr": f"import numpy as np, time, miniexpr\n{MANDELBROT}\ndecorate = miniexpr.kernel",
    "numba": f"import numpy as np, time, numba\n{MANDELBROT}\ndecorate = numba.vectorize",
}


def best(function, number=1, repeat=7):
    """Seconds of the fastest of several runs."""
    return min(timeit.repeat(function, number=number, repeat=repeat)) / number


def small_calls():
    """Microseconds of a call on 16 items."""
    a, b = np.arange(16.0), np.arange(16.0)
    f = me.compile("a + b", a="f8", b="f8")
    # Parameters are variables of the frame in which texts look for names.
    calls = {
        "NumPy `a + b`": lambda a=a, b=b: a + b,
        "numexpr `evaluate`": lambda a=a, b=b: numexpr.evaluate("a + b"),
        "miniexpr `evaluate`": lambda a=a, b=b: me.evaluate("a + b"),
        "miniexpr `f(a, b)`": lambda a=a, b=b: f(a, b),
    }
    return {name: 1e6 * best(call, 20_000) for name, call in calls.items()}


def chains(threads):
    """Milliseconds of NumPy, numexpr and miniexpr for each expression."""
    random = np.random.default_rng(0)
    variables = {"a": random.random(ITEMS), "b": random.random(ITEMS)}
    functions = {name: getattr(np, name) for name in "sin cos exp sqrt abs where log1p arctan2 sum".split()}
    numexpr.set_num_threads(threads)
    for text in CHAINS:
        code = compile(text, text, "eval")
        yield (
            text,
            1e3 * best(lambda code=code: eval(code, dict(functions), variables), repeat=3),
            1e3 * best(lambda text=text: numexpr.evaluate(text, variables), repeat=5),
            1e3 * best(lambda text=text: me.evaluate(text, variables, threads=threads), repeat=5),
        )


def first_call(name):
    """Milliseconds from the decorator to a picture of the Mandelbrot set, in a process of its own; of a second call."""
    # A function must have a source: the program is a file.
    program = REPORT.with_name(f"first_call_{name}.py")
    program.write_text(
        FIRST_CALL[name]
        + """
x, y = np.linspace(-2, 1, 600), np.linspace(-1.5, 1.5, 400)[:, None]
start = time.perf_counter()
function = decorate(escape)
function(x, y)
middle = time.perf_counter()
function(x, y)
print(1e3 * (middle - start), 1e3 * (time.perf_counter() - middle))
"""
    )
    try:
        command = [sys.executable, program]
        runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() for _ in range(3)]
    finally:
        program.unlink()
    return min(float(run[0]) for run in runs), min(float(run[1]) for run in runs)


def main():
    lines = [
        "# The Python package beside others",
        "",
        f"{platform.processor() or platform.machine()}, CPython {platform.python_version()}, NumPy {np.__version__}, "
        f"numexpr {numexpr.__version__}; {time.strftime('%Y-%m-%d')}, `scripts/bench.sh python`.",
        "",
        "## A call on 16 items",
        "",
        "| | µs |",
        "|---|---|",
        *(f"| {name} | {value:.2f} |" for name, value in small_calls().items()),
    ]
    for threads in (1, 2):
        ratios = []
        lines += ["", f"## {ITEMS:,} float64, {threads} thread{'s' * (threads > 1)}: ms", ""]
        lines += ["| expression | NumPy | numexpr | miniexpr | numexpr / miniexpr |", "|---|---|---|---|---|"]
        for text, plain, other, ours in chains(threads):
            ratios.append(other / ours)
            lines.append(f"| `{text}` | {plain:.1f} | {other:.1f} | {ours:.1f} | {other / ours:.2f} |")
        lines += ["", f"Geometric mean of the last column: {statistics.geometric_mean(ratios):.2f}."]
    lines += ["", "## A Mandelbrot kernel of 240,000 points: ms", "", "| | first call, compiled in it | second call |"]
    lines += ["|---|---|---|"]
    for name in FIRST_CALL:
        first, second = first_call(name)
        lines.append(f"| {name} | {first:.1f} | {second:.1f} |")
    REPORT.write_text("\n".join(lines) + "\n")
    print(REPORT.read_text())


if __name__ == "__main__":
    main()
