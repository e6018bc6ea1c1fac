"""Times the engines that run kernels beside C and numba, and writes report/engines.md.

Interpreter, machine code in memory, code of the C compiler (with `-march=native`), a C loop
(`cc -O3 -march=native`) and numba, on the same arrays in turns; blocks of 8192 items in cache, one
thread. Then what it takes to compile a kernel, cold and from the cache in memory.
"""

import contextlib
import os
import tempfile
import time

import native
import numba
import numpy as np
import report
from cases import CASES
from numba_kernels import LOOPS
from run import N, place, seconds_per_call

CHOICES = [
    ("Mandelbrot, 200 passes", "float64"),
    ("Mandelbrot, 200 passes", "float32"),
    ("Newton, 20 steps", "float64"),
    ("three-way branch", "float64"),
    ("polynomial", "float64"),
    ("Black-Scholes", "float64"),
]
ENGINES = {
    "interpreter": {"ME_DSL_JIT": "0"},
    "in memory": {"ME_DSL_JIT_COMPILER": "tcc"},
    "C compiler": {"ME_DSL_JIT_COMPILER": "cc", "CFLAGS": "-march=native"},
}
ROUNDS = 60
"""More than for single operations: loops over branches depend more on what else runs."""
COLUMNS = [*ENGINES, "C loop", "numba"]


@contextlib.contextmanager
def environment(variables):
    """Sets variables, which the library reads at each compilation."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    yield
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


def columns(dtype):
    random = np.random.default_rng(7)
    return [place(random.uniform(-1.5, 0.5, N).astype(dtype), slot) for slot in (1, 2)]


def measure(library, index, case):
    """Best seconds per item of each engine."""
    arrays = columns(case.dtype)
    used = arrays[: len(case.columns)]
    types = [(name, case.dtype) for name in case.columns]
    out = place(np.empty(N, case.dtype), 0)
    timers = {}
    for engine, variables in ENGINES.items():
        with environment(variables):
            handle = library.compile(case.text, types, case.dtype)
        if library.has_kernel(handle) or engine == "interpreter":
            library.evaluate(handle, used, out)
            timers[engine] = lambda calls, handle=handle: library.time_eval(handle, used, out, N, calls)
    loop_arrays = [*arrays, arrays[0]]
    timers["C loop"] = lambda calls: library.time_loop(index, loop_arrays, out, N, calls)
    compiled = numba.njit(LOOPS[case.name])
    compiled(*arrays, out)

    def time_numba(calls):
        start = time.perf_counter()
        for _ in range(calls):
            compiled(*arrays, out)
        return (time.perf_counter() - start) / calls

    timers["numba"] = time_numba
    rounds = {engine: seconds_per_call(timer) for engine, timer in timers.items()}
    times = [{engine: timer() for engine, timer in rounds.items()} for _ in range(ROUNDS)]
    return {engine: min(each[engine] for each in times) / N for engine in rounds}


def measure_compilation(library, case):
    """Milliseconds to compile a kernel of two columns, by what it starts from."""
    text, types = case.text, [("a", "float64"), ("b", "float64")]
    starts = {
        "interpreter only": {"ME_DSL_JIT": "0"},
        "in memory, cold": {"ME_DSL_JIT_POS_CACHE": "0"},
        "in memory, known to the process": {},
        "C compiler, known on disk": {"ME_DSL_JIT_COMPILER": "cc", "ME_DSL_JIT_POS_CACHE": "0"},
        "C compiler, known to the process": {"ME_DSL_JIT_COMPILER": "cc"},
    }
    rows = []
    unknown = text.replace("200", "201")
    with environment({"ME_DSL_JIT_COMPILER": "cc"}):
        rows.append(("C compiler, cold", library.time_compile(unknown, types, 1) * 1e3))
    for name, variables in starts.items():
        with environment(variables):
            library.time_compile(text, types, 1)
            rows.append((name, min(library.time_compile(text, types, 10) for _ in range(ROUNDS)) * 1e3))
    return rows


def table(results):
    lines = [
        f"| kernel | dtype | {' | '.join(COLUMNS)} | in memory / C loop | C compiler / C loop | in memory / numba |",
        "|---|---|" + "---:|" * (len(COLUMNS) + 3),
    ]
    for case, times in results:
        cells = [f"{times[column] * 1e9:.2f}" if column in times else "" for column in COLUMNS]
        for engine, other in (("in memory", "C loop"), ("C compiler", "C loop"), ("in memory", "numba")):
            cells.append(f"{times[engine] / times[other]:.2f}" if engine in times else "")
        lines.append(f"| {case.name} | {case.dtype} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    kernels = (case for case in CASES if case.group == "kernel")
    cases = [case for case in kernels if (case.name, case.dtype) in CHOICES]
    library = native.build(cases)
    with tempfile.TemporaryDirectory() as cache, environment({"TMPDIR": cache}):
        results = [(case, measure(library, index, case)) for index, case in enumerate(cases)]
        compilations = measure_compilation(library, cases[0])
    text = (
        "# Engines of kernels\n\n"
        f"{report.machine()} numba {numba.__version__}.\n\n"
        "Nanoseconds per item, best of several rounds in which the engines took turns. The code of the C compiler\n"
        "is compiled with `CFLAGS=-march=native`, like the C loop.\n\n"
        f"{table(results)}\n\n"
        "## Compilation of the Mandelbrot kernel\n\n"
        "| start | milliseconds |\n|---|---:|\n"
        + "".join(f"| {name} | {milliseconds:.3f} |\n" for name, milliseconds in compilations)
    )
    print(text)
    (report.FOLDER / "engines.md").write_text(text)


if __name__ == "__main__":
    main()
