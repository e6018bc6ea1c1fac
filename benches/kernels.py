"""Kernels with loops and branches: the source text, and the same in C as a statement expression of GCC."""

KERNELS = {
    "Mandelbrot, 200 passes": (
        """def mandelbrot(a, b):
    x = 0.0
    y = 0.0
    passes = 0.0
    for i in range(200):
        if x * x + y * y > 4.0:
            break
        t = x * x - y * y + a
        y = 2.0 * x * y + b
        x = t
        passes = passes + 1.0
    return passes
""",
        """({ T x = 0, y = 0, passes = 0;
           for (int k = 0; k < 200; k++) {
               if (x * x + y * y > 4) break;
               T t = x * x - y * y + a;
               y = 2 * x * y + b;
               x = t;
               passes += 1;
           }
           passes; })""",
    ),
    "Newton, 20 steps": (
        """def newton(a):
    square = a * a + 1.0
    root = square
    for i in range(20):
        root = root - (root * root - square) / (2.0 * root)
    return root
""",
        """({ T square = a * a + 1, root = square;
           for (int k = 0; k < 20; k++) root -= (root * root - square) / (2 * root);
           root; })""",
    ),
    "three-way branch": (
        """def branch(a, b):
    if a < -1.0:
        return a * a + b
    elif a < 0.0:
        return a * 2.0 - b
    return a / 3.0 + 1.0
""",
        "(a < -1 ? a * a + b : a < 0 ? a * 2 - b : a / 3 + 1)",
    ),
    "polynomial": (
        """def polynomial(a):
    return ((((2.0 * a - 3.0) * a + 5.0) * a - 7.0) * a + 11.0) * a - 13.0
""",
        "(((((2 * a - 3) * a + 5) * a - 7) * a + 11) * a - 13)",
    ),
    "Black-Scholes": (
        """def black_scholes(a, b):
    spot = 80.0 + 20.0 * b
    time = 2.0 + 0.1 * a
    width = 0.2 * sqrt(time)
    d1 = (log(spot / 100.0) + 0.07 * time) / width
    d2 = d1 - width
    return 0.5 * (spot * (1.0 + erf(d1 * 0.7071067811865476))
                  - 100.0 * exp(-0.05 * time) * (1.0 + erf(d2 * 0.7071067811865476)))
""",
        """({ T spot = 80 + 20 * b, time = 2 + (T)0.1 * a, width = (T)0.2 * sqrt(time);
           T d1 = (log(spot / 100) + (T)0.07 * time) / width, d2 = d1 - width;
           (T)0.5 * (spot * (1 + erf(d1 * (T)0.7071067811865476))
                     - 100 * exp((T)-0.05 * time) * (1 + erf(d2 * (T)0.7071067811865476))); })""",
    ),
}
