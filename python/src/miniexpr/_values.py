"""What values of the caller become: arrays that the library reads, or errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from miniexpr._errors import DTypeError

# Dtypes by the number that they have in the library, from 1 on.
NUMBERS = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128".split()
STRING, BYTES = 14, 15
# Texts that `evaluate` remembers.
MAX_TEXTS = 256


CASTINGS = ("no", "equiv", "safe", "same_kind", "unsafe")


def refused_dtype(name: str, dtype: Any) -> DTypeError:
    return DTypeError(f"'{name}' is an array of {dtype}, which expressions cannot compute with")


def refused_value(name: str, value: Any, array: Any) -> DTypeError:
    """The error for a value that became an array of no dtype of the library."""
    if array.ndim or array.dtype.kind != "O" or isinstance(value, np.ndarray):
        return refused_dtype(name, array.dtype)
    # An object that is no array became an array of itself.
    return DTypeError(f"'{name}' is of type {type(value).__name__}, which expressions cannot compute with")


def check_casting(casting: Any) -> None:
    if casting not in CASTINGS:
        raise ValueError(f"casting is {casting!r}, not one of {', '.join(CASTINGS)}")


def no_cast(dtype: Any, wanted: Any, casting: str) -> DTypeError:
    return DTypeError(f"the result is {dtype}, which does not convert to {wanted} by the rule {casting!r}")


def to_array(value: Any, name: str) -> Any:
    """The value as an array of NumPy, if that loses nothing; in half precision as float32."""
    if isinstance(value, np.ndarray):
        if isinstance(value, (np.ma.MaskedArray, np.matrix)):
            raise DTypeError(f"'{name}' is of type {type(value).__name__}, which is more than an array: pass its data")
        array = value
    elif hasattr(type(value), "__array_function__"):
        raise DTypeError(f"'{name}' is of type {type(value).__name__}, not a NumPy array: pass numpy.asarray of it")
    else:
        array = np.asarray(value)
    return array.astype(np.float32) if array.dtype.char == "e" else array


def weak(value: Any, wanted: np.dtype[Any], name: str) -> Any:
    """A number of Python as an array of a dtype, if it is of its kind."""
    kinds = "biufc"
    kind = {bool: "b", int: "i", float: "f", complex: "c"}[type(value)]
    if kinds.index(kind) > kinds.index(wanted.kind if wanted.kind in kinds else "b"):
        raise DTypeError(f"'{name}' is {wanted}, and {value!r} is not such a number")
    return np.asarray(value, wanted)
