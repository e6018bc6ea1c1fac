"""Times two builds of the library beside each other on the cases of the benchmark.

    compare.py OLD.a NEW.a [GROUP or NAME ...]

Prints the speed of the new build as a multiple of the old one's: every computation that is slower than
0.95, and the geometric mean of all. The builds take turns on the same arrays; the best of the rounds counts.
"""

import math
import sys

import native
import numpy as np
from cases import CASES
from run import ROUNDS, N, columns, place, seconds_per_call

SHOWN_BELOW = 0.95


def speed(libraries, case):
    """The new build's speed over the old one's."""
    arrays = columns(case)
    used = [arrays[name] for name in case.columns]
    types = [(name, arrays[name].dtype.name) for name in case.columns]
    out = place(np.empty(N, case.output), 0)

    def timer(library):
        handle = library.compile(case.text, types, case.output)
        library.evaluate(handle, used, out)
        return seconds_per_call(lambda calls: library.time_eval(handle, used, out, N, calls))

    timers = [timer(library) for library in libraries]
    rounds = [[timer() for timer in timers] for _ in range(2 * ROUNDS)]
    old, new = (min(times) for times in zip(*rounds))
    return old / new


def short_calls(libraries):
    """The same for calls of few items, and for compiling."""
    a, b, out = np.ones(16), np.ones(16), np.empty(16)
    types = [(name, "float64") for name in "abc"]

    def evaluation(n):
        def timer(library):
            handle = library.compile("a + b", types[:2])
            return seconds_per_call(lambda calls: library.time_eval(handle, [a, b], out, n, calls))

        return timer

    def compilation(library):
        text = "sqrt(a*a + b*b) * sin(c)"
        return seconds_per_call(lambda calls: library.time_compile(text, types, calls))

    for name, make in (("a + b, n = 1", evaluation(1)), ("a + b, n = 16", evaluation(16)), ("compile", compilation)):
        timers = [make(library) for library in libraries]
        rounds = [[timer() for timer in timers] for _ in range(4 * ROUNDS)]
        old, new = (min(times) for times in zip(*rounds))
        yield name, old / new


def main():
    old, new, *wanted = sys.argv[1:]
    cases = [case for case in CASES if not wanted or {case.group, case.name} & set(wanted)]
    libraries = [native.build([], old), native.build([], new)]
    speeds = []
    for case in cases:
        ratio = speed(libraries, case)
        if ratio < SHOWN_BELOW:
            # Another look, as the machine may have been at something else.
            ratio = max(ratio, speed(libraries, case))
        speeds.append(ratio)
        if ratio < SHOWN_BELOW or wanted:
            print(f"{ratio:5.2f}  {case.group:<10} {case.name:<20} {case.dtype}", flush=True)
    for name, ratio in short_calls(libraries):
        print(f"{ratio:5.2f}  {name}")
    mean = math.exp(sum(map(math.log, speeds)) / len(speeds))
    print(f"{len(speeds)} computations: geometric mean {mean:.3f}, least {min(speeds):.2f}")


if __name__ == "__main__":
    main()
