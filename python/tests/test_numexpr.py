"""In numexpr's place."""

import doctest
import gc
import inspect
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections import ChainMap

import hypothesis.extra.numpy as arrays_of
import numexpr as original
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import miniexpr.numexpr as ne
from miniexpr.numexpr import _listing, expressions, interpreter, necompiler, utils
from miniexpr.numexpr.necompiler import double, int_, long_

A, B = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])


def parameters(function):
    return [(name, parameter.default) for name, parameter in inspect.signature(function).parameters.items()]


@pytest.mark.parametrize("name", ["evaluate", "validate", "re_evaluate", "NumExpr", "disassemble", "set_num_threads"])
def test_signatures_are_numexprs(name):
    assert parameters(getattr(ne, name)) == parameters(getattr(original, name))


def test_surface_is_numexprs():
    public = {name for name in dir(original) if not name.startswith("_")}
    assert public <= set(dir(ne)) | {"test", "tests"}
    assert ne.__version__ == original.__version__
    for name in "getContext getExprNames getType stringToExpression expressionToAST typeCompileAst".split():
        assert callable(getattr(necompiler, name))
    assert necompiler.typecode_to_kind == original.necompiler.typecode_to_kind
    assert set(expressions.functions) == set(original.expressions.functions)


@pytest.mark.parametrize("module", [ne, necompiler, expressions, utils, interpreter, _listing])
def test_examples_of_the_docstrings(module):
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner()
    for case in finder.find(module, module.__name__):
        if not case.name.endswith(".install"):
            runner.run(case)
    assert runner.failures == 0


def test_names_come_from_the_caller():
    a = A

    def inner():
        b = B
        return ne.evaluate("a + b"), b

    with pytest.raises(KeyError, match="a"):
        inner()
    assert np.array_equal(ne.evaluate("a + B"), [5, 7, 9])
    assert np.array_equal(ne.evaluate("a + b", ChainMap({"a": a}, {"b": B})), [5, 7, 9])
    assert np.array_equal(ne.evaluate("a + B", {"a": B}), [8, 10, 12])
    assert np.array_equal(ne.evaluate("a + b", {"a": B}, {"b": A}), [5, 7, 9])


def test_frames_are_read_and_never_cleared():
    def inside(x):
        y = 2 * x
        ne.evaluate("x + y")
        ne.evaluate("x + y")
        return x, y

    x, y = inside(A)
    assert x is A and np.array_equal(y, 2 * A)
    code = "import miniexpr.numexpr as ne; a = 1; ne.evaluate('a'); ne.evaluate('2', local_dict={}); print(a + 1)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "2\n"


def test_frame_depth():
    a = A

    def through(text):
        return ne.evaluate(text, _frame_depth=4)

    assert np.array_equal(through("a + 1"), A + 1)
    assert np.array_equal(through("a + 1"), A + 1)
    assert a is A


def test_results_are_arrays():
    for text in ("1 + 1", "a", "sum(a)", "a > 1"):
        assert type(ne.evaluate(text, {"a": A})) is np.ndarray
    assert ne.evaluate("2").dtype == np.int32 and ne.evaluate("2**40").dtype == np.int64
    assert ne.evaluate("s", {"s": b"\0a\0"}).tobytes() == b"\0a\0"
    assert not np.shares_memory(ne.evaluate("a", {"a": A}), A)


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("missing + 1", KeyError, "missing"),
        ("foo(a)", TypeError, "'VariableNode' object is not callable"),
        ("b - b", NotImplementedError, "couldn't find matching opcode for 'sub_bbb'"),
        ("a & 1", NotImplementedError, "couldn't find matching opcode for 'and_ddi'"),
        ("1 + sum(a)", RuntimeError, "reduction operations must occur last"),
        ("sum(a, axis=1)", ValueError, "reduction axis is out of bounds"),
        ("sum(a, axis=-1)", ValueError, "negative axis are not supported"),
        ("a and b", TypeError, "standard boolean operators"),
        ("0 < a < 2", TypeError, "standard boolean operators"),
        ("a if b else 1", TypeError, "standard boolean operators"),
        ("a is a", TypeError, "'is' compares objects"),
        ("a +", SyntaxError, "invalid syntax"),
        ("a[0]", ValueError, "forbidden control characters"),
        ("a.dtype", ValueError, "forbidden control characters"),
        ("(3+1).ᵇit_length()", ValueError, "forbidden control characters"),
        ("__import__('os')", ValueError, "forbidden control characters"),
        ("lambda: 1", ValueError, "forbidden control characters"),
        ("(a := 1)", ValueError, "forbidden control characters"),
        ("f'{a}'", ValueError, "forbidden control characters"),
        ("(a, a)", TypeError, "unsupported expression type"),
        ("sin", TypeError, "unsupported expression type"),
        ("a @ a", TypeError, "not supported"),
        ("i ** -1", ValueError, "Integers to negative integer powers are not allowed"),
        ("1 // 0", ZeroDivisionError, "zero"),
        ("9**9**9**9", OverflowError, "too large"),
        ("1 << 10**9", OverflowError, "too large"),
        ("'a' * 10**9", TypeError, "strings"),
        ("'%999999999d' % 1", TypeError, "strings"),
        ("u", ValueError, "Unicode"),
        ("t", ValueError, "unknown type datetime64"),
        ("o", ValueError, "unknown type object"),
        ("a + short", ValueError, "could not be broadcast together"),
    ],
)
def test_refusals(text, kind, message):
    names = {
        "a": A,
        "b": A > 1,
        "i": np.arange(3),
        "u": np.array(["x"]),
        "t": np.array(["2020"], "M8[Y]"),
        "o": np.array([None]),
        "short": A[:2],
    }
    with pytest.raises(kind, match=message.replace("(", r"\(")):
        ne.evaluate(text, names)
    error = ne.validate(text, names, {})
    assert error is None and "broadcast" in message or "axis is out" in message or isinstance(error, kind)


def test_text_is_never_evaluated_by_python():
    for sanitize in (True, False):
        for text in ("().__class__.__bases__", "a.__init__", "[].append(1)", "open('x')", "eval('1')"):
            with pytest.raises((ValueError, TypeError, AttributeError)):
                ne.evaluate(text, {"a": A}, sanitize=sanitize)


def test_nesting_is_bounded():
    with pytest.raises((ValueError, MemoryError, SyntaxError)):
        ne.evaluate("(" * 3000 + "a" + ")" * 3000, {"a": A})
    with pytest.raises(ValueError, match="deeply"):
        ne.evaluate("-" * 3000 + "a", {"a": A})
    assert ne.evaluate(" + ".join(["a"] * 500), {"a": np.float64(1)}) == 500
    node = expressions.E.a
    for _ in range(5000):
        node = node + 1
    assert ne.NumExpr(node)(1.0) == 5001


def test_out():
    out = np.zeros(3)
    assert ne.evaluate("a + b", {"a": A, "b": B}, out=out) is out
    assert np.array_equal(out, A + B)
    small = np.zeros(3, np.float32)
    assert ne.evaluate("a * 2", {"a": A}, out=small) is small and small[2] == 6
    with pytest.raises(TypeError, match="could not be cast from .* according to the rule 'same_kind'"):
        ne.evaluate("a * 2", {"a": A}, out=np.zeros(3, int))
    assert ne.evaluate("a * 2", {"a": A}, out=np.zeros(3, int), casting="unsafe")[2] == 6
    wide = np.zeros((2, 3))
    ne.evaluate("a", {"a": A}, out=wide)
    assert np.array_equal(wide, [A, A])
    with pytest.raises(ValueError, match="broadcast"):
        ne.evaluate("a", {"a": A}, out=np.zeros(2))
    x = np.arange(10.0)
    ne.evaluate("y + z", {"y": x[1:], "z": x[:-1]}, out=x[1:])
    assert np.array_equal(x, [0, 1, 3, 5, 7, 9, 11, 13, 15, 17])
    unaligned = np.zeros(9, np.uint8)[1:].view(np.int64)
    ne.evaluate("3", out=unaligned)
    assert unaligned[0] == 3
    frozen = np.zeros(3)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        ne.evaluate("a", {"a": A}, out=frozen)


def test_order():
    m = np.arange(6.0).reshape(2, 3)
    f = np.asfortranarray(m)
    for order in "KCFA":
        for value in (m, f):
            result = ne.evaluate("m + 1", {"m": value}, order=order)
            wanted = original.evaluate("m + 1", {"m": value}, order=order)
            assert np.array_equal(result, wanted) and result.strides == wanted.strides, (order, value.flags)
    with pytest.raises(ValueError, match="order must be one of"):
        ne.evaluate("m", {"m": m}, order="Q")


def test_casting():
    u = np.array([2**64 - 1], np.uint64)
    assert ne.evaluate("u", {"u": u})[0] == -1
    with pytest.raises(TypeError, match="according to the rule 'safe'"):
        ne.evaluate("u", {"u": u}, casting="safe")
    with pytest.raises(TypeError, match="according to the rule 'no'"):
        ne.evaluate("a", {"a": np.zeros(1, np.int8)}, casting="no")
    with pytest.raises(ValueError, match="casting must be one of"):
        ne.evaluate("a", {"a": A}, casting="zz")
    f = ne.NumExpr("a + 1", [("a", int_)])
    with pytest.raises(TypeError, match="rule 'safe'"):
        f(A)
    assert f(A, casting="unsafe").dtype == np.int32


@pytest.mark.parametrize(
    "value",
    [
        np.arange(10)[::2],
        np.arange(10)[::-1],
        np.arange(12).reshape(3, 4).T,
        np.arange(5, dtype=">i4"),
        np.arange(5, dtype=">f8"),
        np.arange(5, dtype=np.float16),
        np.arange(5, dtype=np.longdouble),
        np.array(3),
        np.zeros((0, 3)),
        np.ma.masked_array([1, 2], [0, 1]),
        np.rec.array([(1, 2.5), (3, 4.5)], dtype=[("x", "i4"), ("y", "f8")])["y"],
        np.frombuffer(b"\0" + np.arange(3.0).tobytes(), np.uint8)[1:].view(float),
        [1, 2, 3],
        2.5,
        True,
    ],
    ids=lambda value: f"{type(value).__name__}-{getattr(value, 'dtype', '')}",
)
def test_all_sorts_of_arrays(value):
    for text in ("a + 1", "a * a > 2", "a"):
        result, wanted = ne.evaluate(text, {"a": value}), original.evaluate(text, {"a": value})
        assert type(result) is np.ndarray and result.dtype == wanted.dtype and result.shape == wanted.shape
        assert np.array_equal(result, wanted)


def test_memmap(tmp_path):
    data = np.memmap(tmp_path / "data", dtype=np.float32, mode="w+", shape=(100,))
    data[:] = np.arange(100)
    assert type(ne.evaluate("data * 2")) is np.ndarray
    assert ne.evaluate("sum(data)") == 4950


def test_reductions():
    m = np.arange(6.0).reshape(2, 3)
    for text in ("sum(m)", "prod(m + 1, axis=1)", "min(m, 0)", "max(m, axis=1)", "sum(m, axis=None)"):
        assert np.array_equal(ne.evaluate(text), original.evaluate(text))
    for shape in ((0,), (0, 3), (3, 0)):
        empty = np.zeros(shape)
        for text in ("sum(empty)", "min(empty)", "prod(empty, axis=0)"):
            assert ne.evaluate(text).shape == original.evaluate(text).shape == shape
    x = np.array([np.nan, 2, -1])
    assert ne.evaluate("min(x)") == -1 and ne.evaluate("max(x)") == 2
    assert np.isnan(ne.evaluate("max(y)", {"y": np.full(3, np.nan)}))
    assert ne.evaluate("sum(i)", {"i": np.array([2**31 - 1, 1], np.int32)}) == -(2**31)
    assert ne.evaluate("max(i)", {"i": np.array([-(2**63), 2**63 - 1])}) == 2**63 - 1


def test_many_inputs():
    names = {f"a{i}": np.float64(i) for i in range(128)}
    assert ne.evaluate(" + ".join(names), names) == 128 * 127 / 2


def test_re_evaluate():
    a = A
    ne.evaluate("2 * a")
    a = B
    assert np.array_equal(ne.re_evaluate(), 2 * B)
    assert ne.re_evaluate({"a": 3}) == 6
    out = np.zeros(3)
    ne.evaluate("a + 1", {"a": A}, out=out)
    assert ne.re_evaluate({"a": B}) is out and np.array_equal(out, B + 1)
    reference = weakref.ref(out)
    del out
    gc.collect()
    assert reference() is None
    assert ne.validate("a - 1", {"a": A}) is None
    assert np.array_equal(ne.re_evaluate({"a": B}), B - 1)
    failures = []

    def elsewhere():
        try:
            ne.re_evaluate({"a": 1})
        except RuntimeError as error:
            failures.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(failures) == 1
    assert a is B


def test_compiled_objects_are_immutable_and_described():
    f = ne.NumExpr("2*a + b", [("a", float), ("b", long_)])
    g = original.NumExpr("2*a + b", [("a", float), ("b", original.necompiler.long_)])
    for name in "signature constsig fullsig tempsig constants input_names".split():
        assert getattr(f, name) == getattr(g, name), name
    assert len(f.program) == len(g.program) and isinstance(f.program, bytes)
    for name in ("signature", "program", "anything"):
        with pytest.raises(AttributeError):
            setattr(f, name, 1)
    with pytest.raises(ValueError, match="number of inputs doesn't match program"):
        f(1)
    assert np.array_equal(f.run(A.astype(np.float32), 1), f(A.astype(np.float32), 1, ex_uses_vml=False))
    assert isinstance(f, interpreter.NumExpr)
    with pytest.raises(ValueError, match="don't match those found in expression"):
        ne.NumExpr("a + b", [("a", double)])


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ("x**2+2", "d"),
        ("sum(x**2+2, axis=1)", "d"),
        ("where(x > 1, x, y)", "di"),
        ("x < y", "il"),
        ("s == b'ab'", ""),
        ("x.real", "c"),
        ("x", "i"),
        ("1", ""),
        ("x + 1j", "i"),
    ],
)
def test_listings_are_numexprs(text, signature):
    types = {"i": int_, "l": long_, "f": float, "d": double, "c": complex}
    names = [(name, types[code]) for name, code in zip("xyz", signature, strict=False)]
    if "s ==" in text:
        names = [("s", bytes)]
    assert ne.disassemble(ne.NumExpr(text, names)) == original.disassemble(original.NumExpr(text, names))


def test_trees():
    E = ne.E
    f = ne.NumExpr(2.0 * E.a + 3.0 * E.b * E.c)
    assert f.input_names == ("a", "b", "c") and f(1, 2, 3) == 20
    assert ne.NumExpr(E.a + 1, [("a", int_)])(2).dtype == np.int32
    node = E.a < E.b
    assert (node.astType, node.value, node.astKind) == ("op", "gt", "bool")
    with pytest.raises(TypeError, match="standard boolean operators"):
        bool(node)
    assert expressions.ConstantNode(np.float32(1)).astKind == "float"
    assert isinstance(-expressions.ConstantNode(1), expressions.ConstantNode)
    tree = necompiler.stringToExpression("(a > 1) & ~b", {"a": int_, "b": bool}, {})
    assert tree.astKind == "bool" and [child.value for child in tree.children] == ["gt", "invert"]
    typed = necompiler.typeCompileAst(necompiler.expressionToAST(tree))
    assert typed.value == b"and_bbb"
    shared = E.a
    for _ in range(60):
        shared = shared + shared
    with pytest.raises(NotImplementedError, match="'sub_bbb'"):
        tree = necompiler.stringToExpression("a - b", {"a": bool, "b": bool}, {})
        necompiler.typeCompileAst(necompiler.expressionToAST(tree))


def test_context():
    assert necompiler.getContext({"optimization": "none"})["optimization"] == "none"
    with pytest.raises(ValueError, match="Unknown keyword argument 'foo'"):
        ne.evaluate("1", foo=1)
    with pytest.raises(ValueError, match="'truediv' must be one of"):
        necompiler.getContext({"truediv": 7})
    x = np.float32([2, 3])
    assert ne.evaluate("x**2.5").dtype == np.float32
    assert ne.evaluate("x**2.5", optimization="none").dtype == np.float64
    assert necompiler.getExprNames("b*sin(a) + b", {}) == (["a", "b"], False)
    with pytest.raises(ValueError, match="unknown type"):
        necompiler.getType(np.array([None]))


def test_sanitize_in_the_environment(monkeypatch):
    monkeypatch.setenv("NUMEXPR_SANITIZE", "0")
    with pytest.raises(SyntaxError):
        ne.evaluate("import os;")
    monkeypatch.setenv("NUMEXPR_SANITIZE", "1")
    with pytest.raises(ValueError, match="forbidden"):
        ne.evaluate("import os;")


def test_threads(monkeypatch, capfd):
    before = ne.set_num_threads(2)
    assert ne.get_num_threads() == 2 and ne.set_num_threads(1) == 2
    assert ne.set_num_threads(0) == -1 and ne.set_num_threads(ne.MAX_THREADS + 1) == -1
    assert capfd.readouterr().err.count("Error.") == 2
    with pytest.raises((TypeError, AttributeError)):
        ne.set_num_threads("a")
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert utils._init_num_threads() == 5
    monkeypatch.setenv("NUMEXPR_NUM_THREADS", "3")
    assert ne.detect_number_of_threads() == 3
    ne.set_num_threads(before)
    code = "import miniexpr.numexpr as ne; print(ne.MAX_THREADS, ne.nthreads)"
    environment = {**os.environ, "NUMEXPR_MAX_THREADS": "4", "NUMEXPR_NUM_THREADS": "7"}
    assert subprocess.check_output([sys.executable, "-c", code], env=environment, text=True) == "4 4\n"
    assert (ne.use_vml, ne.get_vml_version(), ne.set_vml_accuracy_mode("low"), ne.set_vml_num_threads(2)) == (
        False,
        None,
        None,
        None,
    )


def test_many_threads_evaluate_at_once():
    texts = ["a + b", "a - b", "a * b", "a / b", "where(a > 2, a, b)", "sum(a*b)", "sqrt(a)", "a**3 + b"]
    a, b = np.arange(1.0, 100_001), np.arange(2.0, 100_002)
    wanted = [original.evaluate(text, {"a": a, "b": b}) for text in texts]
    wrong = []

    def work(index):
        for turn in range(20):
            text = texts[(index + turn) % len(texts)]
            result = ne.evaluate(text, {"a": a, "b": b})
            again = ne.re_evaluate({"a": a, "b": b})
            if not (np.allclose(result, wanted[(index + turn) % len(texts)]) and np.array_equal(result, again)):
                wrong.append(text)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def _child(queue):
    x = np.arange(1_000_000.0)
    queue.put(float(ne.evaluate("sum(2 * x)")))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork():
    context = multiprocessing.get_context("fork")
    before = ne.set_num_threads(2)
    x = np.arange(1_000_000.0)
    wanted = float(ne.evaluate("sum(2 * x)"))
    queue = context.Queue()
    process = context.Process(target=_child, args=(queue,))
    process.start()
    assert queue.get(timeout=60) == wanted
    process.join()
    ne.set_num_threads(before)


def test_references_are_not_kept():
    a = np.arange(16.0)
    ne.evaluate("a + 1")
    before = sys.getrefcount(a)
    for _ in range(10_000):
        ne.evaluate("a + 1")
    assert sys.getrefcount(a) == before


def test_cache():
    for index in range(600):
        ne.evaluate(f"a + {index}", {"a": 1})
    assert len(necompiler._names_cache.c) <= 256 and len(necompiler._numexpr_cache.c) <= 256
    size = len(necompiler._numexpr_cache.c)
    ne.evaluate("a + 12345", {"a": 1}, disable_cache=True)
    assert len(necompiler._numexpr_cache.c) == size
    assert not any("12345" in key[0] for key in necompiler._numexpr_cache.c)


def test_install():
    code = (
        "import miniexpr.numexpr; miniexpr.numexpr.install(); miniexpr.numexpr.install()\n"
        "import numexpr, importlib.metadata, numexpr.necompiler as n\n"
        "print(numexpr is miniexpr.numexpr, importlib.metadata.version('numexpr'), n.__name__)"
    )
    words = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert words == ["True", "2.14.2", "miniexpr.numexpr.necompiler"]
    with pytest.raises(RuntimeError, match="imported already"):
        ne.install()


def test_contexts():
    last = utils.ContextDict()
    last.set(a=1)
    last.update({"b": 2})
    last["c"] = 3
    assert dict(last.items()) == {"a": 1, "b": 2, "c": 3} and "c" in last and len(last) == 3
    last.delete("a")
    assert list(last) == ["b", "c"] and last.get("a") is None
    last.clear()
    assert last.all() == {}
    with pytest.raises(TypeError):
        pickle.dumps(ne.NumExpr("a"))


KINDS = ["?", "i1", "u1", "i4", "u4", "i8", "f4", "f8", "c16"]
ARRAYS = st.sampled_from(KINDS).flatmap(
    lambda dtype: (
        arrays_of.arrays(
            dtype,
            5,
            elements={"min_value": -100, "max_value": 100} if dtype[0] == "f" else None,
        )
        if dtype not in ("c16",)
        else st.just(np.array([1, -2.5, 1j, 3 - 4j, 0], complex))
    )
)


@settings(max_examples=300, deadline=None)
@given(
    ARRAYS,
    ARRAYS,
    st.sampled_from("+ - * < <= == != & | ^".split()),
    st.sampled_from(["{a} {o} {b}", "({a} {o} 2) + {b}", "where({a} {o} {b} == 1, {a}, {b})", "copy({a}) {o} 2.5"]),
)
def test_texts_give_what_numexpr_gives(a, b, operator, form):
    text = form.format(a="a", b="b", o=operator)
    names = {"a": a, "b": b}
    try:
        wanted = original.evaluate(text, names)
    except (NotImplementedError, TypeError, ValueError) as error:
        with pytest.raises(type(error)):
            ne.evaluate(text, names)
        return
    result = ne.evaluate(text, names)
    assert result.dtype == wanted.dtype
    np.testing.assert_allclose(result, wanted, rtol=1e-6)
