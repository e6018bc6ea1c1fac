"""Expressions over Dask's arrays and data frames.

An element-wise expression is one task a chunk, however many operations it has. A reduction computes the contribution
of a chunk in one task too, and merges contributions in a tree.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

try:
    import dask.array as da
except ImportError as error:
    raise ImportError("miniexpr.dask needs Dask: pip install 'miniexpr[dask]'") from error

from miniexpr import _frames
from miniexpr._binding import evaluate as _evaluate
from miniexpr._errors import Error
from miniexpr._kernel import Kernel
from miniexpr._partial import MERGED_BY, MOMENTS, Inputs, Merge, MergeTotals, Part, compiled
from miniexpr._reductions import Reduction, check_pieces, take_reductions
from miniexpr._text import is_kernel, names_of, with_numbers

__all__ = ["eval", "evaluate"]


def evaluate(
    text: str | Kernel,
    arrays: Mapping[str, Any] | None = None,
    *,
    dtype: Any = None,
    casting: str = "same_kind",
    threads: int = 1,
    split_every: int | None = None,
    dialect: str | None = None,
) -> da.Array:
    """Evaluate an expression, or a kernel, over Dask arrays; lazily, as Dask does.

    Parameters
    ----------
    text : str or Kernel
        The expression: that of :func:`miniexpr.evaluate`.
    arrays : mapping, optional
        Its variables: Dask arrays of any chunking, NumPy arrays, scalars. They broadcast. Without it, names are the
        variables of the caller.
    dtype : dtype, optional
        The dtype of the result; without it, it follows from the expression.
    casting : {'same_kind', 'no', 'equiv', 'safe', 'unsafe'}
        How the result may be converted to `dtype`.
    threads : int
        The number of threads that may work on a chunk. Dask works on several chunks at a time.
    split_every : int, optional
        How many contributions to a reduction are merged at once; by default, what Dask is configured to.
    dialect : {'numpy', 'numexpr', 'miniexpr'}, optional
        The language of the text. Reductions are computed in NumPy's.

    Returns
    -------
    dask.array.Array
        The result. Its dtype and its dimensions are known.

    Raises
    ------
    Error
        If the text is refused, or the shapes do not go together; at once, not when the result is computed.
    DTypeError
        If an input has a dtype that expressions do not know, or an operation does not know its dtype.

    Examples
    --------
    >>> import dask.array as da, miniexpr.dask
    >>> x = da.arange(6.0, chunks=2).reshape(2, 3)
    >>> z = miniexpr.dask.evaluate("(x - mean(x, axis=0)) / std(x, axis=0)", {"x": x})
    >>> z.dtype, z.shape
    (dtype('float64'), (2, 3))
    >>> z.compute()
    array([[-1., -1., -1.],
           [ 1.,  1.,  1.]])
    """
    if isinstance(text, Kernel):
        text = text.text
    if not isinstance(text, str):
        raise TypeError(f"the expression is of type {type(text).__name__}, not a str")
    if arrays is None:
        arrays = _Variables(sys._getframe(1))
    dialect = dialect or "numpy"
    check_pieces(text, dialect)
    numbers: dict[str, Any] = {}
    operands: dict[str, Any] = {}
    for name in names_of(text):
        if name not in arrays:
            continue
        value = arrays[name]
        if type(value) in (int, float, complex) and dialect == "numpy":
            numbers[name] = value
        else:
            operands[name] = _operand(name, value)
    # The library judges the text as it was, on one item of each input, and so tells the dtype of the result.
    tiny = {name: _tiny(value, is_kernel(text)) for name, value in operands.items()}
    result = np.asarray(_evaluate(text, {**numbers, **tiny}, dtype=dtype, casting=casting, threads=1, dialect=dialect))
    if numbers:
        text, _ = with_numbers(text, numbers)
    rest, reductions = take_reductions(text) if dialect == "numpy" else (text, [])
    for reduction in reductions:
        operands[reduction.name] = _reduced(reduction, operands, threads, split_every)
    if reductions and rest == reductions[-1].name:
        value = operands[rest]
        return da.asarray(value) if value.dtype == result.dtype else da.asarray(value).astype(result.dtype)
    return da.asarray(_elementwise(rest, operands, result.dtype.str, dialect, threads))


class _Variables(Mapping[str, Any]):
    """The variables of a frame."""

    def __init__(self, frame: Any) -> None:
        self.scopes = frame.f_locals, frame.f_globals

    def __getitem__(self, name: str) -> Any:
        for scope in self.scopes:
            if name in scope:
                return scope[name]
        raise KeyError(name)

    def __iter__(self) -> Any:
        return iter({**self.scopes[1], **self.scopes[0]})

    def __len__(self) -> int:
        return len(set(self.scopes[0]) | set(self.scopes[1]))


def _operand(name: str, value: Any) -> Any:
    """A variable as an array: one of Dask if it has dimensions, or already is one."""
    if isinstance(value, da.Array):
        return value.astype(np.float32) if value.dtype == np.float16 else value
    if hasattr(type(value), "__array_function__") and not isinstance(value, np.ndarray):
        # Refused with the words of the evaluator.
        return value
    if isinstance(value, (np.ma.MaskedArray, np.matrix)):
        return value
    array = np.asarray(value)
    return array if array.ndim == 0 or array.dtype == object else da.asarray(array)


def _tiny(value: Any, is_empty: bool) -> Any:
    """An array like another one, of one item, or of none for a kernel, which might not end."""
    if not isinstance(value, da.Array) and not (isinstance(value, np.ndarray) and value.ndim == 0):
        return value
    shape = (0,) if is_empty else (1,) * value.ndim
    return np.zeros(shape, value.dtype) if value.dtype.kind in "SU" else np.ones(shape, value.dtype)


def _used(text: str, operands: Mapping[str, Any]) -> dict[str, Any]:
    return {name: operands[name] for name in names_of(text) if name in operands}


def _inputs(operands: Mapping[str, Any]) -> Inputs:
    return tuple((name, value.dtype.newbyteorder("=").str) for name, value in operands.items())


def _shape(text: str, operands: Mapping[str, Any]) -> tuple[Any, ...]:
    shapes = [value.shape for value in operands.values()]
    try:
        return da.core.broadcast_shapes(*shapes) if shapes else ()
    except ValueError:
        listed = ", ".join(f"{name}: {value.shape}" for name, value in operands.items())
        raise Error(f"the shapes of {text} do not broadcast ({listed})") from None


def _pairs(operands: Mapping[str, Any]) -> list[Any]:
    """Arrays and their dimensions, counted from the last, as blockwise wants them."""
    pairs: list[Any] = []
    for value in operands.values():
        pairs += [value, tuple(range(value.ndim))[::-1] if isinstance(value, da.Array) else None]
    return pairs


def _elementwise(text: str, operands: Mapping[str, Any], dtype: str | None, dialect: str, threads: int) -> Any:
    """One task a chunk that computes a text without reductions."""
    used = _used(text, operands)
    expression = compiled(text, _inputs(used), dtype, dialect)
    ndim = len(_shape(text, used))
    if not any(isinstance(value, da.Array) for value in used.values()):
        return np.asarray(expression(*used.values(), threads=threads))
    return da.blockwise(
        expression,
        tuple(range(ndim))[::-1],
        *_pairs(used),
        token="miniexpr-evaluate",
        dtype=expression.dtype,
        meta=np.empty((0,) * ndim, expression.dtype),
        threads=threads,
    )


def _reduced(reduction: Reduction, operands: Mapping[str, Any], threads: int, split_every: int | None) -> Any:
    """The value of a reduction: the contributions of chunks, merged in a tree."""
    used = _used(reduction.operand, operands)
    one = {name: _tiny(value, False) for name, value in used.items()}
    dtype = np.asarray(_evaluate(reduction.text, one)).dtype
    inputs, shape = _inputs(used), _shape(reduction.operand, used)
    if not any(isinstance(value, da.Array) for value in used.values()):
        return np.asarray(compiled(reduction.text, inputs)(*used.values(), threads=threads))
    ndim, function = len(shape), reduction.function
    axes = (
        tuple(range(ndim)) if reduction.axis is None else np.lib.array_utils.normalize_axis_tuple(reduction.axis, ndim)
    )
    axes = tuple(sorted(axes))
    merge: Any
    pairs = _pairs(used)
    if function in MERGED_BY:
        option = f", dtype={dtype}" if function in ("sum", "prod") else ""
        part: Any = compiled(f"{function}({reduction.operand}, axis={axes}, keepdims=True{option})", inputs)
        state = part.dtype
        merge = last = MergeTotals(MERGED_BY[function], dtype.str)
    else:
        item = np.asarray(_evaluate(reduction.operand, one)).dtype
        if function in MOMENTS:
            item = np.dtype("c16" if item.kind == "c" else "f8")
        is_place = function.startswith("arg")
        if is_place:
            pairs = _with_starts(reduction, pairs, shape)
        part = Part(function, reduction.operand, inputs, ndim, axes, item.str, shape if is_place else ())
        state = part.fields
        merge, last = Merge(function), Merge(function, dtype.str, reduction.ddof)
    indices = tuple(range(ndim))[::-1]
    parts = da.blockwise(
        part,
        indices,
        *pairs,
        token=f"miniexpr-{function}",
        dtype=state,
        meta=np.empty((0,) * ndim, state),
        adjust_chunks={indices[axis]: _one for axis in axes},
        align_arrays=not function.startswith("arg"),
        threads=threads,
    )
    if not axes:
        return (
            parts
            if function in MERGED_BY
            else parts.map_blocks(last, axis=(), dtype=dtype, meta=np.empty((0,) * ndim, dtype))
        )
    return da.reduction(
        parts,
        chunk=_as_is,
        combine=merge,
        aggregate=last,
        axis=axes,
        keepdims=reduction.keepdims,
        split_every=split_every,
        # That of the contributions; `meta` has the one of the result.
        dtype=state,
        name=f"miniexpr-{function}-merge",
        meta=np.empty((0,) * (ndim if reduction.keepdims else ndim - len(axes)), dtype),
        concatenate=True,
    )


def _one(_: Any) -> int:
    return 1


def _as_is(parts: Any, **_: Any) -> Any:
    return parts


def _with_starts(reduction: Reduction, pairs: list[Any], shape: tuple[Any, ...]) -> list[Any]:
    """Arrays with chunks that go together, and for each dimension an array of the first index of each chunk."""
    if any(np.isnan(extent) for extent in shape):
        raise Error(f"{reduction.text} needs chunks of known sizes: call compute_chunk_sizes() first")
    chunks, arrays = da.core.unify_chunks(*pairs)
    pairs = [item for array, index in zip(arrays, pairs[1::2], strict=True) for item in (array, index)]
    for index in range(len(shape))[::-1]:
        starts = np.cumsum((0, *chunks[index][:-1]))
        pairs += [da.from_array(starts, chunks=1), (index,)]
    return pairs


def eval(  # noqa: A001
    df: Any, text: str, local_dict: Mapping[str, Any] | None = None, *, threads: int = 1
) -> Any:
    """Evaluate an expression over the columns of a data frame of Dask or pandas.

    Parameters
    ----------
    df : dask.dataframe.DataFrame or pandas.DataFrame
        Names in the text are its columns.
    text : str
        An expression, or assignments, one a line: ``c = a * b``. A later line may use what an earlier one assigns.
    local_dict : mapping, optional
        Scalars for other names.
    threads : int
        The number of threads that may work on a partition.

    Returns
    -------
    Series or DataFrame
        For an expression a series, for assignments the data frame with the new columns, lazy if `df` is. Partitions are
        computed by themselves; a reduction is one of all.

    Examples
    --------
    >>> import pandas as pd, dask.dataframe as dd, miniexpr.dask
    >>> df = dd.from_pandas(pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 2, 4]}), npartitions=2)
    >>> miniexpr.dask.eval(df, "c = a * b").compute()
       a    b     c
    0  1  0.5   0.5
    1  2  2.0   4.0
    2  3  4.0  12.0
    """
    return _frames.evaluate(df, text, builtins.dict(local_dict or {}), threads, evaluate)
