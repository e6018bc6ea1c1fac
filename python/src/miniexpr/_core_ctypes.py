"""The evaluator over ctypes: what the extension module `_core` is, in Pyodide and over an installed library.

Its functions and classes are documented there.
"""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Mapping
from typing import Any

import numpy as np

from miniexpr import _library
from miniexpr._errors import DTypeError, Error, LimitError
from miniexpr._library import get_num_threads, version
from miniexpr._limits import NAMELESS, Limits, Sandbox, limit, limits_of, nanoseconds
from miniexpr._progress import Bar
from miniexpr._text import is_kernel, literal, names_of, span_before, with_numbers
from miniexpr._values import (
    BYTES,
    MAX_TEXTS,
    NUMBERS,
    STRING,
    check_casting,
    no_cast,
    refused_value,
    to_array,
    weak,
)

__all__ = ["Expression", "Text", "compile", "compile_for", "compile_once", "default_threads", "evaluate"]
__all__ += ["get_num_threads", "set_num_threads", "version"]

_MAX_INPUTS = 128
_NUMPY = "numpy"
_CODES = {name: code for code, name in enumerate(NUMBERS, 1)}
_MISSING = object()
_chosen_threads = False


def default_threads() -> int:
    worker = sys.modules.get("distributed.worker")
    if worker is not None and not _chosen_threads:
        try:
            worker.get_worker()
            return 1
        except ValueError:
            pass
    return -1


def set_num_threads(threads: int) -> int:
    global _chosen_threads
    before = get_num_threads()
    _library.set_num_threads(threads)
    _chosen_threads = threads > 0
    return before


def _code_of(dtype: np.dtype[Any]) -> int:
    """The number of a dtype in the library, 0 if it has none."""
    return {"U": STRING, "S": BYTES}.get(dtype.kind) or _CODES.get(dtype.name, 0)


def _dtype_of(code: int, itemsize: int) -> np.dtype[Any]:
    if code == STRING:
        return np.dtype(("U", itemsize // 4))
    return np.dtype(("S", itemsize)) if code == BYTES else np.dtype(NUMBERS[code - 1])


def _native(dtype: Any) -> np.dtype[Any]:
    dtype = np.dtype(dtype)
    if not _code_of(dtype):
        raise DTypeError(f"expressions cannot compute with {dtype}")
    return dtype.newbyteorder("=")


def _is_plain(value: Any) -> bool:
    return type(value) is np.ndarray and value.dtype.isnative and _code_of(value.dtype) != 0


def _as_array(value: Any, name: str) -> np.ndarray:
    array = to_array(value, name)
    if not _code_of(array.dtype):
        raise refused_value(name, value, array)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _memory(array: np.ndarray) -> _library.Memory:
    return _library.Memory(array.ctypes.data, _code_of(array.dtype), array.itemsize, array.shape, array.strides)


class Expression:
    text: str
    dialect: str
    dtype: np.dtype[Any]

    def __init__(self) -> None:
        raise TypeError("expressions are made by miniexpr.compile")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an expression cannot change its {name}")

    @property
    def inputs(self) -> dict[str, np.dtype[Any]]:
        return dict(zip(self._names, self._dtypes, strict=True))

    @property
    def __name__(self) -> str:
        return "miniexpr"

    def __repr__(self) -> str:
        inputs = ", ".join(f"{name}={str(dtype)!r}" for name, dtype in self.inputs.items())
        return f"compile({self.text!r}{', ' if inputs else ''}{inputs})"

    def __reduce__(self) -> tuple[Any, ...]:
        return compile_once, self._identity()

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return ("miniexpr", version(), *self._identity())

    def _identity(self) -> tuple[Any, ...]:
        dtypes = tuple(dtype.str for dtype in self._dtypes)
        wanted = None if self._wanted is None else self._wanted.str
        return (
            self.text,
            self._names,
            dtypes,
            wanted,
            self.dialect,
            None if self._limits is None else tuple(self._limits),
        )

    def __call__(
        self,
        *args: Any,
        out: Any = None,
        casting: str = "same_kind",
        threads: int | None = None,
        progress: Any = None,
        timeout: float | None = None,
        max_passes: int | None = None,
        **kwargs: Any,
    ) -> Any:
        if kwargs:
            args = self._ordered(args, kwargs)
        if len(args) != len(self._names):
            raise TypeError(f"the expression takes {len(self._names)} inputs, but {len(args)} were given")
        arrays = [self._converted(value, index) for index, value in enumerate(args)]
        return self._evaluate(arrays, out, casting, threads, progress, timeout, max_passes)

    def disassemble(self, what: str = "ir") -> str:
        if what not in _library.DUMPS:
            raise ValueError(f"{what!r} is none of {', '.join(_library.DUMPS)}")
        return self._program.dump(what)

    def _ordered(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        given = dict(zip(self._names, args, strict=False))
        for name, value in kwargs.items():
            if name not in self._names:
                raise TypeError(f"the expression has no input '{name}'")
            if name in given:
                raise TypeError(f"the input '{name}' is given twice")
            given[name] = value
        if len(given) < len(self._names) or len(args) > len(self._names):
            raise TypeError(f"the expression takes the inputs {', '.join(self._names)}")
        return tuple(given[name] for name in self._names)

    def _converted(self, value: Any, index: int) -> np.ndarray:
        wanted, name = self._dtypes[index], self._names[index]
        if _is_plain(value) and value.dtype == wanted:
            return value
        if type(value) in (bool, int, float, complex):
            return weak(value, wanted, name)
        array = _as_array(value, name)
        if not np.can_cast(array.dtype, wanted, "safe"):
            raise DTypeError(f"'{name}' is {wanted}, and an array of {array.dtype} does not safely convert to it")
        return array.astype(wanted, copy=False)

    def _evaluate(
        self,
        arrays: list[np.ndarray],
        out: Any,
        casting: str,
        threads: int | None,
        progress: Any,
        timeout: float | None,
        max_passes: int | None,
    ) -> Any:
        check_casting(casting)
        if progress is True:
            with Bar() as bar:
                return self._evaluate(arrays, out, casting, threads, bar, timeout, max_passes)
        result = self.compute(arrays, out, casting, threads, progress, timeout, max_passes)
        return result[()] if out is None and result.ndim == 0 else result

    def compute(
        self,
        arrays: list[np.ndarray],
        out: Any = None,
        casting: str = "same_kind",
        threads: int | None = None,
        progress: Any = None,
        timeout: float | None = None,
        max_passes: int | None = None,
    ) -> np.ndarray:
        if len(arrays) != len(self._names):
            raise TypeError(f"the expression takes {len(self._names)} arrays")
        used = [arrays[slot] for slot in self._program.slots]
        if out is None:
            result = self._room(used)
            self._run(used, result, threads, progress, timeout, max_passes)
            return result
        if not isinstance(out, np.ndarray):
            raise TypeError(f"out is of type {type(out).__name__}, not a NumPy array")
        if not out.flags.writeable:
            raise Error("out is read-only")
        if not (_is_plain(out) and out.dtype == self.dtype) and not np.can_cast(self.dtype, out.dtype, casting):
            raise no_cast(self.dtype, out.dtype, casting)
        if _is_plain(out) and (out.dtype == self.dtype or out.dtype.kind not in "SU"):
            self._giving(out.dtype)._run(used, out, threads, progress, timeout, max_passes)
        else:
            result = self._room(used)
            self._run(used, result, threads, progress, timeout, max_passes)
            np.copyto(out, result, casting=casting)
        return out

    def _giving(self, dtype: np.dtype[Any]) -> Expression:
        if dtype == self.dtype:
            return self
        if dtype not in self._variants:
            self._variants[dtype] = compile_for(self.text, self._names, self._dtypes, dtype, self.dialect, self._limits)
        return self._variants[dtype]

    def _room(self, used: list[np.ndarray]) -> np.ndarray:
        try:
            shape = self._program.shape([_memory(array) for array in used])
        except _library.Failure as failure:
            raise _error(failure, None) from None
        if len(shape) > 1:
            for array in used:
                if array.shape == shape and not array.flags.c_contiguous:
                    return np.empty_like(array, self.dtype, subok=False)
        return np.empty(shape, self.dtype)

    def _run(
        self,
        used: list[np.ndarray],
        out: np.ndarray,
        threads: int | None,
        progress: Any,
        timeout: float | None,
        max_passes: int | None,
    ) -> None:
        n_threads = limit("threads", threads) or default_threads()
        watch = _library.Watch(None if progress is False else progress)
        limits = nanoseconds(timeout), limit("max_passes", max_passes)
        try:
            self._program.run([_memory(array) for array in used], _memory(out), n_threads, watch, *limits)
        except _library.Failure as failure:
            if failure.status == _library.EVAL_TIMEOUT:
                raise TimeoutError(f"the evaluation took longer than {timeout} s") from None
            if failure.status == _library.EVAL_OUT_OF_MEMORY:
                raise MemoryError from None
            raise _error(failure, None) from None


def compile_for(
    text: str,
    names: tuple[str, ...],
    dtypes: tuple[Any, ...],
    wanted: Any,
    dialect: str,
    limits: Limits | None = None,
) -> Expression:
    if len(names) > _MAX_INPUTS:
        raise Error(f"{len(names)} inputs are more than {_MAX_INPUTS}", text)
    if "\0" in text:
        raise Error("the text has a NUL", text, (text.index("\0"), text.index("\0") + 1))
    if dialect not in _library.DIALECTS:
        raise ValueError(f"the dialect {dialect!r} is none of {', '.join(_library.DIALECTS)}")
    inputs = [(name, _code_of(dtype), dtype.itemsize) for name, dtype in zip(names, dtypes, strict=True)]
    try:
        program = _library.Program(text, inputs, 0 if wanted is None else _code_of(wanted), dialect, limits)
    except _library.Failure as failure:
        if failure.status == _library.COMPILE_OUT_OF_MEMORY:
            raise MemoryError from None
        raise _error(failure, text) from None
    expression = Expression.__new__(Expression)
    members = {"text": text, "dialect": dialect, "dtype": _dtype_of(program.dtype, program.itemsize)}
    hidden = {"_names": names, "_dtypes": dtypes, "_wanted": wanted, "_variants": {}, "_program": program}
    hidden["_limits"] = limits
    expression.__dict__.update(members, **hidden)
    return expression


_COMPILE_ERRORS = {_library.COMPILE_WRONG_DTYPE: DTypeError, _library.COMPILE_LIMIT: LimitError}
_EVALUATION_ERRORS = {_library.EVAL_PASSES: LimitError}


def _error(failure: _library.Failure, text: str | None) -> Error:
    """The error for a failed call: one that compiles the text, or one that evaluates, for which there is no text."""
    if text is None:
        return _EVALUATION_ERRORS.get(failure.status, Error)(failure.message, hint=failure.hint)
    kind = _COMPILE_ERRORS.get(failure.status, Error)
    return kind(failure.message, text, _characters(text, failure.span), failure.hint)


def _characters(text: str, span: tuple[int, int] | None) -> tuple[int, int] | None:
    """A part of a text that is given in bytes."""
    if span is None:
        return None
    encoded = text.encode()
    first = len(encoded[: span[0]].decode("utf-8", "replace"))
    return first, first + len(encoded[span[0] : span[1]].decode("utf-8", "replace"))


def compile(
    text: str,
    /,
    *,
    dtype: Any = None,
    dialect: str | None = None,
    max_nodes: int | None = None,
    sandbox: bool | Sandbox = False,
    **dtypes: Any,
) -> Expression:
    """As `miniexpr.compile` of the extension module."""
    types = tuple(_native(given) for given in dtypes.values())
    wanted = None if dtype is None else _native(dtype)
    return compile_for(text, tuple(dtypes), types, wanted, dialect or _NUMPY, limits_of(sandbox, max_nodes))


_lock = threading.Lock()
_expressions: dict[Any, Expression] = {}
_texts: dict[Any, Text] = {}


def _remember(memory: dict[Any, Any], key: Any, value: Any) -> Any:
    with _lock:
        while len(memory) >= MAX_TEXTS:
            del memory[next(iter(memory))]
        memory[key] = value
    return value


def compile_once(
    text: str,
    names: tuple[str, ...],
    dtypes: tuple[str, ...],
    dtype: str | None,
    dialect: str,
    limits: tuple[Any, ...] | None = None,
) -> Expression:
    key = text, names, dtypes, dtype, dialect, limits
    found = _expressions.get(key)
    if found is None:
        types = tuple(_native(given) for given in dtypes)
        wanted = None if dtype is None else _native(dtype)
        found = compile_for(text, names, types, wanted, dialect, None if limits is None else Limits(*limits))
        _remember(_expressions, key, found)
    return found


class Text:
    def __init__(self, text: str, names: tuple[str, ...], dialect: str, limits: Limits | None = None) -> None:
        if len(names) > _MAX_INPUTS:
            raise Error(f"{len(names)} names are more than {_MAX_INPUTS}", text)
        self.text = text
        self.names = names
        self.dialect = dialect
        self._limits = limits
        self._is_kernel = is_kernel(text)
        self._plans: dict[Any, Expression] = {}

    def run(
        self,
        values: list[Any],
        out: Any,
        dtype: Any,
        casting: str,
        threads: int | None,
        progress: Any,
        timeout: float | None = None,
        max_passes: int | None = None,
    ) -> Any:
        arrays: list[np.ndarray] = []
        signature: list[Any] = []
        numbers: dict[str, Any] = {}
        refused: dict[str, Exception] = {}
        for name, value in zip(self.names, values, strict=True):
            signature.append(None)
            if value is _MISSING or isinstance(value, types.ModuleType):
                continue
            if type(value) in (int, float, complex) and self.dialect == _NUMPY:
                numbers[name] = value
                signature[-1] = literal(value)
                continue
            try:
                array = value if _is_plain(value) else _as_array(value, name)
            except (TypeError, ValueError) as error:
                if self._is_kernel:
                    raise
                refused[name] = error
                continue
            arrays.append(array)
            signature[-1] = array.dtype
        key = tuple(signature)
        plan = self._plans.get(key) or _remember(self._plans, key, self._plan(signature, numbers, refused))
        if dtype is not None:
            dtype = _native(dtype)
            if not np.can_cast(plan.dtype, dtype, casting):
                raise no_cast(plan.dtype, dtype, casting)
            plan = plan._giving(dtype)
        return plan._evaluate(arrays, out, casting, threads, progress, timeout, max_passes)

    def _plan(self, signature: list[Any], numbers: dict[str, Any], refused: dict[str, Exception]) -> Expression:
        inputs = [(name, kind) for name, kind in zip(self.names, signature, strict=True) if isinstance(kind, np.dtype)]
        text, replaced = with_numbers(self.text, numbers) if numbers else (self.text, [])
        names, dtypes = tuple(name for name, _ in inputs), tuple(_native(kind) for _, kind in inputs)
        try:
            return compile_for(text, names, dtypes, None, self.dialect, self._limits)
        except Error as error:
            span = None if error.span is None else span_before(error.span, replaced)
            name = self.text[slice(*span)] if span is not None else None
            if name in refused:
                raise refused[name] from None
            raise type(error)(error.message, self.text, span, error.hint) from None


def _text_of(text: str, dialect: str, limits: Limits | None) -> Text:
    if limits is not None and limits.is_strict and len(text) > (limits.max_text_bytes or _library.strict_text_bytes()):
        # Refused, before its names are looked for.
        compile_for(text, (), (), None, dialect, limits)
    return Text(text, names_of(text), dialect, limits)


def _look_up(name: str, scopes: tuple[Mapping[str, Any] | None, ...]) -> Any:
    for scope in scopes:
        if scope is not None:
            if not hasattr(scope, "__getitem__"):
                raise TypeError(f"names are looked up in a mapping, not in an object of type {type(scope).__name__}")
            try:
                return scope[name]
            except KeyError:
                pass
    return _MISSING


def evaluate(
    text: str,
    local_dict: Mapping[str, Any] | None = None,
    global_dict: Mapping[str, Any] | None = None,
    *,
    out: Any = None,
    dtype: Any = None,
    casting: str = "same_kind",
    threads: int | None = None,
    progress: Any = None,
    dialect: str | None = None,
    max_nodes: int | None = None,
    max_passes: int | None = None,
    timeout: float | None = None,
    sandbox: bool | Sandbox = False,
) -> Any:
    """As `miniexpr.evaluate` of the extension module."""
    if not isinstance(text, str):
        raise TypeError(f"the text is of type {type(text).__name__}, not a str")
    if local_dict is None:
        if sandbox:
            raise TypeError(NAMELESS)
        frame = sys._getframe(1)
        local_dict = frame.f_locals
        global_dict = frame.f_globals if global_dict is None else global_dict
    key = text, dialect or _NUMPY, limits_of(sandbox, max_nodes)
    known = _texts.get(key) or _remember(_texts, key, _text_of(*key))
    values = [_look_up(name, (local_dict, global_dict)) for name in known.names]
    return known.run(values, out, dtype, casting, threads, progress, timeout, max_passes)
