"""Times this library beside C loops, NumPy and numexpr on the same arrays, and writes a report.

    run.py [GROUP or NAME ...]      only the cases whose group or name is given

Blocks of 8192 items, one thread, data in cache. The engines of a case take turns, so that a change
of clock or load hits all of them; the best of the rounds counts.
"""

import sys
import warnings

import native
import numexpr
import numpy as np
import report
from cases import CASES

N = 8192
ROUNDS = 9
SECONDS = 1e-3
"""Least time of one round of one engine."""


def place(array, slot):
    """A copy of `array` on a cache line whose place within its page depends on `slot`.

    Arrays at the same place of their pages slow each other down (4 KiB aliasing), by chance of the
    allocator and differently for each engine.
    """
    page, stagger = 4096, 832
    memory = np.empty(array.nbytes + 2 * page, np.uint8)
    start = -memory.ctypes.data % page + slot * stagger
    copy = memory[start : start + array.nbytes].view(array.dtype)
    copy[:] = array
    return copy


def columns(case):
    """The arrays of a case: values for which every operation is defined and no division traps."""
    random = np.random.default_rng(7)
    dtype = np.dtype(case.dtype)

    def values(low, high):
        numbers = random.uniform(low, high, N)
        if dtype.kind == "c":
            return (numbers + 1j * random.uniform(low, high, N)).astype(dtype)
        return numbers.astype(dtype) if dtype.kind == "f" else np.rint(numbers).astype(dtype)

    if case.group == "function":
        low, high = {"asin": (-1, 1), "acos": (-1, 1), "log1p": (0, 10)}.get(case.name, (0.1, 10))
    elif case.group == "kernel":
        low, high = -1.5, 0.5
    else:
        low, high = (0, 1) if dtype.kind == "b" else (1, 5)
    arrays = {name: values(low, high) for name in "abc"}
    arrays["m"] = random.random(N) < 0.5
    return {name: place(array, slot) for slot, (name, array) in enumerate(arrays.items(), start=1)}


def seconds_per_call(time_calls):
    """The rate of `time_calls(calls)`, with as many calls as fill a round."""
    calls = 1
    while (elapsed := time_calls(calls) * calls) < SECONDS / 4:
        calls *= 2
    return lambda: time_calls(max(1, int(calls * SECONDS / elapsed)))


def python_timer(statement, namespace):
    """Times a Python statement per call, without the cost of the loop around it."""
    code = compile(f"for _ in range(calls):\n    {statement}", "case", "exec")
    from time import perf_counter

    def time_calls(calls):
        namespace["calls"] = calls
        start = perf_counter()
        exec(code, namespace)
        return (perf_counter() - start) / calls

    return time_calls


def measure(library, index, case):
    """Best seconds per item of each engine that has the computation."""
    arrays = columns(case)
    used = [arrays[name] for name in case.columns]
    types = [(name, arrays[name].dtype.name) for name in case.columns]
    out = place(np.empty(N, case.output), 0)
    handle = library.compile(case.text, types, case.output, case.dialect)
    library.evaluate(handle, used, out)
    loop_arrays = [arrays["a"], arrays["b"], arrays["m"] if "m" in case.columns else arrays["c"]]
    engines = {
        "miniexpr": seconds_per_call(lambda calls: library.time_eval(handle, used, out, N, calls)),
    }
    if case.c:
        engines["c"] = seconds_per_call(lambda calls: library.time_loop(index, loop_arrays, out, N, calls))
    namespace = {"np": np, "ne": numexpr, "out": out, **arrays}
    if case.numpy:
        engines["numpy"] = seconds_per_call(python_timer(case.numpy, namespace))
    if case.numexpr:
        statement = f"ne.evaluate({case.numexpr!r}, out=out, casting='unsafe')"
        engines["numexpr"] = seconds_per_call(python_timer(statement, namespace))
    rounds = [{name: engine() for name, engine in engines.items()} for _ in range(ROUNDS)]
    return {name: min(times[name] for times in rounds) / N for name in engines}


def measure_calls(library):
    """Seconds of short calls and of compiling."""
    a, b = np.ones(16), np.ones(16)
    out = np.empty(16)
    handle = library.compile("a + b", [("a", "float64"), ("b", "float64")])
    rows = []
    for n, target in ((1, 60e-9), (16, 100e-9)):
        timer = seconds_per_call(lambda calls, n=n: library.time_eval(handle, [a, b], out, n, calls))
        rows.append((f"evaluate `a + b` with n = {n}", min(timer() for _ in range(ROUNDS)), target))
    text = "sqrt(a*a + b*b) * sin(c)"
    types = [(name, "float64") for name in "abc"]
    timer = seconds_per_call(lambda calls: library.time_compile(text, types, calls))
    rows.append((f"compile `{text}`", min(timer() for _ in range(ROUNDS)), 10e-6))
    return rows


def main():
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    numexpr.set_num_threads(1)
    wanted = set(sys.argv[1:])
    library = native.build(CASES)
    results = []
    for index, case in enumerate(CASES):
        if not wanted or wanted & {case.group, case.name}:
            results.append((case, measure(library, index, case)))
    calls = measure_calls(library)
    print(report.summary(results, calls))
    if not wanted:
        report.write(results, calls)


if __name__ == "__main__":
    main()
