"""Expressions over xarray's data sets: dimensions by their names, coordinates and attributes kept."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

try:
    import xarray as xr
except ImportError as error:
    raise ImportError("miniexpr.xarray needs xarray: pip install 'miniexpr[xarray]'") from error

from miniexpr._binding import evaluate as _evaluate
from miniexpr._errors import Error
from miniexpr._partial import compiled
from miniexpr._reductions import Reduction, check_pieces, take_reductions
from miniexpr._text import is_kernel, names_of, with_numbers

__all__ = ["evaluate"]


def evaluate(
    text: str,
    ds: xr.Dataset | Mapping[str, Any] | None = None,
    *,
    dtype: Any = None,
    casting: str = "same_kind",
    threads: int | None = None,
    keep_attrs: bool = True,
) -> xr.DataArray:
    """Evaluate an expression, or a kernel, over the variables of a data set.

    Parameters
    ----------
    text : str
        The expression. Names are variables and coordinates of the data set.
    ds : xarray.Dataset or mapping, optional
        The data set, or arrays and scalars by name. Arrays broadcast by the names of their dimensions. Without it,
        names are the variables of the caller.
    dtype : dtype, optional
        The dtype of the result; without it, it follows from the expression.
    casting : {'same_kind', 'no', 'equiv', 'safe', 'unsafe'}
        How the result may be converted to `dtype`.
    threads : int, optional
        The number of threads that may work on an array, or on a chunk of one of Dask, where it is 1 by default.
    keep_attrs : bool
        Whether the result has the attributes of the first variable of the text.

    Returns
    -------
    xarray.DataArray
        The result, with the coordinates of the variables; lazy where one of them is an array of Dask.

    Notes
    -----
    ``axis=`` of a reduction counts the dimensions of what is reduced: those of its first variable, then new ones of the
    others. The result lacks the dimension, and meets others by their names, so that ``x - mean(x, axis=1)`` needs no
    ``keepdims``.

    Examples
    --------
    >>> import numpy as np, xarray as xr, miniexpr.xarray
    >>> t = xr.DataArray([[10.0, 20], [14, 30]], {"city": ["Oslo", "Rome"]}, ("day", "city"), attrs={"units": "°C"})
    >>> ds = xr.Dataset({"t": t})
    >>> warmer = miniexpr.xarray.evaluate("t - mean(t, axis=0)", ds)
    >>> warmer.sel(city="Rome").values, warmer.attrs
    (array([-5.,  5.]), {'units': '°C'})
    """
    if ds is None:
        frame = sys._getframe(1)
        ds = {**frame.f_globals, **frame.f_locals}
    check_pieces(text, "numpy")
    numbers: dict[str, Any] = {}
    operands: dict[str, Any] = {}
    for name in names_of(text):
        if name not in ds:
            continue
        value = ds[name]
        if type(value) in (int, float, complex):
            numbers[name] = value
        elif isinstance(value, xr.DataArray):
            operands[name] = value.astype(np.float32) if value.dtype == np.float16 else value
        else:
            operands[name] = value if hasattr(type(value), "__array_function__") else np.asarray(value)
    tiny = {name: _tiny(value, is_kernel(text)) for name, value in operands.items()}
    # The library judges the text as it was, on one item of each variable.
    result = np.asarray(_evaluate(text, {**numbers, **tiny}, dtype=dtype, casting=casting, threads=1))
    operands = {
        name: value if isinstance(value, xr.DataArray) else _plain(name, value) for name, value in operands.items()
    }
    if numbers:
        text, _ = with_numbers(text, numbers)
    rest, reductions = take_reductions(text)
    for reduction in reductions:
        operands[reduction.name] = _reduced(reduction, operands, threads, keep_attrs)
    if reductions and rest == reductions[-1].name:
        return operands[rest].astype(result.dtype, copy=False, keep_attrs=True)
    return _elementwise(rest, operands, result.dtype.str, threads, keep_attrs)


def _plain(name: str, value: Any) -> xr.DataArray:
    if value.ndim:
        raise Error(f"'{name}' is an array whose dimensions have no names: make it a DataArray")
    return xr.DataArray(value)


def _tiny(value: Any, is_empty: bool) -> Any:
    """An array like another one, of one item, or of none for a kernel, which might not end."""
    if not isinstance(value, (xr.DataArray, np.ndarray, np.generic)):
        return value
    shape = (0,) if is_empty else (1,) * value.ndim
    if value.dtype == object:
        return np.empty(shape, object)
    return np.zeros(shape, value.dtype) if value.dtype.kind in "SU" else np.ones(shape, value.dtype)


def _used(text: str, operands: Mapping[str, Any]) -> dict[str, Any]:
    return {name: operands[name] for name in names_of(text) if name in operands}


def _is_lazy(operands: Mapping[str, Any]) -> bool:
    return any(value.chunks is not None for value in operands.values())


def _elementwise(
    text: str, operands: Mapping[str, Any], dtype: str | None, threads: int | None, keep_attrs: bool
) -> Any:
    used = _used(text, operands)
    inputs = tuple((name, value.dtype.newbyteorder("=").str) for name, value in used.items())
    expression = compiled(text, inputs, dtype)
    if not used:
        return xr.DataArray(expression())
    return xr.apply_ufunc(
        expression,
        *used.values(),
        dask="parallelized",
        output_dtypes=[expression.dtype],
        keep_attrs=keep_attrs,
        kwargs={"threads": 1 if threads is None and _is_lazy(used) else threads},
    )


def _reduced(reduction: Reduction, operands: Mapping[str, Any], threads: int | None, keep_attrs: bool) -> xr.DataArray:
    """The value of a reduction, without the dimensions that are reduced."""
    used = _used(reduction.operand, operands)
    if not used:
        return xr.DataArray(_evaluate(reduction.text, {}))
    used = dict(zip(used, xr.align(*used.values(), join="exact", copy=False), strict=True))
    dims = list(dict.fromkeys(dim for value in used.values() for dim in value.dims))
    # By position in the order of all dimensions, as the library wants them.
    arrays = {}
    for name, value in used.items():
        extents = {dim: 1 for dim in dims if dim not in value.dims} | dict(zip(value.dims, value.shape, strict=True))
        arrays[name] = value.variable.set_dims(extents).transpose(*dims).data
    axes = (
        range(len(dims))
        if reduction.axis is None
        else np.lib.array_utils.normalize_axis_tuple(reduction.axis, len(dims))
    )
    kept = [dim for axis, dim in enumerate(dims) if axis not in axes]
    options = f"axis={reduction.axis}"
    if reduction.dtype is not None:
        options += f", dtype={reduction.dtype}"
    if reduction.ddof:
        options += f", ddof={reduction.ddof}"
    text = f"{reduction.function}({reduction.operand}, {options})"
    if _is_lazy(used):
        from miniexpr import dask

        data = dask.evaluate(text, arrays, threads=1 if threads is None else threads)
    else:
        data = _evaluate(text, arrays, threads=threads)
    first = next(iter(used.values()))
    coords = {
        name: coord for value in used.values() for name, coord in value.coords.items() if set(coord.dims) <= set(kept)
    }
    result = xr.DataArray(data, coords=coords, dims=kept, attrs=first.attrs if keep_attrs else None)
    # Not that of an array of Dask.
    result.name = first.name if len(used) == 1 else None
    return result
