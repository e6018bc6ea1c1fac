"""Dask's arrays and data frames, in this process."""

import pickle

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from dask.base import tokenize

import miniexpr as me
import miniexpr.dask

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(7, 10))
ROW = RANDOM.normal(size=10)
COLUMN = RANDOM.normal(size=(7, 1))
CUBE = RANDOM.integers(-50, 50, size=(3, 7, 10))
ARRAYS = {"x": X, "row": ROW, "column": COLUMN, "cube": CUBE}


@pytest.fixture(autouse=True)
def one_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def pieces(seed=0):
    """The arrays in chunks that do not go together."""
    chunks = [
        {"x": (3, 4), "row": 5, "column": 2, "cube": (2, 7, 3)},
        {"x": (7, 1), "row": 10, "column": 7, "cube": 1},
    ][seed]
    return {name: da.from_array(array, chunks=chunks[name]) for name, array in ARRAYS.items()}


def agree(text, arrays=None, lazy=None, rtol=1e-12, **options):
    """What Dask computes is what the evaluator gives for the whole arrays; the dtype and shape were known before."""
    expected = np.asarray(me.evaluate(text, arrays or ARRAYS, **options))
    result = me.dask.evaluate(text, lazy or pieces(), **options)
    assert isinstance(result, da.Array)
    assert (result.dtype, result.shape) == (expected.dtype, expected.shape)
    value = np.asarray(result.compute())
    assert (value.dtype, value.shape) == (expected.dtype, expected.shape)
    if expected.dtype.kind in "fc":
        np.testing.assert_allclose(value, expected, rtol=rtol, atol=1e-13, err_msg=text)
    else:
        np.testing.assert_array_equal(value, expected, err_msg=text)
    return result


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "text",
    [
        "x*row + 1",
        "sqrt(abs(x)) - column",
        "where(cube > x, row, column)",
        "cube // 7 % 3",
        "x",
        "x > 0",
        "row - 2",
        "1 + 2",
    ],
)
def test_elementwise(text, seed):
    agree(text, lazy=pieces(seed))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "text",
    [
        "sum(x)",
        "sum(cube, axis=0)",
        "sum(cube, 1, dtype=int8)",
        "prod(x, axis=-1)",
        "mean(x*row, axis=1, keepdims=True)",
        "mean(cube)",
        "var(x, axis=(0, 1), ddof=1)",
        "std(cube, axis=0, ddof=2)",
        "min(x)",
        "amax(cube, axis=(1, 2))",
        "argmin(x)",
        "argmax(x + row, axis=0)",
        "argmin(cube, axis=1, keepdims=True)",
        "argmax(row)",
        "any(x > 2, axis=0)",
        "all(x > -9)",
        "count_nonzero(x > column, axis=1)",
        "sum(x, axis=())",
        "mean(x, axis=())",
        "(x - mean(x, axis=0)) / std(x, axis=0)",
        "x / sum(x*x, axis=1, keepdims=True) + max(row)",
        "min(row) + row",
        "sum(x - mean(x, axis=0))",
        "max(abs(x - mean(x, axis=1, keepdims=True)), axis=0)",
        "sqrt(sum(square(x - column)))",
        "sum(x) if max(row) > 0 else mean(x)",
    ],
)
def test_reductions(text, seed):
    agree(text, lazy=pieces(seed))


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "i4", "u8", "f4", "f8", "c8", "c16"])
def test_reductions_of_every_dtype(dtype):
    values = (np.arange(24) % 5).astype(dtype).reshape(4, 6)
    lazy = da.from_array(values, chunks=(2, 4))
    names = ["sum", "prod", "mean", "std", "var"] + ["min", "max", "argmin", "argmax"] * (dtype[0] != "c")
    for name in [*names, "any", "all", "count_nonzero"]:
        for axis in ("None", "0", "1"):
            text = f"{name}(v, axis={axis})"
            try:
                me.evaluate(text, {"v": values})
            except me.DTypeError:
                with pytest.raises(me.DTypeError):
                    me.dask.evaluate(text, {"v": lazy})
                continue
            agree(text, {"v": values}, {"v": lazy}, rtol=1e-5 if dtype in ("f4", "c8") else 1e-12)


@pytest.mark.parametrize("name", ["min", "max", "argmin", "argmax", "mean", "var", "sum"])
def test_reductions_of_special_values(name):
    values = np.array([1.0, np.inf, -np.inf, 3.0, np.nan, -0.0, np.nan, 0.0, 1e300, 1e300, -7.0, 2.0])
    for part in (values, values[:2], values[8:10], values[7:], values[5:8], values[:4]):
        for chunks in (1, 2, 5):
            agree(f"{name}(v)", {"v": part}, {"v": da.from_array(part, chunks=chunks)})
    ties = np.array([2, 1, 5, 1, 5, 2])
    for chunks in (1, 2, 4):
        agree("argmin(v) * 100 + argmax(v)", {"v": ties}, {"v": da.from_array(ties, chunks=chunks)})


def test_moments_do_not_depend_on_the_chunks():
    # One pass over sums of squares would lose every digit.
    values = 1e9 + RANDOM.normal(size=4000)
    for chunks in (7, 1000, 4000):
        lazy = {"v": da.from_array(values, chunks=chunks)}
        np.testing.assert_allclose(me.dask.evaluate("var(v)", lazy).compute(), np.var(values), rtol=1e-8)
        np.testing.assert_allclose(me.dask.evaluate("mean(v)", lazy).compute(), np.mean(values), rtol=1e-15)


def test_empty_chunks_and_arrays():
    values = np.arange(5.0)
    lazy = {"v": da.from_array(values, chunks=((0, 2, 0, 3),))}
    for name in ("sum", "mean", "std", "min", "argmax", "any"):
        agree(f"{name}(v)", {"v": values}, lazy)
    empty = {"v": da.zeros(0)}
    agree("sum(v) + mean(v)", {"v": np.zeros(0)}, empty)
    with pytest.raises(me.Error, match="no max of no items"):
        me.dask.evaluate("max(v)", empty).compute()


def test_unknown_chunk_sizes():
    values = np.arange(10)
    lazy = da.from_array(values, chunks=4)
    some = {"v": lazy[lazy % 3 == 0]}
    assert me.dask.evaluate("v*v", some).compute().tolist() == [0, 9, 36, 81]
    assert me.dask.evaluate("sum(v) + max(v)", some).compute() == 27
    with pytest.raises(me.Error, match="compute_chunk_sizes"):
        me.dask.evaluate("argmax(v)", some)


def test_scalars_are_weak_as_in_the_evaluator():
    x = X.astype("f4")
    lazy = da.from_array(x, chunks=3)
    for n in (2, 0.5, np.float32(2), np.float64(2), 1j, np.int64(3)):
        agree("x * n", {"x": x, "n": n}, {"x": lazy, "n": n}, rtol=1e-6)
    agree("x * n", {"x": x, "n": np.array(2.5)}, {"x": lazy, "n": da.from_array(np.array(2.5))}, rtol=1e-6)
    n = 3
    assert me.dask.evaluate("lazy * n").dtype == np.float32


def test_other_arrays():
    agree("x + row", lazy={**pieces(), "row": ROW})
    agree("x + row", lazy=ARRAYS)
    half = da.from_array(X.astype("f2"), chunks=4)
    assert me.dask.evaluate("h * 2", {"h": half}).dtype == np.float32
    swapped = X.astype(">f8")
    agree("x * 2 - mean(x)", {"x": swapped}, {"x": da.from_array(swapped, chunks=4)})
    names = np.array([["anna", "berta"], ["cleo", "al"]])
    lazy = {"names": da.from_array(names, chunks=1)}
    agree("startswith(upper(names), 'A')", {"names": names}, lazy)
    assert me.dask.evaluate("upper(names)", lazy).compute().tolist() == np.strings.upper(names).tolist()


def test_dtype_of_the_result():
    agree("x * 2", dtype="f4", rtol=1e-6)
    agree("mean(x)", dtype="f4", rtol=1e-6)
    agree("x * 2", dtype="i4", casting="unsafe")
    with pytest.raises(me.DTypeError, match="same_kind"):
        me.dask.evaluate("x", pieces(), dtype="i4")


def test_one_task_a_chunk():
    x = da.ones((1000, 1000), chunks=(250, 250))
    lazy = me.dask.evaluate("sqrt(x*x + 1) / (abs(x) + 2) - x*3", {"x": x})
    tasks = len(dict(lazy.__dask_graph__())) - len(dict(x.__dask_graph__()))
    assert tasks == x.npartitions
    (optimized,) = dask.optimize(lazy)
    assert len(dict(optimized.__dask_graph__())) == x.npartitions
    assert len(dict(dask.optimize(da.sqrt(x * x + 1))[0].__dask_graph__())) == x.npartitions


def test_a_tree_of_contributions():
    x = da.ones(10_000, chunks=10)
    keys = [me.dask.evaluate("mean(x)", {"x": x}, split_every=n).__dask_graph__() for n in (2, 1000)]
    assert len(keys[0]) > len(keys[1])
    assert me.dask.evaluate("mean(x) + sum(x)", {"x": x}, split_every=2).compute() == 10_001


def test_names_are_deterministic():
    first, second = (me.dask.evaluate("x - mean(row, axis=0) + argmax(x)", pieces()).name for _ in range(2))
    assert first == second
    assert first != me.dask.evaluate("x - mean(row, axis=0) + argmin(x)", pieces()).name
    f = me.compile("a + 1", a="f4")
    assert tokenize(f) == tokenize(pickle.loads(pickle.dumps(f))) != tokenize(me.compile("a + 1", a="f8"))
    assert tokenize(escape) == tokenize(pickle.loads(pickle.dumps(escape)))
    with dask.config.set({"tokenize.ensure-deterministic": True}):
        me.dask.evaluate("x - mean(x, axis=0) + argmax(x)", pieces())


def test_expressions_are_compiled_once():
    data = pickle.dumps(me.compile("a + 12345", a="f4"))
    assert pickle.loads(data) is pickle.loads(data)


@me.kernel
def escape(cr, ci):
    zr = zi = 0.0
    for i in range(40):
        if zr * zr + zi * zi > 4.0:
            return i
        zr, zi = zr * zr - zi * zi + cr, 2 * zr * zi + ci
    return 40


def test_kernels():
    cr, ci = np.linspace(-2, 1, 30), np.linspace(-1, 1, 20)[:, None]
    lazy = da.from_array(cr, chunks=7), da.from_array(ci, chunks=(6, 1))
    mapped = da.map_blocks(escape, *lazy)
    assert mapped.dtype == np.int64
    np.testing.assert_array_equal(mapped.compute(), escape(cr, ci))
    named = me.dask.evaluate(escape, {"cr": lazy[0], "ci": lazy[1]})
    assert named.shape == (20, 30)
    np.testing.assert_array_equal(named.compute(), escape(cr, ci))


REFUSED = [
    ("x + unknown", "unknown name"),
    ("x +", "expected"),
    ("x + wrong", "broadcast"),
    ("mean(x, axis=5)", "axis"),
    ("def f(x):\n    return x + _i0\n", "positions"),
    ("def f(x):\n    return x + sum(x)\n", "a kernel"),
    ("x + object", "object"),
]


@pytest.mark.parametrize("text, message", REFUSED)
def test_what_is_refused_is_refused_at_once(text, message):
    arrays = {**pieces(), "wrong": da.zeros(4), "object": np.array([None])}
    with pytest.raises(me.Error, match=message):
        me.dask.evaluate(text, arrays)


def test_other_dialects():
    x = np.arange(6)
    lazy = {"x": da.from_array(x, chunks=4)}
    assert me.dask.evaluate("x / 2", lazy, dialect="miniexpr").compute().tolist() == [0, 0, 1, 1, 2, 2]
    with pytest.raises(me.Error, match="dialect"):
        me.dask.evaluate("sum(x)", lazy, dialect="miniexpr")
    with pytest.raises(TypeError):
        me.dask.evaluate(b"x", lazy)


FRAME = pd.DataFrame(
    {
        "a": [4, 1, 3, 2, 5],
        "b": [0.5, 2, 4, 8, 16],
        "s": ["x", "yy", "z", "yy", "w"],
        "n": pd.array([1, 2, 3, 4, 5], "Int64"),
    },
    index=[9, 3, 5, 1, 7],
)


@pytest.mark.parametrize("partitions", [1, 3])
def test_data_frames(partitions):
    df = dd.from_pandas(FRAME, npartitions=partitions, sort=False)
    result = me.dask.eval(df, "c = a * b\nd = c + n - k", {"k": 1})
    assert list(result.columns) == [*FRAME.columns, "c", "d"]
    assert result.dtypes["d"] == np.float64
    expected = FRAME.assign(c=FRAME.a * FRAME.b, d=(FRAME.a * FRAME.b + FRAME.n - 1).astype(float))
    for value in (result.compute(), me.dask.eval(FRAME, "c = a * b; d = c + n - k", {"k": 1})):
        pd.testing.assert_frame_equal(value.astype({"s": object}), expected.astype({"s": object}))
    pd.testing.assert_series_equal(me.dask.eval(df, "a > 2").compute(), FRAME.a > 2, check_names=False)
    assert me.dask.eval(df, "s == 'yy'").compute().tolist() == [False, True, False, True, False]
    assert me.dask.eval(df, "u = upper(s)").compute()["u"].tolist() == ["X", "YY", "Z", "YY", "W"]


def test_reductions_of_columns_are_of_all_partitions():
    df = dd.from_pandas(FRAME, npartitions=3, sort=False)
    result = me.dask.eval(df, "z = (a - mean(a)) / std(a)\nt = z * 0 + max(b) + k", {"k": 1})
    np.testing.assert_allclose(result["z"].compute(), (FRAME.a - FRAME.a.mean()) / FRAME.a.std(ddof=0))
    assert result["t"].compute().tolist() == [17.0] * 5
    assert me.dask.eval(FRAME, "a - min(a)").tolist() == [3, 0, 2, 1, 4]


def test_data_frames_that_are_refused():
    df = dd.from_pandas(FRAME.assign(o=[None] * 5, m=pd.array([1, None, 2, 3, 4], "Int64")), npartitions=2)
    for text, message in [
        ("a + q", "unknown name 'q'"),
        ("c = a\na", "each must be an assignment"),
        ("a.b = 3", "assign to one column"),
        ("a +", "expected"),
        ("", "empty"),
    ]:
        with pytest.raises(me.Error, match=message):
            me.dask.eval(df, text)
    with pytest.raises(me.DTypeError, match="'m' has missing values"):
        me.dask.eval(df, "m + 1").compute()
    with pytest.raises(TypeError, match="data frame"):
        me.dask.eval([1], "a")
