"""Draws the Mandelbrot set with a kernel, compiled and interpreted, and compares results and times."""

import time

from expressions import JIT_DEFAULT, JIT_OFF, Expression, array

COLUMNS, ROWS = 64, 20
SCALE = 8
SHADES = " .:-=+*%@#"
KERNEL = """
def mandelbrot(x, y):
    zr = 0.0
    zi = 0.0
    for step in range(200):
        if zr * zr + zi * zi > 4.0:
            return float(step)
        new = zr * zr - zi * zi + x
        zi = 2.0 * zr * zi + y
        zr = new
    return 200.0
"""


def points():
    """Real and imaginary parts of the points of a picture, SCALE * SCALE of them for a character."""
    columns, rows = COLUMNS * SCALE, ROWS * SCALE
    real = [-2.1 + 2.7 * column / columns for column in range(columns)]
    imaginary = [-1.15 + 2.3 * row / rows for row in range(rows)]
    return array(*real * rows), array(*(y for y in imaginary for _ in real))


def best_time(expression, out, inputs, jit_mode):
    """Seconds of the fastest of five evaluations."""

    def seconds():
        start = time.perf_counter()
        expression.evaluate(out, *inputs, jit_mode=jit_mode)
        return time.perf_counter() - start

    return min(seconds() for _ in range(5))


def draw(steps):
    """Prints one point of SCALE * SCALE."""
    for row in range(0, ROWS * SCALE, SCALE):
        line = steps[row * COLUMNS * SCALE : (row + 1) * COLUMNS * SCALE : SCALE]
        print("  " + "".join(SHADES[min(9, int(step) // 3)] for step in line).rstrip())


def run(library):
    """Tells whether the kernel is compiled and both engines agree."""
    inputs = points()
    compiled, interpreted = (array(*[0.0] * len(inputs[0])) for _ in range(2))
    with Expression(library, KERNEL, "x", "y") as expression:
        has_kernel = expression.has_kernel()
        fast = best_time(expression, compiled, inputs, JIT_DEFAULT)
        slow = best_time(expression, interpreted, inputs, JIT_OFF)
    draw(compiled)
    agree = bytes(compiled) == bytes(interpreted)
    print(f"  {len(compiled)} points: compiled {fast * 1e3:.2f} ms, interpreted {slow * 1e3:.2f} ms,", end=" ")
    print(f"{slow / fast:.1f} times as fast; results {'agree' if agree else 'differ'}")
    return has_kernel and agree
