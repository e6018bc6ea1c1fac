"""Compiled expressions."""

from __future__ import annotations

import threading
from typing import Any, Final

import numpy as np

from miniexpr import _binding
from miniexpr._errors import Error
from miniexpr.numexpr import utils
from miniexpr.numexpr._kinds import DTYPES, kind_of_dtype, opcodes
from miniexpr.numexpr.utils import MAX_THREADS, _get_num_threads, _set_num_threads, use_vml

__all__ = [
    "MAX_THREADS",
    "NumExpr",
    "_get_num_threads",
    "_set_num_threads",
    "allaxes",
    "funccodes",
    "maxdims",
    "opcodes",
    "use_vml",
]

# What stands for all axes in a program.
allaxes = 255
maxdims = 32
# Functions are operations like all others.
funccodes: dict[bytes, int] = {}

ORDERS = ("C", "F", "A", "K")
CASTINGS = ("no", "equiv", "safe", "same_kind", "unsafe")


class NumExpr:
    """An expression that is compiled for inputs of certain kinds; made by `miniexpr.numexpr.NumExpr`.

    It is immutable, and any number of threads may call it at a time.

    Attributes
    ----------
    signature : bytes
        The codes of the kinds of inputs.
    tempsig, constsig : bytes
        Those of temporary values and of constants.
    fullsig : bytes
        All of them, behind that of the result.
    program : bytes
        The operations of the listing that `disassemble` shows, four bytes each. They are not what is run.
    constants : tuple
        The constants of the listing.
    input_names : tuple of str
        The inputs.
    """

    # What is compiled for further dtypes of inputs is remembered beside them.
    __slots__ = (
        "__weakref__",
        "_kinds",
        "_lock",
        "_plans",
        "_reduces",
        "_text",
        "constants",
        "constsig",
        "fullsig",
        "input_names",
        "program",
        "signature",
        "tempsig",
    )
    signature: Final[bytes]
    tempsig: Final[bytes]
    constsig: Final[bytes]
    fullsig: Final[bytes]
    program: Final[bytes]
    constants: Final[tuple[Any, ...]]
    input_names: Final[tuple[str, ...]]

    def __init__(
        self,
        signature: bytes,
        tempsig: bytes,
        program: bytes,
        constants: tuple[Any, ...],
        input_names: tuple[str, ...],
        *,
        fullsig: bytes,
        constsig: bytes,
        text: str,
        kinds: tuple[str, ...],
        reduces: bool | int,
    ) -> None:
        values = {
            "signature": signature,
            "tempsig": tempsig,
            "constsig": constsig,
            "fullsig": fullsig,
            "program": program,
            "constants": constants,
            "input_names": input_names,
            "_text": text,
            "_kinds": kinds,
            "_reduces": reduces,
            "_plans": {},
            "_lock": threading.Lock(),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        # What is wrong with the text is told at once. Strings have no width yet.
        if all(kind in DTYPES for kind in kinds):
            self._plan(tuple(DTYPES[kind] for kind in kinds))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("readonly attribute")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __call__(
        self,
        *args: Any,
        out: np.ndarray[Any, Any] | None = None,
        order: str = "K",
        casting: str = "safe",
        ex_uses_vml: bool = False,
    ) -> np.ndarray[Any, Any]:
        """Evaluate for one value for each input.

        Parameters
        ----------
        *args : array_like
            The inputs, which broadcast.
        out : numpy.ndarray, optional
            The array for the result.
        order : {'K', 'C', 'F', 'A'}
            How the result lies in memory.
        casting : {'safe', 'no', 'equiv', 'same_kind', 'unsafe'}
            How arrays may be converted to the kinds of the inputs, and the result to the dtype of `out`.
        ex_uses_vml : bool
            Not used.

        Returns
        -------
        numpy.ndarray
            `out` if it is given.
        """
        if len(args) != len(self._kinds):
            raise ValueError("number of inputs doesn't match program")
        if order not in ORDERS:
            raise ValueError(f"order must be one of 'C', 'F', 'A', or 'K' (got {order!r})")
        if casting not in CASTINGS:
            names = "'no', 'equiv', 'safe', 'same_kind', or 'unsafe'"
            raise ValueError(f"casting must be one of {names} (got {casting!r})")
        arrays = [_converted(args[i], kind, i + 1, casting) for i, kind in enumerate(self._kinds)]
        plan = self._plan(tuple([array.dtype for array in arrays]))
        return self._run(plan, arrays, out, order, casting)

    run = __call__

    def _run(
        self, plan: _binding.Expression, arrays: list[Any], out: Any, order: str, casting: str
    ) -> np.ndarray[Any, Any]:
        """Runs a plan for arrays of its dtypes."""
        if plan.dtype.kind == "S" and arrays:
            # Only a copy gives strings: of all bytes, also of those behind a NUL.
            copied = np.array(arrays[0], order=order)  # type: ignore[call-overload]
            return copied if out is None else _given(out, copied, casting)
        if self._reduces is not False and not self._is_ready(arrays):
            empty = np.empty(np.broadcast_shapes(*[array.shape for array in arrays]), plan.dtype)
            return empty if out is None else _given(out, empty, casting)
        try:
            if out is None and order == "K":
                return plan.compute(arrays, None, casting, utils._nthreads)
            return self._given(plan, arrays, out, order, casting)
        except Error as error:
            _check_shapes(arrays)
            raise ValueError(error.message) from None

    def _is_ready(self, arrays: list[Any]) -> bool:
        """Whether a reduction has items, along an axis that exists."""
        shape = np.broadcast_shapes(*[array.shape for array in arrays])
        if self._reduces is not True and self._reduces >= max(len(shape), 1):
            raise ValueError("reduction axis is out of bounds")
        return 0 not in shape

    def _given(
        self, plan: _binding.Expression, arrays: list[Any], out: Any, order: str, casting: str
    ) -> np.ndarray[Any, Any]:
        """The result in an array that is given, or in the order that is asked for."""
        if out is None:
            result = plan.compute(arrays, None, casting, utils._nthreads)
            if order == "A":
                order = "F" if arrays and all(array.flags.f_contiguous for array in arrays) else "C"
            return result if order == "K" else np.asarray(result, order=order)  # type: ignore[call-overload]
        _check_out(out, plan.dtype, casting)
        if out.dtype == plan.dtype and type(out) is np.ndarray and out.dtype.isnative:
            shape = np.broadcast_shapes(*[array.shape for array in arrays])
            if self._reduces is False and out.shape == shape:
                plan.compute(arrays, out, casting, utils._nthreads)
                return out
        return _given(out, plan.compute(arrays, None, casting, utils._nthreads), casting)

    def _plan(self, dtypes: tuple[Any, ...]) -> _binding.Expression:
        """The expression for inputs of these dtypes."""
        plan = self._plans.get(dtypes)
        if plan is None:
            plan = _compiled(self._text, self.input_names, dtypes)
            with self._lock:
                while len(self._plans) >= 64:
                    del self._plans[next(iter(self._plans))]
                self._plans[dtypes] = plan
        return plan


def _compiled(text: str, names: tuple[str, ...], dtypes: tuple[Any, ...]) -> _binding.Expression:
    try:
        return _binding.compile_for(text, names, dtypes, None, "numexpr")
    except Error as error:
        if error.message.startswith("couldn't find matching opcode"):
            raise NotImplementedError(error.message) from None
        if error.message.startswith("invalid program"):
            raise RuntimeError(error.message) from None
        raise ValueError(error.message) from None


def plain(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An array of a dtype that expressions take, in the byte order of the machine.

    Raises
    ------
    ValueError
        If the dtype has no kind.
    """
    dtype = array.dtype
    kind = kind_of_dtype(dtype)
    if dtype.kind in "fc" and dtype.itemsize not in (4, 8) and dtype.char not in "FD":
        return array.astype(DTYPES[kind])
    if not dtype.isnative:
        return array.astype(dtype.newbyteorder("="))
    return array if type(array) is np.ndarray else array.view(np.ndarray)


def _converted(value: Any, kind: str, index: int, casting: str) -> np.ndarray[Any, Any]:
    """The array for an input of a kind."""
    wanted = DTYPES.get(kind)
    if type(value) is np.ndarray and value.dtype is wanted:
        return value
    if not isinstance(value, np.ndarray):
        if wanted is None:
            array = np.asarray(value, "S")
        elif isinstance(value, np.generic):
            array = np.asarray(value)
        else:
            array = np.asarray(value, wanted)
    else:
        array = plain(value)
    if wanted is None:
        if array.dtype.kind != "S":
            raise TypeError(f"Iterator operand {index} of dtype {array.dtype} is not a string")
        return array if array.dtype.itemsize else array.astype("S1")
    if array.dtype == wanted:
        return array
    if not np.can_cast(array.dtype, wanted, casting):  # type: ignore[arg-type]
        raise TypeError(
            f"Iterator operand {index} dtype could not be cast from {array.dtype!r} to {wanted!r} according to the "
            f"rule '{casting}'"
        )
    return array if kind_of_dtype(array.dtype) == kind else array.astype(wanted)


def _check_shapes(arrays: list[Any]) -> None:
    """Refuses shapes that do not broadcast."""
    try:
        np.broadcast_shapes(*[array.shape for array in arrays])
    except ValueError:
        shapes = " ".join(str(array.shape).replace(" ", "") for array in arrays)
        raise ValueError(f"operands could not be broadcast together with shapes {shapes} ") from None


def _check_out(out: Any, dtype: np.dtype[Any], casting: str) -> None:
    if not isinstance(out, np.ndarray):
        raise ValueError("out argument must be an array")
    if not np.can_cast(dtype, out.dtype, casting):  # type: ignore[arg-type]
        raise TypeError(
            f"Iterator requested dtype could not be cast from {dtype!r} to {out.dtype!r}, the operand 0 dtype, "
            f"according to the rule '{casting}'"
        )
    if not out.flags.writeable:
        raise ValueError("output array is read-only")


def _given(out: Any, result: np.ndarray[Any, Any], casting: str) -> Any:
    """Copies a result, which may have to be broadcast."""
    _check_out(out, result.dtype, casting)
    if result.size or result.shape == out.shape:
        try:
            np.copyto(out, result, casting=casting)  # type: ignore[arg-type]
        except ValueError:
            shapes = f"the shape {out.shape} doesn't match the broadcast shape {result.shape}"
            raise ValueError(f"non-broadcastable output operand with {shapes}") from None
    return out
