"""Expressions over Arrow's record batches, where NULL is not NaN."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Sequence
from typing import Any

import numpy as np

try:
    import pyarrow as pa
except ImportError as error:
    raise ImportError("miniexpr.arrow_udf needs pyarrow: pip install 'miniexpr[arrow]'") from error

from miniexpr._binding import evaluate as _evaluate
from miniexpr._errors import DTypeError, Error
from miniexpr._kernel import Kernel
from miniexpr._reductions import check_pieces, take_reductions
from miniexpr._text import is_kernel, names_of

_CONSTANTS = frozenset(["pi", "e", "inf", "nan"])


class ArrowFunction:
    """An expression as a function of Arrow's arrays or record batches; made by :func:`arrow_udf`.

    Attributes
    ----------
    text : str
        The expression.
    names : tuple of str
        The parameters, in the order of the arguments.
    """

    def __init__(self, text: str, names: Sequence[str] | None, dtype: Any, casting: str, threads: int) -> None:
        self.text = text
        self.names = _parameters(text) if names is None else tuple(names)
        self.dtype = dtype
        self.casting = casting
        self.threads = threads
        # What engines look at: the name, and the number of arguments.
        self.__name__ = "miniexpr"
        names = [f"{name}_" if keyword.iskeyword(name) else name for name in self.names]
        parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names]
        self.__signature__ = inspect.Signature(parameters)

    def __repr__(self) -> str:
        return f"arrow_udf({self.text!r}, names={list(self.names)})"

    def return_type(self, *types: pa.DataType) -> pa.DataType:
        """The type of the result for columns of these types.

        Parameters
        ----------
        *types : pyarrow.DataType
            Those of the parameters.

        Returns
        -------
        pyarrow.DataType
        """
        return self(*(pa.array([], kind) for kind in types)).type

    def __call__(self, *columns: Any) -> pa.Array:
        """Evaluate over columns, by position, or over a record batch or table, by the names of its columns.

        Returns
        -------
        pyarrow.Array
            An item a row: NULL where one of the arguments is NULL.
        """
        if len(columns) == 1 and isinstance(columns[0], (pa.RecordBatch, pa.Table)):
            batch = columns[0]
            absent = [name for name in self.names if name not in batch.column_names]
            if absent:
                raise Error(f"the record batch has no column '{absent[0]}'", self.text)
            columns = tuple(batch.column(name) for name in self.names)
            length = batch.num_rows
        else:
            if len(columns) != len(self.names):
                raise TypeError(f"the expression takes {', '.join(self.names)}, but {len(columns)} columns were given")
            columns = tuple(_array(column, name) for column, name in zip(columns, self.names, strict=True))
            length = max((len(column) for column in columns), default=1)
        arrays = [_array(column, name) for column, name in zip(columns, self.names, strict=True)]
        missing = _missing(arrays, length)
        values = dict(zip(self.names, map(_values, arrays, self.names), strict=True))
        if missing is not None and is_kernel(self.text):
            # What lies under a NULL is anything, and a kernel may loop over it.
            rows = np.flatnonzero(~missing)
            found = self.compute({name: value[rows] for name, value in values.items()}, len(rows))
            result = np.zeros(length, found.dtype)
            result[rows] = found
        else:
            result = self.compute(values, length)
        return pa.array(result, mask=missing)

    def compute(self, values: dict[str, np.ndarray], length: int) -> np.ndarray:
        options = {"dtype": self.dtype, "casting": self.casting, "threads": self.threads}
        result = np.asarray(_evaluate(self.text, values, **options))
        if result.dtype.kind == "c":
            raise DTypeError("the result is complex, for which Arrow has no type")
        return np.repeat(result, length) if result.ndim == 0 else result


def arrow_udf(
    text: str | Kernel,
    names: Sequence[str] | None = None,
    *,
    dtype: Any = None,
    casting: str = "same_kind",
    threads: int = 1,
) -> ArrowFunction:
    """Make an expression, or a kernel, a function of Arrow's arrays: for DuckDB, DataFusion, and record batches.

    Parameters
    ----------
    text : str or Kernel
        The expression, without reductions: engines pass rows in pieces.
    names : sequence of str, optional
        The parameters in the order in which an engine passes them; by default that in which they first appear.
    dtype : dtype, optional
        The dtype of the result; without it, it follows from the expression.
    casting : {'same_kind', 'no', 'equiv', 'safe', 'unsafe'}
        How the result may be converted to `dtype`.
    threads : int
        The number of threads that may work on a batch. Engines work on several batches at a time.

    Returns
    -------
    callable
        A function of columns by position, or of a record batch by name. A row with a NULL gives NULL; NaN is a number
        as any other. Its method `return_type` tells the type of the result.

    Examples
    --------
    >>> import miniexpr as me, pyarrow as pa
    >>> hypot = me.arrow_udf("sqrt(a*a + b*b)")
    >>> hypot(pa.array([3.0, None, float("nan")]), pa.array([4.0, 1.0, 1.0])).to_pylist()
    [5.0, None, nan]
    >>> hypot(pa.record_batch({"b": [12], "a": [5]})).to_pylist()
    [13.0]
    >>> hypot.return_type(pa.float32(), pa.float32())
    DataType(float)
    """
    if isinstance(text, Kernel):
        text = text.text
    check_pieces(text, "numpy")
    function = ArrowFunction(text, names, dtype, casting, threads)
    _, reductions = take_reductions(text)
    if reductions:
        raise Error(f"{reductions[0].text} needs all rows, which a function of record batches does not see", text)
    return function


def _parameters(text: str) -> tuple[str, ...]:
    """The names of a text, without those of constants and dtypes."""
    names = names_of(text)
    if is_kernel(text):
        return names
    return tuple(name for name in names if name not in _CONSTANTS and not _is_dtype(name))


def _is_dtype(name: str) -> bool:
    return isinstance(getattr(np, name, None), type) and issubclass(getattr(np, name), np.generic)


def _array(column: Any, name: str) -> pa.Array:
    """A column as one array of its values, without dictionaries."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if isinstance(column, pa.Scalar):
        column = pa.array([column.as_py()], column.type)
    if not isinstance(column, pa.Array):
        raise TypeError(f"'{name}' is of type {type(column).__name__}, not an array of Arrow")
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    return column


def _missing(arrays: list[pa.Array], length: int) -> np.ndarray | None:
    """Where one of the arrays is NULL; None if nowhere."""
    missing = None
    for array in arrays:
        if array.null_count:
            nulls = array.is_null().to_numpy(zero_copy_only=False)
            nulls = np.broadcast_to(nulls, length)
            missing = nulls if missing is None else missing | nulls
    return missing


def _values(array: pa.Array, name: str) -> np.ndarray:
    """The items; anything where they are NULL."""
    kind = array.type
    if pa.types.is_boolean(kind) or pa.types.is_null(kind):
        filled = array.cast(pa.bool_()).fill_null(False)
        return filled.to_numpy(zero_copy_only=False)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        # Without the bitmap nothing becomes NaN, and nothing is copied.
        bare = pa.Array.from_buffers(kind, len(array), [None, array.buffers()[1]], offset=array.offset)
        return bare.to_numpy(zero_copy_only=True)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return np.array([item or "" for item in array.to_pylist()], dtype=np.str_)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return np.array([item or b"" for item in array.to_pylist()], dtype=np.bytes_)
    raise DTypeError(f"'{name}' is an array of {kind}, which expressions cannot compute with")
