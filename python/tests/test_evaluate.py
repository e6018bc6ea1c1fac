"""The evaluator: names, dtypes, shapes, layouts, outputs."""

import collections
import contextlib
import gc
import os
import pickle
import signal
import sys
import threading
import time
import traceback

import numpy as np
import pytest

import miniexpr as me

FLOAT = np.linspace(-2, 3, 24).reshape(4, 6)


def test_names_come_from_the_frame_of_the_caller():
    a, b = np.array([3.0, 5.0]), np.array([4.0, 12.0])
    assert me.evaluate("sqrt(a*a + b*b)").tolist() == [5.0, 13.0]
    del a
    with pytest.raises(me.Error, match="unknown name 'a'"):
        me.evaluate("a + b")


scale = np.array(2.0)


def test_globals_of_the_caller_are_seen():
    x = np.arange(3.0)
    assert me.evaluate("x * scale").tolist() == [0, 2, 4]


def test_an_explicit_dictionary_hides_the_frame():
    x = np.arange(3.0)
    assert me.evaluate("y + 1", {"y": x}).tolist() == [1, 2, 3]
    with pytest.raises(me.Error, match="unknown name 'x'"):
        me.evaluate("x + scale", {"scale": x})
    with pytest.raises(me.Error, match="unknown name 'scale'"):
        me.evaluate("x + scale", {"x": x})
    assert me.evaluate("x + y", {"x": x}, {"x": None, "y": x}).tolist() == [0, 2, 4]


def test_any_mapping_holds_names():
    chained = collections.ChainMap({"a": np.arange(2.0)}, {"a": None, "b": np.ones(2)})
    assert me.evaluate("a + b", chained).tolist() == [1, 2]


def test_errors_of_a_mapping_are_passed_on():
    class Broken(dict):
        def __getitem__(self, name):
            raise OSError(name)

    with pytest.raises(OSError, match="a"):
        me.evaluate("a + 1", Broken())


def test_names_hide_constants_but_not_functions():
    e = np.array([1.0, 2.0])
    sqrt = np.array([0.0])
    assert me.evaluate("e + sqrt(e*e)").tolist() == [2.0, 4.0]
    assert sqrt.shape == (1,)
    assert me.evaluate("2 * pi", {}) == 2 * np.pi


def test_objects_are_refused_where_they_are_used():
    a = np.ones(2)
    b = np.array([1, "x", None], dtype=object)
    assert me.evaluate("a + 1").tolist() == [2, 2]
    with pytest.raises(me.DTypeError, match="'b'.*object"):
        me.evaluate("a + b")
    with pytest.raises(TypeError):
        me.evaluate("a + b")
    with pytest.raises(me.DTypeError, match="'b' is of type NoneType, which"):
        me.evaluate("a + b", {"a": a, "b": None})


def test_modules_are_no_inputs():
    x = np.ones(2)
    with pytest.raises(me.Error, match=r"functions have bare names here: write 'sin\(…\)'"):
        me.evaluate("np.sin(x)")
    with pytest.raises(me.Error, match="unknown name 'np'"):
        me.evaluate("x + np")


def test_errors_have_public_names():
    x = np.ones(2)
    with pytest.raises(me.DTypeError) as caught:
        me.evaluate("x & 1")
    assert traceback.format_exception_only(caught.value)[0].startswith("miniexpr.DTypeError: unsupported operand")
    assert type(pickle.loads(pickle.dumps(caught.value))) is me.DTypeError


@pytest.mark.parametrize("value", [np.ma.masked_array([1.0], [True]), np.ones((1, 1)).view(np.matrix)])
def test_what_is_more_than_an_array_is_refused(value):
    with pytest.raises(me.DTypeError, match="pass its data"):
        me.evaluate("value + 1")


def test_array_functions_are_refused():
    class Lazy:
        def __array_function__(self, *args):
            raise AssertionError

        def __array__(self, *args, **kwargs):
            raise AssertionError

    lazy = Lazy()
    with pytest.raises(me.DTypeError, match="asarray"):
        me.evaluate("lazy + 1")


def test_sequences_and_buffers_are_arrays():
    assert me.evaluate("a + b", {"a": [1.0, 2.0], "b": memoryview(b"\1\2")}).tolist() == [2, 4]


@pytest.mark.parametrize("dtype", [np.datetime64(0, "s"), np.longdouble(1), np.zeros(1, "f4,i2")])
def test_dtypes_without_meaning_are_refused(dtype):
    with pytest.raises(me.DTypeError):
        me.evaluate("x + 1", {"x": np.asarray(dtype)})


@pytest.mark.parametrize("dtype", ["?", *"bhilqBHILQfdFD"])
@pytest.mark.parametrize("order", "<>")
def test_every_dtype_in_every_byte_order(dtype, order):
    x = np.array([0, 1, 1, 0]).astype(np.dtype(dtype).newbyteorder(order))
    result = me.evaluate("x")
    assert result.dtype == np.dtype(dtype)
    assert result.dtype.isnative
    assert result.tolist() == x.tolist()


def test_half_precision_counts_as_single():
    x = np.array([0.5, 2], "f2")
    assert me.evaluate("x + x").dtype == np.float32


def test_strings():
    names = np.array(["anna", "berta"])
    big = names.astype(">U5")
    assert me.evaluate("upper(names)").tolist() == ["ANNA", "BERTA"]
    assert me.evaluate("names == big").tolist() == [True, True]
    assert me.evaluate('startswith(names, "an")').tolist() == [True, False]
    data = np.array([b"x", b"yy"])
    assert me.evaluate("data").dtype == np.dtype("S2")
    wide = np.empty(2, "S5")
    assert me.evaluate("data", out=wide).tolist() == [b"x", b"yy"]
    # Another itemsize is another expression.
    data = np.array([b"xxxx", b"yy"])
    assert me.evaluate("data").tolist() == [b"xxxx", b"yy"]


def layouts():
    unaligned = np.frombuffer(b"x" + FLOAT.tobytes(), "u1")[1:].view("f8").reshape(FLOAT.shape)
    yield "unaligned", unaligned
    yield "fortran", np.asfortranarray(FLOAT)
    yield "reversed", FLOAT[::-1, ::-1]
    yield "steps", FLOAT[::2, ::3]
    yield "transposed", FLOAT.T
    yield "row", FLOAT[0]
    yield "column", FLOAT[:, :1]
    yield "repeated", np.broadcast_to(FLOAT[0], (4, 6))
    yield "scalar", np.float64(2.5)
    yield "empty", FLOAT[:0]
    yield "swapped", FLOAT.astype(">f8")


@pytest.mark.parametrize("name, x", list(layouts()))
def test_any_layout(name, x):
    y = np.asarray(x)[..., ::-1] if np.ndim(x) else x
    result = me.evaluate("x * 3 + y")
    np.testing.assert_array_equal(result, x * 3 + y)
    assert np.shape(result) == np.shape(x)


def test_results_lie_as_their_inputs():
    x = np.asfortranarray(FLOAT)
    assert me.evaluate("x + x").flags.f_contiguous
    y = np.arange(24.0).reshape(2, 3, 4).transpose(1, 0, 2)
    assert me.evaluate("y + 1").strides == (y + 1).strides
    assert me.evaluate("x + z", {"x": FLOAT, "z": FLOAT.T.copy().T}).shape == (4, 6)


def test_broadcasting():
    row, column = np.arange(3.0), np.arange(2.0)[:, None]
    assert me.evaluate("row + 10*column").tolist() == [[0, 1, 2], [10, 11, 12]]
    with pytest.raises(me.Error, match=r"\(3.*\(2"):
        me.evaluate("a + b", {"a": np.ones(3), "b": np.ones(2)})


def test_reductions():
    x, y = np.arange(6.0), np.arange(12.0).reshape(3, 4)
    assert me.evaluate("sum(x)") == 15
    assert me.evaluate("x - mean(x)").tolist() == (x - 2.5).tolist()
    assert me.evaluate("x * max(y) - min(y)").tolist() == (x * 11).tolist()
    assert me.evaluate("x * y - sum(x)", {"x": x[:4], "y": y}).shape == (3, 4)
    assert me.evaluate("any(y > 10)")
    assert me.evaluate("sum(x)", {"x": x[:0]}) == 0
    with pytest.raises(me.Error, match="no max of no items"):
        me.evaluate("max(x)", {"x": x[:0]})


def test_results_without_dimensions_are_scalars():
    x = np.arange(4.0)
    total = me.evaluate("sum(x)")
    assert type(total) is np.float64
    assert total == 6
    assert type(me.evaluate("y + 1", {"y": np.int32(2)})) is np.int32
    assert me.evaluate("1 + 2", {}) == 3


def test_numbers_of_python_take_the_dtype_of_what_they_meet():
    x, y = np.float32([1, 2]), np.int8([1, 2])
    n, f, c, b = 2, 0.5, 1j, True
    assert me.evaluate("x*n + f").dtype == np.float32
    assert me.evaluate("x*n + f").tolist() == [2.5, 4.5]
    assert me.evaluate("x + c").dtype == np.complex64
    assert me.evaluate("where(b, x, 0)").tolist() == [1, 2]
    assert me.evaluate("y**n - n").dtype == np.int8
    assert me.evaluate("y * f").dtype == (y * f).dtype == np.float64
    assert type(me.evaluate("n + 1")) is np.int64
    assert me.evaluate("z + 1", {"z": np.float64(1)}).dtype == np.float64


def test_values_of_numbers_are_told_apart():
    x = np.array([1.0])
    for value in (2, 2.0, 2 + 0j, True, -0.0, 0.0, 0, np.inf, -np.inf, 1e-300):
        result = me.evaluate("x * value")
        assert result.dtype == (x * value).dtype
        assert np.signbit(result.real) == np.signbit((x * value).real)
        assert result == x * value
    assert np.isnan(me.evaluate("x + value", {"x": x, "value": np.nan}))
    small = np.int8([1])
    with pytest.raises(me.Error, match="300 out of bounds for int8") as caught:
        me.evaluate("(small + 1) * n", {"small": small, "n": 300})
    assert caught.value.text == "(small + 1) * n"
    assert caught.value.text[slice(*caught.value.span)] == "n"
    with pytest.raises(me.Error, match="negative"):
        me.evaluate("small ** n", {"small": small, "n": -1})


def test_output():
    x = np.arange(3.0)
    out = np.empty(3)
    assert me.evaluate("x + 1", out=out) is out
    assert out.tolist() == [1, 2, 3]
    me.evaluate("x * 2", out=x)
    assert x.tolist() == [0, 2, 4]
    scalar = np.empty(())
    assert me.evaluate("sum(x)", out=scalar) is scalar
    assert scalar == 6


def test_output_may_overlap_inputs():
    x = np.arange(6.0)
    me.evaluate("a + b", {"a": x[:-1], "b": x[1:]}, out=x[1:])
    assert x.tolist() == [0, 1, 3, 5, 7, 9]


@pytest.mark.parametrize("dtype", [">f8", "f4", "c16", ">c8"])
def test_output_of_another_dtype(dtype):
    x = np.arange(3.0)
    out = np.empty((3, 2), dtype)[:, 1]
    assert me.evaluate("x + 0.5", out=out) is out
    assert out.tolist() == [0.5, 1.5, 2.5]


def test_casting_of_results():
    x = np.array([1.5, -2.5])
    whole = np.empty(2, "i4")
    with pytest.raises(me.DTypeError, match="same_kind"):
        me.evaluate("x * 2", out=whole)
    me.evaluate("x * 2", out=whole, casting="unsafe")
    assert whole.tolist() == [3, -5]
    with pytest.raises(me.DTypeError, match="safe"):
        me.evaluate("x", out=np.empty(2, "f4"), casting="safe")
    assert me.evaluate("x", dtype="f4").dtype == np.float32
    assert me.evaluate("x", dtype=">c16").dtype == np.complex128
    with pytest.raises(me.DTypeError):
        me.evaluate("x", dtype="i8")
    assert me.evaluate("x", dtype="i8", casting="unsafe").tolist() == [1, -2]
    for dtype in ["O", "M8[s]", "g", "f2"]:
        with pytest.raises(me.DTypeError):
            me.evaluate("x", dtype=dtype, casting="unsafe")
    with pytest.raises(ValueError, match="casting"):
        me.evaluate("x", dtype="f4", casting="maybe")


def test_outputs_that_cannot_be():
    x = np.arange(3.0)
    frozen = np.empty(3)
    frozen.flags.writeable = False
    with pytest.raises(me.Error, match="read-only"):
        me.evaluate("x", out=frozen)
    with pytest.raises(TypeError, match="list"):
        me.evaluate("x", out=[1, 2, 3])
    with pytest.raises(me.Error, match="shape"):
        me.evaluate("x", out=np.empty(4))
    with pytest.raises(me.Error, match="share memory"):
        me.evaluate("x", out=np.lib.stride_tricks.as_strided(np.empty(1), (3,), (0,)))


def test_errors_show_the_place():
    x = np.arange(3.0)
    with pytest.raises(me.Error) as caught:
        me.evaluate("(x + '\u00e4\u00f6' *\n c)")
    assert caught.value.text[slice(*caught.value.span)] == "c"
    with pytest.raises(me.Error) as caught:
        me.evaluate("2 * (x + c)")
    assert caught.value.span == (9, 10)
    assert str(caught.value).splitlines()[1:] == ["  | 2 * (x + c)", "  |          ^"]
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.message, copy.text, copy.span) == (caught.value.message, "2 * (x + c)", (9, 10))


@pytest.mark.parametrize("text", ["", "x\0", "x +", "(", "x y", "\ud800"])
def test_texts_that_are_refused(text):
    with pytest.raises(ValueError):
        me.evaluate(text, {"x": np.ones(1)})


def test_arguments_that_are_refused():
    x = np.ones(2)
    for text in (None, b"x", 1):
        with pytest.raises(TypeError):
            me.evaluate(text)
    with pytest.raises(ValueError, match="dialect"):
        me.evaluate("x", dialect="fortran")
    with pytest.raises(TypeError):
        me.evaluate("x", threads="many")
    for count in (0, -1):
        with pytest.raises(ValueError, match="threads is .*, not a number from 1 on"):
            me.evaluate("x", threads=count)
    with pytest.raises(ValueError, match="casting is 'sane', not one of no, equiv"):
        me.evaluate("x", casting="sane")
    with pytest.raises(TypeError, match="in a mapping, not in an object of type int"):
        me.evaluate("x", 5)


def test_kernels_are_texts_as_well():
    x, n = np.array([0.5, 3.0]), np.array([3, 1])
    text = """
# Powers by multiplication.
def power(x, n):
    result = 1.0
    for i in range(n):
        result = result * x
    return result
"""
    assert me.evaluate(text).tolist() == [0.125, 3.0]


def test_many_texts_and_dtypes():
    for number in range(600):
        x = np.arange(2, dtype="iufc"[number % 4] + "48"[number % 2] if number % 4 < 3 else "c16")
        assert me.evaluate(f"x + {number}")[1] == 1 + number
    for length in range(1, 60):
        text = np.array(["x" * length])
        assert me.evaluate("text").dtype == text.dtype


@pytest.mark.parametrize("threads", [1, 2, 3, None])
def test_threads_give_the_same(threads):
    x = np.linspace(0, 1, 300_000)
    expected = me.evaluate("sin(x) + x*x", threads=1)
    assert (me.evaluate("sin(x) + x*x", threads=threads) == expected).all()


def test_number_of_threads():
    before = me.set_num_threads(3)
    try:
        assert me.get_num_threads() == 3
    finally:
        assert me.set_num_threads(before) == 3


def test_eight_callers_at_once():
    x = np.linspace(0, 1, 50_000)
    expected = me.evaluate("exp(x) * x")
    wrong = []

    def work(number):
        for turn in range(30):
            local = x + number
            text = f"exp(x) * x + {turn % 5} * local"
            if not np.allclose(me.evaluate(text), expected + turn % 5 * local, rtol=1e-14):
                wrong.append((number, turn))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


def test_other_threads_run_meanwhile():
    def work():
        with contextlib.suppress(TimeoutError):
            me.evaluate(SLOW, {"x": np.ones(100)}, timeout=1)

    worker = threading.Thread(target=work)
    worker.start()
    turns = 0
    while worker.is_alive():
        time.sleep(0.01)
        turns += 1
    # Two, if the evaluation held the lock of the interpreter.
    assert turns > 5


def test_nothing_is_kept():
    x = np.arange(8.0)
    out = np.empty(8)

    def calls(count):
        for _ in range(count):
            me.evaluate("x + 1.5", {"x": x}, out=out)
            with contextlib.suppress(me.Error):
                me.evaluate("x + unknown", {"x": x})

    calls(10)
    gc.collect()
    before = sys.getrefcount(x), sys.getrefcount(out), sys.getrefcount(out.dtype)
    calls(5000)
    gc.collect()
    assert (sys.getrefcount(x), sys.getrefcount(out), sys.getrefcount(out.dtype)) == before


def test_progress():
    x = np.linspace(0, 1, 1_000_000)
    seen = []
    result = me.evaluate("sin(x) + cos(x)", progress=lambda done, total: seen.append((done, total)), threads=2)
    assert result.shape == x.shape
    assert seen == sorted(seen)
    assert seen[-1] == (1_000_000, 1_000_000)
    assert me.evaluate("x + 1", progress=False).shape == x.shape


@pytest.mark.parametrize("has_tqdm", [True, False])
def test_bar(capsys, monkeypatch, has_tqdm):
    x = np.linspace(0, 1, 100_000)
    if not has_tqdm:
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    me.evaluate("sin(x)", progress=True)
    assert "100%" in capsys.readouterr().err


def test_errors_of_progress_stop_the_evaluation():
    x = np.linspace(0, 1, 1_000_000)

    def stop(done, total):
        calls.append(done)
        raise LookupError(done)

    calls = []
    with pytest.raises(LookupError):
        me.evaluate("sin(x)", {"x": x}, progress=stop)
    assert len(calls) == 1
    assert me.evaluate("sin(x)", {"x": x}).shape == x.shape


def test_signals_stop_an_evaluation():
    a, b = np.linspace(0, 1, 4000)[:, None], np.linspace(0, 1, 2000)
    text = "sin(a + b) * cos(a - b) + exp(a * b) - log(a + b + 1) + (a + b)**0.3"
    arrived = []

    def handler(number, frame):
        arrived.append(time.monotonic())
        raise KeyboardInterrupt

    out = np.empty((4000, 2000))
    times = []
    for _ in range(3):
        start = time.monotonic()
        me.evaluate(text, {"a": a, "b": b}, out=out, threads=1)
        times.append(time.monotonic() - start)
    whole = min(times)
    before = signal.signal(signal.SIGALRM, handler)
    try:
        start = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, whole / 4)
        with pytest.raises(KeyboardInterrupt):
            for _ in range(100):
                me.evaluate(text, {"a": a, "b": b}, out=out, threads=1)
        end = time.monotonic()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    # Measured against an evaluation that goes on to its end, as other programs may run as well.
    assert arrived[0] - start < 0.75 * whole + 0.05
    assert end - arrived[0] < whole / 4 + 0.05


def test_a_child_evaluates():
    x = np.linspace(0, 1, 200_000)
    expected = me.evaluate("sin(x)", threads=2)
    stop = threading.Event()

    def work(y):
        while not stop.is_set():
            me.evaluate("sin(y)", threads=2)

    worker = threading.Thread(target=work, args=(x,))
    worker.start()
    try:
        for _ in range(5):
            child = os.fork()
            if child == 0:
                same = (me.evaluate("sin(x)", {"x": x}, threads=2) == expected).all()
                os._exit(0 if same else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        worker.join()


# Complex numbers keep a kernel in the interpreter.
SLOW = """
def slow(x):
    y = x * 1j
    for i in range(10**12):
        y = y * 0.5 + i
    return y
"""


@pytest.mark.parametrize("count", [3, 100_000])
def test_timeout(count):
    x = np.ones(count)
    start = time.monotonic()
    with pytest.raises(TimeoutError, match="longer than 0.05 s"):
        me.evaluate(SLOW, timeout=0.05)
    assert time.monotonic() - start < 5
    with pytest.raises(TimeoutError):
        me.compile(SLOW, x="f8")(x, out=np.empty(count, "c16"), timeout=0)
    assert me.evaluate("x + 1", timeout=60).shape == x.shape
    for wrong in (-1, float("nan"), "soon"):
        with pytest.raises(ValueError):
            me.evaluate("x", timeout=wrong)


def test_timeout_of_an_expression():
    a, b = np.linspace(0, 1, 3000)[:, None], np.linspace(0, 1, 3000)
    with pytest.raises(TimeoutError):
        me.evaluate("sin(a + b) + exp(a * b) + (a + b)**0.3", timeout=0.001)


def seconds_to_stop(call):
    """How long Ctrl-C takes to stop a call that would go on for minutes."""
    sent = []

    def press():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.1, press)
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            call()
        return time.monotonic() - sent[0]
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("count", [3, 100_000])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.skipif("MINIEXPR_LIBRARY" in os.environ, reason="ctypes sees signals between blocks of items")
def test_ctrl_c_stops_a_loop(count, threads):
    x = np.ones(count)

    def call():
        me.evaluate(SLOW, {"x": x}, threads=threads, timeout=60)

    # Other programs may delay it.
    assert any(seconds_to_stop(call) < 0.05 for _ in range(10))


def test_ctrl_c_stops_large_arrays():
    a, b = np.linspace(0, 1, 100_000)[:, None], np.linspace(0, 1, 100_000)

    def call():
        me.evaluate("sum(sin(a + b) * cos(a - b))", {"a": a, "b": b}, threads=2, timeout=60)

    assert any(seconds_to_stop(call) < 0.05 for _ in range(10))


def test_progress_of_a_kernel_is_told_to_the_caller():
    x = np.linspace(0, 1, 2_000_000)
    seen = []
    text = "def f(x):\n    y = x\n    for i in range(20):\n        y = y * x + 1\n    return y\n"
    me.evaluate(text, progress=lambda done, total: seen.append((done, threading.get_ident())))
    assert seen[-1][0] == x.size
    assert {thread for _, thread in seen} == {threading.get_ident()}
    with pytest.raises(LookupError):
        me.evaluate(text, {"x": x}, progress=lambda done, total: {}[done])


def test_max_nodes():
    x = np.ones(2)
    assert me.evaluate("x + x + x", max_nodes=10).tolist() == [3, 3]
    with pytest.raises(me.Error, match="more than 3"):
        me.evaluate("x + x + x", max_nodes=3)
    with pytest.raises(me.Error, match="more than 3"):
        me.compile("x + x + x", x="f8", max_nodes=3)
    with pytest.raises(ValueError):
        me.evaluate("x", max_nodes=0)


@pytest.mark.skipif("MINIEXPR_LIBRARY" in os.environ, reason="a million calls by ctypes take a minute")
def test_reference_counts_over_a_million_calls():
    x, out = np.arange(16.0), np.empty(16)
    f = me.compile("x * 2 + 1", x="f8")
    counted = x, out, f, f.dtype, None, 1
    for call in (lambda: f(x, out=out), lambda: f(x), lambda: me.evaluate("x * 2 + 1", {"x": x}, out=out)):
        call()
        before = [sys.getrefcount(item) for item in counted]
        for _ in range(334_000):
            call()
        after = [sys.getrefcount(item) for item in counted]
        assert all(abs(new - old) < 100 for new, old in zip(after, before, strict=True))
