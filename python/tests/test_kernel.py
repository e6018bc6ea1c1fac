"""Kernels from Python functions."""

import cmath
import copy
import linecache
import math
import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import miniexpr as me

LIMIT = 4.0
PASSES = 60


@me.kernel
def escape(cr, ci):
    """When a point leaves the circle."""
    zr = zi = 0.0
    for i in range(PASSES):
        if zr * zr + zi * zi > LIMIT:
            return i
        zr, zi = zr * zr - zi * zi + cr, 2 * zr * zi + ci
    return PASSES


def each(function, *arrays):
    """What a function of numbers gives for each item."""
    arrays = np.broadcast_arrays(*arrays)
    items = zip(*(array.ravel().tolist() for array in arrays), strict=True)
    return np.array([function(*item) for item in items]).reshape(arrays[0].shape)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_mandelbrot(dtype):
    cr, ci = np.linspace(-2, 1, 16, dtype=dtype), np.linspace(-1.5, 1.5, 12, dtype=dtype)[:, None]
    result = escape(cr, ci)
    assert result.dtype == np.int64
    np.testing.assert_array_equal(result, each(lambda *c: escape.py_func(*np.array(c, dtype)), cr, ci))


def test_looks_like_the_function():
    assert (escape.__name__, escape.__doc__) == ("escape", "When a point leaves the circle.")
    assert escape.__module__ == __name__
    assert escape.__wrapped__ is escape.py_func
    assert repr(escape) == "<kernel escape(cr, ci)>"
    assert escape.text.startswith("def escape(cr, ci):\n")


def test_arguments():
    c = np.array([0.0, 1.0])
    expected = [60, 3]
    for result in (escape(c, 0.0), escape(ci=0.0, cr=c), escape(c, ci=0)):
        assert result.tolist() == expected
    assert escape(0.0, 0.0) == 60
    for args, kwargs in [((c,), {}), ((c, c, c), {}), ((c, c), {"ci": c}), ((c,), {"co": c}), ((), {"cr": c})]:
        with pytest.raises(TypeError, match="escape"):
            escape(*args, **kwargs)
    with pytest.raises(me.DTypeError, match="object"):
        escape(c, np.array([None, None]))


def test_options():
    c = np.linspace(-1, 1, 5)
    out = np.empty(5, "f4")
    assert escape(c, 0.1, out=out, threads=1) is out
    assert escape(c, 0.1, dtype="f8").dtype == np.float64


def make(source, **outside):
    """A kernel of a source text."""
    source = textwrap.dedent(source)
    name = f"<source {abs(hash(source))}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    namespace = {"math": math, "cmath": cmath, "np": np, **outside}
    exec(compile(source, name, "exec"), namespace)
    return me.kernel(namespace["f"])


FLOATS = np.array([-2.5, -1.0, -0.0, 0.25, 1.0, 3.75, 6.0])
INTEGERS = np.arange(-4, 8)

ON_FLOATS = [
    "return x",
    "return x // 0.75 + x % 0.75 - x**2 / 3",
    "return -x if x < 0 else +x",
    "return 1.0 if 0 < x <= 3 else 0.0",
    "return x > 0 and x < 2 or not x > -2",
    "return min(x, 2.0) + max(x, 0.0, -x)",
    "return abs(x) + round(x) + math.fabs(x)",
    "return math.floor(x) + math.ceil(x) + math.trunc(x) + int(x)",
    "return math.sqrt(abs(x)) + math.atan2(x, 2) + math.hypot(x, 1) + math.copysign(1, x) + math.fmod(x, 2)",
    "return math.sin(x) + math.acosh(2 + abs(x)) + math.log(abs(x) + 1, 10) + math.pow(2.0, x) + pow(x, 3)",
    "return math.pi * math.e + x * math.inf if x > 0 else -math.inf",
    "return np.where(x > 1, np.exp(-x), np.cos(x)) + np.maximum(x, 0) + np.sign(x)",
    "return math.erf(x) + math.gamma(abs(x) + 1) + math.lgamma(abs(x) + 1)",
    "return math.isnan(x - x) or math.isinf(x) or math.isfinite(x)",
    "return bool(x) + float(x)",
    """
    y: float = x
    y += 1
    y *= y
    y -= 0.5
    y /= 2
    y //= 0.125
    y %= 7
    y **= 2
    return y
    """,
    """
    a = b = c = x
    a, b = b + 1, a + c
    b, c, a = a, b, c
    (a, b), c = [b, a], c
    return a + 10 * b + 100 * c
    """.replace("(a, b), c = [b, a], c\n", "a, b = [b, a]\n"),
    """
    a, b = x, 2 * x
    for i in range(5):
        a, b = b, a + b
    return a
    """,
    """
    total = 0.0
    for i in range(10, 0, -3):
        if i == 4:
            continue
        for j in range(i):
            if j > x:
                break
            total += j * x
    return total
    """,
    """
    while True:
        x = x + 1
        if x > 10:
            return x
    """,
    """
    if x < -1:
        pass
    elif x < 0:
        return 1.0
    elif x < 1:
        return 2.0
    else:
        x = 5.0
    return x
    """,
    """
    # Names that mean something else in kernels.
    print = sin = x
    e = pi = _i0 = abs = sin + 1
    größe = print + e
    return größe + math.sin(sin) + pi + _i0 + abs
    """,
]

ON_INTEGERS = [
    "return n",
    "return n // 3 + n % 3 - n * n + (n << 2) - (n >> 1)",
    "return n & 6 | 1 ^ n, ~n".replace(", ~n", "") + " + ~n",
    "return n / 4",
    "return n**2 + n**3",
    "return abs(n) + max(n, 2) - min(n, 3, 1)",
    "return n == 1 or n != 2 and n >= 3",
    """
    n <<= 2
    n |= 3
    n &= 0xFF
    n ^= 5
    n >>= 1
    return n
    """,
    """
    steps = 0
    n = abs(n) + 1
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps
    """,
    """
    total = 0
    for i in range(n):
        total += i
    return total
    """,
]


@pytest.mark.parametrize("body", ON_FLOATS)
def test_on_floats(body):
    f = make("def f(x):\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n")
    expected = each(f.py_func, FLOATS)
    np.testing.assert_allclose(f(FLOATS), expected, rtol=1e-15)


@pytest.mark.parametrize("body", ON_INTEGERS)
def test_on_integers(body):
    f = make("def f(n):\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n")
    expected = each(f.py_func, INTEGERS)
    result = f(INTEGERS)
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result, expected)


def test_on_complex_numbers():
    f = make("""
        def f(z):
            w = z * 1j + (2 - 0.5j)
            return cmath.sqrt(w) + w.conjugate() + z.real * z.imag + abs(z) - w.imag
        """)
    z = np.array([1 + 2j, -0.5 - 1j])
    np.testing.assert_allclose(f(z), each(f.py_func, z), rtol=1e-14)


def test_numbers_from_outside():
    f = make("def f(x):\n    return x * FACTOR + OFFSET + np.pi", FACTOR=2, OFFSET=-1.5)
    assert f(1.0) == 0.5 + np.pi
    single = make("def f(x):\n    return x * FACTOR", FACTOR=np.float32(2))
    assert single(np.float32(1)).dtype == np.float32
    assert single(np.int8(1)).dtype == np.float32


def test_numbers_of_python_take_the_dtype_of_the_arrays():
    f = make("def f(x, n):\n    y = x * n\n    return y + n + 1")
    assert f(np.float32(2), 3).dtype == np.float32
    assert f(np.int8([2, 3]), 4).tolist() == [13, 17]
    assert f(np.int8([2, 3]), 4).dtype == np.int8
    assert f(np.int8(2), 1.5) == 5.5
    with pytest.raises(me.Error, match="300 out of bounds for int8"):
        f(np.int8([2, 3]), 300)


REFUSED = [
    ("return", "return", "value"),
    ("x = 1", "def f(x):\n    x = 1", "every path"),
    ("if x > 0:\n    return x", "def f(x):\n    if x > 0:\n        return x", "every path"),
    ("while True:\n    break", None, "every path"),
    ("return [x]", "[x]", "list"),
    ("return x[0]", "x[0]", "subscript"),
    ("return (lambda: x)()", "lambda: x", "functions"),
    ("return sum(x)", "sum", "sum"),
    ("return x @ x", "x @ x", "matrices"),
    ("return x is x", "x is x", "identity"),
    ("return x in x", "x in x", "membership"),
    ("return 'text'", "'text'", "str"),
    ("return None", "None", "NoneType"),
    ("return unknown", "unknown", "'unknown' is not known"),
    ("return x.size", "x.size", "size"),
    ("return math.nothing", "math.nothing", "look"),
    ("return helper(x)", "helper", "helper"),
    ("return np.round(x, decimals=2)", "2", "keywords"),
    ("import math\nreturn x", "import math", "import"),
    ("global g\nreturn x", "global g", "global"),
    ("x.real = 1\nreturn x", "x.real", "names only"),
    ("x, y = x\nreturn x", "x", "unpack"),
    ("x, x = 1, 2\nreturn x", "x, x", "once"),
    ("del x\nreturn 1", "del x", "del"),
    ("x\nreturn 1", "x", "without effect"),
    ("for i in (1, 2):\n    pass\nreturn x", "(1, 2)", "range"),
    ("for i in range(3):\n    pass\nelse:\n    return x\nreturn 1", "return x", "else"),
    ("try:\n    return x\nfinally:\n    pass", "try:\n        return x\n    finally:\n        pass", "try"),
    ("with x:\n    return x", "with x:\n        return x", "with"),
    ("assert x\nreturn x", "assert x", "assert"),
    ("raise ValueError", "raise ValueError", "raise"),
    ("return (y := x)", "y := x", "assignment"),
    ("return f'{x}'", "f'{x}'", "f-string"),
    ("def g(): pass\nreturn x", "def g(): pass", "function within"),
    ("yield x", "yield x", "without effect|yield"),
]


@pytest.mark.parametrize("body, place, message", REFUSED)
def test_refused(body, place, message):
    source = "def f(x):\n" + textwrap.indent(body, "    ") + "\n"
    with pytest.raises(me.Error, match=message) as caught:
        make(source, helper=lambda x: x)
    error = caught.value
    if place is not None:
        assert error.text[slice(*error.span)] == place
    assert "line " in error.message


@pytest.mark.parametrize("head", ["*x", "**x", "x=1", "*, x", "x, /, y=2"])
def test_refused_parameters(head):
    with pytest.raises(me.Error, match=r"\.py|source.*line 1"):
        make(f"def f({head}):\n    return 1\n")


def test_refused_functions():
    for function in (len, 3, escape, lambda: 1):
        with pytest.raises((TypeError, me.Error)):
            me.kernel(function)
    namespace = {}
    exec("def f(x): return x", namespace)
    with pytest.raises(me.Error, match="not available"):
        me.kernel(namespace["f"])


def test_errors_of_a_signature_tell_the_line():
    f = make("""
        def f(x, y):
            z = x + y

            return z << 1
        """)
    assert f(1, np.int8(2)) == 6
    with pytest.raises(me.Error, match="line 5") as caught:
        f(1.5, 2)
    assert caught.value.text[slice(*caught.value.span)] == "return z << 1"
    with pytest.raises(me.Error, match=r"\(2.*\(3"):
        f(np.ones(2, int), np.ones(3, int))


def test_pickles():
    assert pickle.loads(pickle.dumps(escape)) is escape
    f = make("def f(x):\n    return x * 2")
    twin = pickle.loads(pickle.dumps(f))
    assert (twin(np.arange(3)) == [0, 2, 4]).all()
    assert (twin.text, twin.py_func, repr(twin)) == (f.text, None, repr(f))
    assert (copy.copy(f)(2), copy.deepcopy(f)(2)) == (4, 4)


def test_pickles_of_a_script(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import multiprocessing
        import pickle
        import miniexpr as me

        @me.kernel
        def double(x):
            return 2 * x

        def work(data, queue):
            queue.put(pickle.loads(data)(21))

        if __name__ == "__main__":
            context = multiprocessing.get_context("spawn")
            queue = context.Queue()
            data = pickle.dumps(double)
            process = context.Process(target=work, args=(data, queue))
            process.start()
            print(queue.get())
            process.join()
        """)
    )
    result = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout == "42\n"
