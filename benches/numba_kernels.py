"""The kernels of `kernels.py` as loops for numba: columns a and b to out."""

import math


def mandelbrot(a, b, out):
    for i in range(len(out)):
        x = y = passes = out.dtype.type(0)
        for _ in range(200):
            if x * x + y * y > 4:
                break
            t = x * x - y * y + a[i]
            y = x * y + x * y + b[i]
            x = t
            passes += out.dtype.type(1)
        out[i] = passes


def newton(a, b, out):
    for i in range(len(out)):
        square = a[i] * a[i] + 1
        root = square
        for _ in range(20):
            root = root - (root * root - square) / (2 * root)
        out[i] = root


def branch(a, b, out):
    for i in range(len(out)):
        if a[i] < -1:
            out[i] = a[i] * a[i] + b[i]
        elif a[i] < 0:
            out[i] = a[i] * 2 - b[i]
        else:
            out[i] = a[i] / 3 + 1


def polynomial(a, b, out):
    for i in range(len(out)):
        x = a[i]
        out[i] = ((((2 * x - 3) * x + 5) * x - 7) * x + 11) * x - 13


def black_scholes(a, b, out):
    for i in range(len(out)):
        spot = 80 + 20 * b[i]
        years = 2 + 0.1 * a[i]
        width = 0.2 * math.sqrt(years)
        d1 = (math.log(spot / 100) + 0.07 * years) / width
        d2 = d1 - width
        out[i] = 0.5 * (
            spot * (1 + math.erf(d1 * 0.7071067811865476))
            - 100 * math.exp(-0.05 * years) * (1 + math.erf(d2 * 0.7071067811865476))
        )


LOOPS = {
    "Mandelbrot, 200 passes": mandelbrot,
    "Newton, 20 steps": newton,
    "three-way branch": branch,
    "polynomial": polynomial,
    "Black-Scholes": black_scholes,
}
