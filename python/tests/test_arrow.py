"""Arrow's arrays and record batches, in DuckDB and DataFusion."""

import datafusion
import duckdb
import numpy as np
import pyarrow as pa
import pytest

import miniexpr as me

NAN = float("nan")


def test_null_is_not_nan():
    f = me.arrow_udf("a / b")
    result = f(pa.array([1.0, None, NAN, 4.0]), pa.array([2.0, 1.0, 1.0, None]))
    assert isinstance(result, pa.Array)
    assert result.null_count == 2
    assert [result[0].as_py(), result[1].as_py(), result[3].as_py()] == [0.5, None, None]
    assert np.isnan(result[2].as_py())
    assert me.arrow_udf("isnan(a)")(pa.array([1.0, None, NAN])).to_pylist() == [False, None, True]


@pytest.mark.parametrize("name", "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64".split())
def test_every_type(name):
    kind = getattr(pa, name)()
    values = pa.array([3, None, 7, 1], kind)
    for array in (values, values.slice(1), values.slice(1, 2), pa.chunked_array([values[:1], values[1:]])):
        result = me.arrow_udf("a + a")(array)
        assert result.type == kind
        assert result.to_pylist() == [None if item is None else 2 * item for item in array.to_pylist()]


def test_other_types():
    f = me.arrow_udf("a & b")
    assert f(pa.array([True, True, None]), pa.array([True, False, True])).to_pylist() == [True, False, None]
    upper = me.arrow_udf("upper(s)")
    for kind in (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())):
        assert upper(pa.array(["ab", None, "c"], pa.string()).cast(kind)).to_pylist() == ["AB", None, "C"]
    assert me.arrow_udf("s == 'b'")(pa.array(["a", "b", None])).to_pylist() == [False, True, None]
    half = pa.array(np.array([1, 2], "f2"))
    assert me.arrow_udf("a * 2")(half).type == pa.float32()
    assert me.arrow_udf("a + 1")(pa.nulls(3, pa.float64())).to_pylist() == [None] * 3
    assert me.arrow_udf("a + 1")(pa.array([], pa.float64())).type == pa.float64()
    assert me.arrow_udf("a + 1")(pa.chunked_array([], pa.int8())).type == pa.int8()
    assert me.arrow_udf("a + b")(pa.array([1, 2, None]), pa.scalar(5)).to_pylist() == [6, 7, None]


def test_record_batches():
    f = me.arrow_udf("price * count")
    batch = pa.record_batch({"count": [1, 2, None], "other": ["x", "y", "z"], "price": [0.5, None, 2.0]})
    assert f(batch).to_pylist() == [0.5, None, None]
    assert f(pa.Table.from_batches([batch, batch])).to_pylist() == [0.5, None, None] * 2
    with pytest.raises(me.Error, match="no column 'price'"):
        f(pa.record_batch({"count": [1]}))


def test_parameters():
    f = me.arrow_udf("b - a + pi*0 + x.astype(float32)*0")
    assert f.names == ("b", "a", "x")
    assert me.arrow_udf("b - a", names=["a", "b"])(pa.array([1]), pa.array([5])).to_pylist() == [4]
    assert f.return_type(pa.int8(), pa.int8(), pa.int8()) == pa.float64()
    assert me.arrow_udf("a * 2", dtype="f4").return_type(pa.float64()) == pa.float32()
    assert me.arrow_udf("1.5", names=["a"])(pa.array([1, 2, None])).to_pylist() == [1.5, 1.5, None]
    with pytest.raises(TypeError, match="takes b, a"):
        me.arrow_udf("b - a")(pa.array([1]))
    with pytest.raises(TypeError, match="'a' is of type list"):
        me.arrow_udf("a")([1])


@me.kernel
def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def test_kernels_do_not_see_what_lies_under_a_null():
    # Zero, which lies there, is a number from which the loop never ends.
    assert me.arrow_udf(collatz)(pa.array([7, None, 6])).to_pylist() == [16, None, 8]
    assert me.arrow_udf(collatz)(pa.array([7, 1])).to_pylist() == [16, 0]


def test_what_is_refused():
    for text, message in [("a - mean(a)", "all rows"), ("def f(a):\n    return _i0\n", "positions")]:
        with pytest.raises(me.Error, match=message):
            me.arrow_udf(text)
    with pytest.raises(me.Error, match="broadcast|shape"):
        me.arrow_udf("a + b")(pa.array([1, 2, 3]), pa.array([1, 2]))
    with pytest.raises(me.Error, match="expected"):
        me.arrow_udf("a +")(pa.array([1]))
    with pytest.raises(me.DTypeError, match="timestamp"):
        me.arrow_udf("a")(pa.array([0], pa.timestamp("s")))
    with pytest.raises(me.DTypeError, match="complex"):
        me.arrow_udf("a * 1j")(pa.array([1.0]))


def test_duckdb():
    with duckdb.connect() as connection:
        hypot = me.arrow_udf("sqrt(a*a + b*b)")
        for name, handling in [("hypot", "default"), ("hypot_special", "special")]:
            connection.create_function(
                name, hypot, ["DOUBLE", "DOUBLE"], "DOUBLE", type="arrow", null_handling=handling
            )
            rows = connection.sql(
                f"select {name}(i, 4.0), {name}(if(i % 2 = 0, null, i), 1) from range(4) t(i)"
            ).fetchall()
            assert [row[0] for row in rows] == [np.hypot(i, 4.0) for i in range(4)]
            assert [row[1] is None for row in rows] == [True, False, True, False]
        ((nan, null),) = connection.sql("select hypot('nan'::double, 1), hypot(null, 1)").fetchall()
        assert np.isnan(nan)
        assert null is None
        connection.create_function(
            "steps", me.arrow_udf(collatz), ["BIGINT"], "BIGINT", type="arrow", null_handling="special"
        )
        total = connection.sql(
            "select sum(steps(i)), count(steps(if(i = 3, null, i))) from range(1, 100001) t(i)"
        ).fetchall()
        assert total == [(collatz(np.arange(1, 100001)).sum(), 99999)]
        connection.create_function("loud", me.arrow_udf("upper(s)"), ["VARCHAR"], "VARCHAR", type="arrow")
        assert connection.sql("select loud('abc'), loud(null)").fetchall() == [("ABC", None)]
        with pytest.raises(duckdb.Error, match="2 types"):
            connection.create_function("wrong", me.arrow_udf("a"), ["DOUBLE", "DOUBLE"], "DOUBLE", type="arrow")
        connection.create_function("fails", me.arrow_udf("a & b"), ["DOUBLE", "DOUBLE"], "DOUBLE", type="arrow")
        with pytest.raises(duckdb.Error, match="unsupported operand"):
            connection.sql("select fails(1, 2)").fetchall()


def test_datafusion():
    context = datafusion.SessionContext()
    hypot = me.arrow_udf("sqrt(a*a + b*b)")
    result_type = hypot.return_type(pa.float64(), pa.float64())
    udf = datafusion.udf(hypot, [pa.float64(), pa.float64()], result_type, "immutable", name="hypot")
    context.register_udf(udf)
    context.from_pydict({"a": [3.0, None, NAN], "b": [4.0, 1.0, 2.0]}, name="t")
    result = context.sql("select hypot(a, b) as h, hypot(a, 4.0) as c from t").to_pydict()
    assert result["h"][:2] == [5.0, None]
    assert np.isnan(result["h"][2])
    assert result["c"][:2] == [5.0, None]
    steps = datafusion.udf(me.arrow_udf(collatz), [pa.int64()], pa.int64(), "immutable", name="steps")
    context.register_udf(steps)
    context.from_pydict({"n": list(range(1, 2000)) + [None]}, name="numbers")
    (total,) = context.sql("select sum(steps(n)) as s from numbers").to_pydict()["s"]
    assert total == collatz(np.arange(1, 2000)).sum()
