"""Times evaluations over arrays beside NumPy, numexpr, numba and XLA, and writes report/arrays.md with two charts.

Every line is a ratio of two times of one run, in which both took turns. Broadcasting, strides and axes are
compared with the same work without them, or with NumPy; large arrays with a C loop that stores past the caches.
"""

import ctypes
import os
import subprocess
import time

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=true intra_op_parallelism_threads=2")

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import native
import numba
import numexpr
import numpy as np
import report

jax.config.update("jax_enable_x64", True)
THREADS = min(2, os.cpu_count())
ROUNDS = 9
SIDE = 1000
LARGE = 1 << 24


class Array(ctypes.Structure):
    """`me_array`."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("dtype", ctypes.c_uint),
        ("itemsize", ctypes.c_size_t),
        ("ndim", ctypes.c_int),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
    ]

    @classmethod
    def of(cls, values):
        shape = (ctypes.c_int64 * max(1, values.ndim))(*values.shape)
        strides = (ctypes.c_int64 * max(1, values.ndim))(*values.strides)
        array = cls(
            values.ctypes.data,
            native.DTYPE_CODES[str(values.dtype)],
            0,
            values.ndim,
            ctypes.addressof(shape),
            ctypes.addressof(strides),
        )
        array.kept = values, shape, strides
        return array


class Params(ctypes.Structure):
    """`me_array_params`."""

    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("eval", ctypes.c_uint * 3),
        ("n_threads", ctypes.c_int),
        ("cancel", ctypes.c_void_p),
        ("progress", ctypes.c_void_p),
        ("context", ctypes.c_void_p),
    ]


class CompileParams(ctypes.Structure):
    """`me_compile_params`."""

    _fields_ = [("struct_size", ctypes.c_size_t), ("dialect", ctypes.c_uint), ("jit_mode", ctypes.c_uint)]


NUMPY_DIALECT = 1


class Evaluator:
    """The functions of the library for arrays, as calls without arguments."""

    def __init__(self):
        self.library = native.build([]).library
        self.table = native.Native(self.library).table

    def compile(self, text, columns):
        handle = ctypes.c_void_p()
        params = CompileParams(ctypes.sizeof(CompileParams), NUMPY_DIALECT, 0)
        table = self.table([(name, str(values.dtype)) for name, values in columns.items()])
        status = self.library.me_compile_with(
            text.encode(), table, len(columns), 0, ctypes.byref(params), None, ctypes.byref(handle)
        )
        assert status == 0, text
        return handle

    def arrays(self, text, out, threads=1, **columns):
        """Evaluates over the arrays into `out`."""
        handle = self.compile(text, columns)
        kept = [Array.of(values) for values in columns.values()]
        inputs, output = (Array * len(kept))(*kept), Array.of(out)
        params = Params(struct_size=ctypes.sizeof(Params), n_threads=threads)
        arguments = (handle, inputs, len(kept), ctypes.byref(output), ctypes.byref(params))
        evaluate = self.library.me_eval_arrays

        def call(kept=kept):
            assert evaluate(*arguments) == 0

        return call

    def block(self, text, out, **columns):
        """Evaluates over the same items by `me_eval`."""
        handle = self.compile(text, columns)
        pointers = (ctypes.c_void_p * len(columns))(*[values.ctypes.data for values in columns.values()])
        arguments = (handle, pointers, len(columns), ctypes.c_void_p(out.ctypes.data), out.size, None)
        evaluate = self.library.me_eval

        def call(kept=columns):
            assert evaluate(*arguments) == 0

        return call


def seconds(call, calls):
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def best(*calls):
    """The best time of each call; they take turns."""
    counts = []
    for call in calls:
        call()
        counts.append(max(1, int(2e-3 / max(1e-8, seconds(call, 1)))))
    rounds = [[seconds(call, count) for call, count in zip(calls, counts)] for _ in range(ROUNDS)]
    return [min(times) for times in zip(*rounds)]


def random(dtype, *shape):
    return np.random.default_rng(7).uniform(0.5, 1.5, shape).astype(dtype)


def lines(evaluator, dtype):
    """Rows of the table: work, what it is compared with, the ratio of times, and the most that it may be."""
    ours = evaluator.arrays

    def compare(work, versus, target, call, other):
        time, yardstick = best(call, other)
        return work, dtype, versus, time / yardstick, target

    for n in (16, 1000, 10**6):
        a, b, out = random(dtype, n), random(dtype, n), np.empty(n, dtype)
        yield compare(
            f"`a + b`, {n} items side by side",
            "me_eval",
            1.03,
            ours("a + b", out, a=a, b=b),
            evaluator.block("a + b", out, a=a, b=b),
        )
    a, b, out = random(dtype, SIDE, SIDE), random(dtype, SIDE, SIDE), np.empty((SIDE, SIDE), dtype)
    full = ours("a + b", out, a=a, b=b)
    for name, part in {"a row": b[0], "a column": b[:, :1], "one item": b[:1, :1]}.items():
        yield compare(f"`a + b`, {name} for b", "b of full size", 1.15, ours("a + b", out, a=a, b=part), full)
    fortran = [np.asfortranarray(values) for values in (a, b, out)]
    yield compare(
        "`a + b` in Fortran order", "C order", 1.1, ours("a + b", fortran[2], a=fortran[0], b=fortran[1]), full
    )
    for step in (2, 3):
        wide_a, wide_b = (random(dtype, SIDE, step * SIDE)[:, ::step] for _ in "ab")
        yield compare(
            f"`a + b`, every item of {step}",
            "NumPy",
            1.0,
            ours("a + b", out, a=wide_a, b=wide_b),
            lambda a=wide_a, b=wide_b: np.add(a, b, out=out),
        )
    yield compare(
        "`a + b`, a transposed", "NumPy", 1.0, ours("a + b", out, a=a.T, b=b), lambda: np.add(a.T, b, out=out)
    )
    yield compare(
        "`a*b + a - b*2`, a transposed",
        "NumPy",
        1 / 3,
        ours("a*b + a - b*2", out, a=a.T, b=b),
        lambda: np.copyto(out, a.T * b + a.T - b * 2),
    )
    yield from axes(compare, ours, dtype, a, b)
    yield from large(evaluator, compare, dtype)


def axes(compare, ours, dtype, a, b):
    cube = random(dtype, 100, 100, 100)
    for function in ("sum", "mean", "min", "max"):
        for values, axis in ((a, 0), (a, 1), (cube, (0, 2))):
            reduce = getattr(np, function)
            out = reduce(values, axis=axis)
            yield compare(
                f"`{function}(a, axis={axis})`",
                "NumPy",
                1.0,
                ours(f"{function}(a, axis={axis})", out, a=values),
                lambda reduce=reduce, values=values, axis=axis, out=out: reduce(values, axis=axis, out=out),
            )
    flags = a > 1.6
    out = flags.any(axis=0)
    yield compare(
        "`any(a, axis=0)`", "NumPy", 1.0, ours("any(a, axis=0)", out, a=flags), lambda: np.any(flags, axis=0, out=out)
    )
    rows, columns = np.empty(SIDE, dtype), np.empty(SIDE, dtype)
    yield compare(
        "`sum(a*b, axis=-1)`",
        "NumPy",
        1 / 3,
        ours("sum(a*b, axis=-1)", rows, a=a, b=b),
        lambda: np.sum(a * b, axis=-1, out=rows),
    )
    yield compare(
        "`max(abs(a-b), axis=0)`",
        "NumPy",
        1 / 3,
        ours("max(abs(a-b), axis=0)", columns, a=a, b=b),
        lambda: np.max(np.abs(a - b), axis=0, out=columns),
    )


@numba.njit(parallel=True, fastmath=False)
def numba_fma(a, b, c, out):
    for i in numba.prange(a.size):
        out[i] = a[i] * b[i] + c[i]


def large(evaluator, compare, dtype):
    ours = evaluator.arrays
    a, b, c, out = (random(dtype, LARGE) for _ in range(4))
    one, two = (ours("a*b + c", out, threads, a=a, b=b, c=c) for threads in (1, THREADS))
    if dtype == "float64":
        loop = streamed_fma(a, b, c, out)
        yield compare("`a*b + c`, 2^24 items, one thread", "C loop past the caches", 1.0, one, lambda: loop(1))
        yield compare(
            f"the same, {THREADS} threads", "threaded C loop past the caches", 1.11, two, lambda: loop(THREADS)
        )
    numexpr.set_num_threads(THREADS)
    numba.set_num_threads(THREADS)
    xla = jax.jit(lambda a, b, c: a * b + c)
    on_device = [jnp.asarray(values) for values in (a, b, c)]
    names = {"a": a, "b": b, "c": c}
    others = {
        "numexpr": lambda: numexpr.evaluate("a*b + c", names, out=out),
        "numba": lambda: numba_fma(a, b, c, out),
        "XLA": lambda: xla(*on_device).block_until_ready(),
    }
    for name, other in others.items():
        yield compare(f"`a*b + c`, 2^24 items, {THREADS} threads", name, 1.0, two, other)
    text = "sin(a) * exp(b) + c"
    one, two = (ours(text, out, threads, a=a, b=b, c=c) for threads in (1, THREADS))
    yield compare(f"`{text}`, {THREADS} threads", "one thread", 1 / 1.85, two, one)


def streamed_fma(a, b, c, out):
    shared = native.ROOT / "build" / "bench" / "arrays.so"
    source = native.BENCHES / "arrays.c"
    subprocess.run(["cc", "-O3", "-march=native", "-fPIC", "-shared", "-o", shared, source, "-lpthread"], check=True)
    function = ctypes.CDLL(str(shared)).streamed_fma
    pointers = [ctypes.c_void_p(values.ctypes.data) for values in (a, b, c, out)]
    return lambda threads: function(*pointers, ctypes.c_long(a.size), threads)


def scaling_calls(evaluator, text, xla, n):
    """What is timed for `n` items: a call of each engine."""
    a, b, c, out = (random("float64", n) for _ in range(4))
    device = [jnp.asarray(values) for values in (a, b, c)]
    names = {"a": a, "b": b, "c": c}
    return {
        "miniexpr, 1 thread": evaluator.arrays(text, out, a=a, b=b, c=c),
        f"miniexpr, {THREADS} threads": evaluator.arrays(text, out, THREADS, a=a, b=b, c=c),
        f"numexpr, {THREADS} threads": lambda: numexpr.evaluate(text, names, out=out),
        f"XLA, {THREADS} threads": lambda: xla(*device).block_until_ready(),
    }


def scaling(evaluator):
    """Charts of the time of an item by the number of items, for two expressions."""
    texts = {
        "a*b + c": lambda a, b, c: a * b + c,
        "sin(a) * exp(b) + c": lambda a, b, c: jnp.sin(a) * jnp.exp(b) + c,
    }
    sizes = [10**power for power in range(2, 9)]
    figure, charts = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    numexpr.set_num_threads(THREADS)
    for chart, (text, function) in zip(charts, texts.items()):
        xla = jax.jit(function)
        times = {}
        for n in sizes:
            calls = scaling_calls(evaluator, text, xla, n)
            for name, spent in zip(calls, best(*calls.values())):
                times.setdefault(name, []).append(spent / n * 1e9)
        for (name, values), mark in zip(times.items(), "os^D"):
            chart.loglog(sizes, values, marker=mark, label=name)
        chart.set_title(text)
        chart.set_xlabel("items")
        chart.grid(alpha=0.3)
    charts[0].set_ylabel("nanoseconds an item")
    charts[0].legend()
    figure.tight_layout()
    figure.savefig(report.FOLDER / "arrays.svg")


def main():
    evaluator = Evaluator()
    rows = [row for dtype in ("float64", "float32") for row in lines(evaluator, dtype)]
    met = sum(ratio <= target for *_, ratio, target in rows)
    table = "\n".join(
        f"| {work} | {dtype} | {versus} | {ratio:.2f} | {target:.2f}{'' if ratio <= target else ' **missed**'} |"
        for work, dtype, versus, ratio, target in rows
    )
    scaling(evaluator)
    (report.FOLDER / "arrays.md").write_text(
        "# Arrays\n\n"
        f"{report.machine()} Two threads where that is said; numba {numba.__version__} with `parallel=True`, XLA by "
        f"JAX {jax.__version__}.\n\n"
        "Time relative to that of the work in the third column, best of several rounds in which both took turns. "
        f"{met} of {len(rows)} lines meet their target.\n\n"
        "![Time of an item by the number of items](arrays.svg)\n\n"
        "| work | dtype | beside | ratio | at most |\n|---|---|---|---:|---:|\n" + table + "\n"
    )
    print(table)


if __name__ == "__main__":
    main()
