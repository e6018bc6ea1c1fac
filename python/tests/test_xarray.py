"""xarray's data sets."""

import numpy as np
import pytest
import xarray as xr

import miniexpr as me
import miniexpr.xarray

RANDOM = np.random.default_rng(3)
DATA = xr.Dataset(
    {
        "t": (("day", "city"), RANDOM.normal(15, 8, (6, 3)), {"units": "°C"}),
        "bias": ("city", [0.5, -0.5, 1.0], {"units": "K"}),
        "month": ("day", [1, 1, 1, 2, 2, 2]),
        "name": ("city", ["a", "bb", "c"]),
    },
    {"city": ["Oslo", "Rome", "Bonn"], "day": np.arange(6) * 10, "height": ("city", [23.0, 21, 60])},
)
LAZY = DATA.chunk({"day": 4, "city": 2})


@pytest.mark.parametrize("ds", [DATA, LAZY], ids=["numpy", "dask"])
@pytest.mark.parametrize(
    "text, expected",
    [
        ("t - bias", lambda d: d.t - d.bias),
        ("where(month > 1, t, -t)", lambda d: xr.where(d.month > 1, d.t, -d.t)),
        ("t - mean(t, axis=0)", lambda d: d.t - d.t.mean("day")),
        ("(t - mean(t, axis=1)) / std(t, axis=-1)", lambda d: (d.t - d.t.mean("city")) / d.t.std("city")),
        ("max(t)", lambda d: d.t.max()),
        ("sum(t * bias, axis=0)", lambda d: (d.t * d.bias).sum("day")),
        ("var(t, axis=0, ddof=1, keepdims=True) + bias", lambda d: d.t.var("day", ddof=1) + d.bias),
        ("argmax(t, axis=0)", lambda d: d.t.argmax("day")),
        ("t / height", lambda d: d.t / d.height),
        ("startswith(name, 'b')", lambda d: d.name.str.startswith("b")),
    ],
)
def test_as_xarray(text, expected, ds):
    result = me.xarray.evaluate(text, ds)
    wanted = expected(DATA)
    assert (result.chunks is not None) == (ds is LAZY)
    assert result.dims == wanted.dims
    xr.testing.assert_allclose(
        result.compute().drop_vars("height", errors="ignore"), wanted.drop_vars("height", errors="ignore")
    )
    assert set(result.coords) == set(wanted.coords)


@pytest.mark.parametrize("ds", [DATA, LAZY], ids=["numpy", "dask"])
def test_attributes_are_kept(ds):
    assert me.xarray.evaluate("t - bias", ds).attrs == {"units": "°C"}
    assert me.xarray.evaluate("mean(t, axis=0)", ds).attrs == {"units": "°C"}
    assert me.xarray.evaluate("t * 2", ds, keep_attrs=False).attrs == {}
    assert me.xarray.evaluate("mean(t)", ds, keep_attrs=False).attrs == {}


def test_variables_of_the_caller_and_mappings():
    t, n = DATA.t, 2
    xr.testing.assert_equal(me.xarray.evaluate("t * n"), DATA.t * 2)
    other = DATA.t.isel(city=0, drop=True)
    result = me.xarray.evaluate("t - other + k", {"t": t, "other": other, "k": np.float32(1)})
    xr.testing.assert_allclose(result, DATA.t - other + 1)
    single = t.astype("f4")
    assert me.xarray.evaluate("single * n").dtype == np.float32


def test_dtype_of_the_result():
    assert me.xarray.evaluate("t", DATA, dtype="f4").dtype == np.float32
    assert me.xarray.evaluate("mean(t)", LAZY, dtype="f4").compute().dtype == np.float32
    assert me.xarray.evaluate("1 + 2", DATA) == 3


def test_kernels():
    text = "def f(t, bias):\n    if t > 15:\n        return t - bias\n    return t\n"
    for ds in (DATA, LAZY):
        result = me.xarray.evaluate(text, ds)
        xr.testing.assert_allclose(result.compute(), xr.where(DATA.t > 15, DATA.t - DATA.bias, DATA.t, keep_attrs=True))


def test_what_is_refused():
    for text, message in [("t + q", "unknown name 'q'"), ("t +", "expected"), ("mean(t, axis=2)", "axis")]:
        with pytest.raises(me.Error, match=message):
            me.xarray.evaluate(text, DATA)
    with pytest.raises(me.Error, match="no names"):
        me.xarray.evaluate("t + plain", {"t": DATA.t, "plain": np.ones(3)})
    with pytest.raises(me.DTypeError):
        me.xarray.evaluate("o", {"o": xr.DataArray(np.array([None]))})
    moved = DATA.assign_coords(city=["Oslo", "Rome", "Kiel"])
    for text in ("t + u", "sum(t + u)"):
        with pytest.raises(ValueError, match="city"):
            me.xarray.evaluate(text, {"t": DATA.t, "u": moved.t})
