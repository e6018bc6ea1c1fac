#!/usr/bin/env python3
"""Records what NumPy gives for the operations of kernels, as bits, for the tests under src/kernel."""

import pathlib

import numpy as np

TESTS = pathlib.Path(__file__).parent.parent / "src/kernel/math/tests"
EDGES = [0.0, 1.0, 2.5, 0.1, 1e30, np.inf, np.nan]


def bits(values):
    unsigned = {4: np.uint32, 8: np.uint64}[values.dtype.itemsize]
    return [f"{value:x}" for value in values.copy().view(unsigned)]


def pairs(dtype):
    """Pairs of edge values, quotients near whole numbers, and quotients of every size."""
    random = np.random.default_rng(1)
    info = np.finfo(dtype)
    edges = np.array([s * x for x in [*EDGES, info.max, info.smallest_subnormal] for s in (1, -1)], dtype)
    a, b = (x.ravel() for x in np.meshgrid(edges, edges, indexing="ij"))
    divisors = random.uniform(-9, 9, 60).astype(dtype)
    whole = np.rint(random.uniform(-1, 1, 60) * 2.0 ** random.uniform(0, info.nmant, 60))
    multiples = (divisors * whole).astype(dtype)
    moved = np.nextafter(multiples, dtype(np.inf) * random.choice([-1, 1], 60).astype(dtype))
    wide = (random.uniform(-1, 1, (2, 60)) * 10.0 ** random.uniform(-20, 20, (2, 60))).astype(dtype)
    return np.concatenate([a, multiples, moved, wide[0]]), np.concatenate([b, divisors, divisors, wide[1]])


def floor_division():
    """Lines of dtype, dividend, divisor, quotient and remainder."""
    lines = []
    for dtype in (np.float32, np.float64):
        a, b = pairs(dtype)
        columns = [a, b, np.floor_divide(a, b), np.remainder(a, b)]
        lines += [" ".join([dtype.__name__, *row]) for row in zip(*map(bits, columns))]
    return lines


FUNCTIONS = """sqrt exp expm1 log log2 log10 log1p sin cos tan asin acos atan
    sinh cosh tanh asinh acosh atanh""".split()


def complex_limits():
    """Lines of function, argument and result, by parts."""
    edges = [0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan]
    z = np.array([complex(re, im) for re in edges for im in edges])
    lines = []
    for name in FUNCTIONS:
        result = getattr(np, name)(z)
        columns = [z.real, z.imag, result.real, result.imag]
        lines += [" ".join([name, *row]) for row in zip(*map(bits, columns))]
    return lines


if __name__ == "__main__":
    np.seterr(all="ignore")
    (TESTS / "complex_limits.txt").write_text("\n".join(complex_limits()) + "\n")
    (TESTS / "floor_division.txt").write_text("\n".join(floor_division()) + "\n")
