"""What the tests of the Python package run in Pyodide.

`check_binding` needs no NumPy: it drives the binding by ctypes. The others need it: `check_package` runs the evaluator,
`check_numexpr` numexpr's place.
"""

import array
import importlib
import pathlib
import site
import sys
import types

FLOAT64 = 11


def binding():
    """The module miniexpr._library, without the package around it, which imports NumPy."""
    folder = next(
        path for path in map(pathlib.Path, site.getsitepackages()) if (path / "miniexpr/_library.py").exists()
    )
    # A package of the same name and place, whose __init__ does nothing.
    package = types.ModuleType("miniexpr")
    package.__path__ = [str(folder / "miniexpr")]
    sys.modules["miniexpr"] = package
    try:
        return importlib.import_module("miniexpr._library")
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "miniexpr"]:
            del sys.modules[name]


def check_binding(version):
    library = binding()
    assert library.version() == version

    def memory(numbers, shape, strides=None):
        address, count = numbers.buffer_info()
        if strides is None:
            strides = [8] * len(shape)
            for axis in range(len(shape) - 2, -1, -1):
                strides[axis] = strides[axis + 1] * shape[axis + 1]
        return library.Memory(address, FLOAT64, 8, shape, strides)

    def run(text, out, report=None, **inputs):
        program = library.Program(text, [(name, FLOAT64, 8) for name in inputs], 0, "numpy", None)
        assert program.dtype == FLOAT64
        used = [list(inputs.values())[slot] for slot in program.slots]
        shape = program.shape(used)
        watch = library.Watch(report)
        program.run(used, memory(out, shape), 1, watch, 0, 0)
        return shape

    x, y = array.array("d", range(6)), array.array("d", [10, 20])
    out = array.array("d", [0.0] * 6)
    assert run("x + y", out, x=memory(x, [3, 2]), y=memory(y, [2])) == (3, 2)
    assert out.tolist() == [10, 21, 12, 23, 14, 25]
    assert run("x * 2", out, x=memory(x, [3], [16])) == (3,)
    assert out.tolist()[:3] == [0, 4, 8]
    assert run("mean(x, axis=0)", out, x=memory(x, [3, 2])) == (2,)
    assert out.tolist()[:2] == [2, 3]
    kernel = "def power(x):\n    y = 1.0\n    for i in range(3):\n        y = y * x\n    return y\n"
    assert run(kernel, out, x=memory(x, [6])) == (6,)
    assert out.tolist() == [0, 1, 8, 27, 64, 125]

    try:
        library.Program("2 * (x + c)", [("x", FLOAT64, 8)], 0, "numpy", None)
        raise AssertionError("an unknown name is accepted")
    except library.Failure as failure:
        assert failure.span == (9, 10), failure.span
        assert "unknown name 'c'" in failure.message

    many = array.array("d", [0.5]) * 1_000_000
    results = array.array("d", bytes(8 * len(many)))
    seen = []
    run("sin(x)", results, lambda done, total: seen.append((done, total)), x=memory(many, [len(many)]))
    assert seen[-1] == (len(many), len(many))
    assert seen == sorted(seen)

    def stop(done, total):
        raise LookupError(done)

    try:
        run("cos(x)", results, stop, x=memory(many, [len(many)]))
        raise AssertionError("an error of the report is lost")
    except LookupError:
        pass
    return True


def check_package():
    import miniexpr as me
    import numpy as np

    a, b = np.linspace(-1, 1, 2000).reshape(20, 100), np.float32(2)
    np.testing.assert_allclose(me.evaluate("sqrt(a*a + b*b)"), np.sqrt(a * a + b * b), rtol=1e-15)
    scaled = me.evaluate("(a - mean(a, axis=0)) / std(a, axis=0)")
    np.testing.assert_allclose(scaled, (a - a.mean(0)) / a.std(0), rtol=1e-10)
    f = me.compile("where(a > b, a, 2*b)", a="float32", b="float32")
    assert f(np.float32([1, 5]), np.float32([2, 4])).tolist() == [4, 5]

    @me.kernel
    def collatz(n):
        steps = 0
        while n > 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        return steps

    assert collatz(np.arange(1, 8)).tolist() == [0, 1, 7, 2, 5, 8, 16]
    try:
        me.evaluate("a + unknown")
        raise AssertionError("an unknown name is accepted")
    except me.Error as error:
        assert error.span == (4, 11)
    return True


def check_numexpr():
    import miniexpr.numexpr
    import numpy as np

    miniexpr.numexpr.install()
    import numexpr as ne

    assert ne is miniexpr.numexpr
    a, i, f = np.arange(12.0).reshape(3, 4), np.arange(4, dtype=np.int32), np.ones(4, np.float32)
    assert (a.dtype, i.dtype, f.dtype) == (np.float64, np.int32, np.float32)
    np.testing.assert_array_equal(ne.evaluate("2*a + i"), 2 * a + i)
    np.testing.assert_array_equal(ne.re_evaluate(), 2 * a + i)
    assert ne.evaluate("i + f").dtype == np.float32
    assert ne.evaluate("f * 2.0").dtype == np.float64
    np.testing.assert_array_equal(ne.evaluate("where(a > i, a, -1)"), np.where(a > i, a, -1))
    np.testing.assert_array_equal(ne.evaluate("sum(a, axis=0)"), a.sum(axis=0))
    out = np.empty((3, 4))
    assert ne.evaluate("sqrt(a)", out=out) is out
    np.testing.assert_array_equal(out, np.sqrt(a))
    assert ne.NumExpr("a + b", [("a", ne.necompiler.double), ("b", ne.necompiler.int_)])(a, i).shape == (3, 4)
    for text, kind in [("a + unknown", KeyError), ("cosine(a)", TypeError), ("~a", NotImplementedError)]:
        try:
            ne.evaluate(text)
            raise AssertionError(f"{text} is accepted")
        except kind:
            pass
    return True
