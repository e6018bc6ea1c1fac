"""The C interface of the library through ctypes; the binding where there is no extension module.

Nothing here knows NumPy: arrays are addresses, shapes and strides.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import pathlib
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from miniexpr._limits import Limits

# Values of the header.
COMPILE_OUT_OF_MEMORY = -1
COMPILE_WRONG_DTYPE = -8
COMPILE_LIMIT = -10
EVAL_OUT_OF_MEMORY = -1
EVAL_TIMEOUT = -7
EVAL_PASSES = -8
MAX_NDIM = 32
DUMPS = {"tree": 0, "ir": 1, "lanes": 2, "c": 3, "wasm": 4}
DIALECTS = {"miniexpr": 0, "numpy": 1, "numexpr": 2}
_SUCCESS = 0


class _Variable(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("dtype", ctypes.c_int),
        ("address", ctypes.c_void_p),
        ("type", ctypes.c_int),
        ("context", ctypes.c_void_p),
        ("itemsize", ctypes.c_size_t),
    ]


class _CompileParams(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("dialect", ctypes.c_int),
        ("jit_mode", ctypes.c_int),
        ("expressions_only", ctypes.c_bool),
        ("ignore_pragmas", ctypes.c_bool),
        ("no_print", ctypes.c_bool),
        ("no_disk_cache", ctypes.c_bool),
        ("max_nesting", ctypes.c_int),
        ("max_text_bytes", ctypes.c_int64),
        ("max_nodes", ctypes.c_int64),
        ("max_constant_bytes", ctypes.c_int64),
        ("max_passes", ctypes.c_int64),
        ("print", ctypes.c_void_p),
        ("print_context", ctypes.c_void_p),
    ]


class _EvalParams(ctypes.Structure):
    _fields_ = [("disable_simd", ctypes.c_bool), ("simd_ulp_mode", ctypes.c_int), ("jit_mode", ctypes.c_int)]


class _Array(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("dtype", ctypes.c_int),
        ("itemsize", ctypes.c_size_t),
        ("ndim", ctypes.c_int),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
    ]


class _Error(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("status", ctypes.c_int),
        ("code", ctypes.c_int),
        ("start", ctypes.c_int64),
        ("end", ctypes.c_int64),
        ("line", ctypes.c_int),
        ("column", ctypes.c_int),
        ("message", ctypes.c_char_p),
        ("hint", ctypes.c_char_p),
    ]


_Progress = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


class _ArrayParams(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("eval", _EvalParams),
        ("n_threads", ctypes.c_int),
        ("cancel", ctypes.POINTER(ctypes.c_int32)),
        ("progress", _Progress),
        ("context", ctypes.c_void_p),
        ("timeout_ns", ctypes.c_int64),
        ("max_passes", ctypes.c_int64),
    ]


class Memory(NamedTuple):
    """An array as the library sees it: the address of its first item, its dtype, and bytes between items."""

    address: int
    dtype: int
    itemsize: int
    shape: Sequence[int]
    strides: Sequence[int]


class Failure(Exception):
    """A call that fails: its status, the message, and the bytes of the text that are to blame and a hint, or None."""

    def __init__(self, status: int, message: str, span: tuple[int, int] | None, hint: str | None) -> None:
        super().__init__(status, message, span, hint)
        self.status, self.message, self.span, self.hint = status, message, span, hint


def _find() -> str:
    """The file of the library: that of `MINIEXPR_LIBRARY`, or the one in the package."""
    return os.environ.get("MINIEXPR_LIBRARY") or str(pathlib.Path(__file__).with_name("libminiexpr.so"))


def _load(path: str) -> ctypes.CDLL:
    # In Pyodide a call that lets go of Python's lock cannot call back.
    library = (ctypes.PyDLL if sys.platform == "emscripten" else ctypes.CDLL)(path)
    pointer, integer, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    arrays, integers = ctypes.POINTER(_Array), ctypes.POINTER(ctypes.c_int)
    places = ctypes.POINTER(ctypes.c_int64)
    params = ctypes.POINTER(_CompileParams)
    variables = ctypes.POINTER(_Variable)
    results = ctypes.POINTER(ctypes.c_void_p)
    functions: dict[str, tuple[Any, list[Any]]] = {
        "me_compile_with": (integer, [text, variables, integer, integer, params, integers, results]),
        "me_sandbox_params": (_CompileParams, []),
        "me_get_last_error": (ctypes.c_bool, [ctypes.POINTER(_Error)]),
        "me_result_shape": (integer, [pointer, arrays, integer, integers, places]),
        "me_eval_arrays": (integer, [pointer, arrays, integer, arrays, ctypes.POINTER(_ArrayParams)]),
        "me_set_num_threads": (None, [integer]),
        "me_get_num_threads": (integer, []),
        "me_free": (None, [pointer]),
        "me_get_dtype": (integer, [pointer]),
        "me_get_itemsize": (ctypes.c_size_t, [pointer]),
        "me_expr_variable_count": (integer, [pointer]),
        "me_expr_variable": (integer, [pointer, integer]),
        "me_dump": (ctypes.c_size_t, [pointer, integer, ctypes.c_char_p, ctypes.c_size_t]),
        "me_version": (text, []),
    }
    for name, (result, arguments) in functions.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    if sys.platform == "emscripten":
        _compile_kernels(library)
    return library


def _compile_kernels(library: ctypes.CDLL) -> None:
    """In Pyodide, lets the library compile kernels to WebAssembly, by the scripts in the wheel for it."""
    script = pathlib.Path(__file__).with_name("pyodide") / "miniexpr_jit.py"
    spec = importlib.util.spec_from_file_location("miniexpr_jit", script)
    if spec is not None and spec.loader is not None and script.exists():
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.enable(library)


_library = _load(_find())


def version() -> str:
    return _library.me_version().decode()


def set_num_threads(threads: int) -> None:
    _library.me_set_num_threads(threads)


def get_num_threads() -> int:
    return _library.me_get_num_threads()


def _failure(status: int) -> Failure:
    error = _Error(ctypes.sizeof(_Error))
    _library.me_get_last_error(ctypes.byref(error))
    words = error.message.decode("utf-8", "replace") or "the library failed"
    hint = None if error.hint is None else error.hint.decode("utf-8", "replace")
    return Failure(status, words, (error.start, error.end) if error.start >= 0 else None, hint)


def strict_text_bytes() -> int:
    """The bytes that the profile for text from users allows a text."""
    return _library.me_sandbox_params().max_text_bytes


def _compile_params(dialect: str, limits: Limits | None) -> _CompileParams:
    is_strict = limits is not None and limits.is_strict
    params = _library.me_sandbox_params() if is_strict else _CompileParams(ctypes.sizeof(_CompileParams))
    params.dialect = DIALECTS[dialect]
    if limits is not None:
        params.expressions_only = not limits.kernels
        for name in ("max_text_bytes", "max_nodes", "max_nesting", "max_constant_bytes", "max_passes"):
            setattr(params, name, getattr(limits, name) or getattr(params, name))
    return params


def _table(arrays: Sequence[Memory]) -> Any:
    table = (_Array * max(len(arrays), 1))()
    for entry, memory in zip(table, arrays, strict=False):
        ndim = len(memory.shape)
        entry.data, entry.dtype, entry.itemsize, entry.ndim = memory.address, memory.dtype, memory.itemsize, ndim
        entry.shape = (ctypes.c_int64 * ndim)(*memory.shape)
        entry.strides = (ctypes.c_int64 * ndim)(*memory.strides)
    return table


class Program:
    """A compiled text.

    Attributes
    ----------
    dtype, itemsize : int
        Those of the result.
    slots : tuple of int
        The inputs that an evaluation takes, by their number.
    """

    def __init__(
        self,
        text: str,
        inputs: Sequence[tuple[str, int, int]],
        dtype: int,
        dialect: str,
        limits: Limits | None,
    ) -> None:
        self._handle = ctypes.c_void_p()
        variables = (_Variable * max(len(inputs), 1))()
        for entry, (name, code, itemsize) in zip(variables, inputs, strict=False):
            entry.name, entry.dtype, entry.itemsize = name.encode(), code, itemsize
        params = _compile_params(dialect, limits)
        handle = ctypes.c_void_p()
        arguments = text.encode(), variables, len(inputs), dtype, ctypes.byref(params), None, ctypes.byref(handle)
        status = _library.me_compile_with(*arguments)
        if status != _SUCCESS:
            raise _failure(status)
        self._handle = handle
        self.dtype = _library.me_get_dtype(handle)
        self.itemsize = _library.me_get_itemsize(handle)
        count = _library.me_expr_variable_count(handle)
        self.slots = tuple(_library.me_expr_variable(handle, index) for index in range(count))

    def __del__(self) -> None:
        if self._handle:
            _library.me_free(self._handle)

    def shape(self, inputs: Sequence[Memory]) -> tuple[int, ...]:
        """The shape of the result for these inputs, one for each slot."""
        ndim, shape = ctypes.c_int(), (ctypes.c_int64 * MAX_NDIM)()
        status = _library.me_result_shape(self._handle, _table(inputs), len(inputs), ctypes.byref(ndim), shape)
        if status != _SUCCESS:
            raise _failure(status)
        return tuple(shape[: ndim.value])

    def dump(self, what: str) -> str:
        """What the library makes of the text, by a name of `DUMPS`."""
        size = _library.me_dump(self._handle, DUMPS[what], None, 0)
        buffer = ctypes.create_string_buffer(size + 1)
        _library.me_dump(self._handle, DUMPS[what], buffer, size + 1)
        return buffer.value.decode()

    def run(
        self,
        inputs: Sequence[Memory],
        output: Memory,
        threads: int,
        watch: Watch,
        timeout_ns: int,
        max_passes: int,
    ) -> None:
        """Evaluate; `watch` is told how far that is.

        It fails after `timeout_ns` nanoseconds, or if an item needs more than `max_passes` passes of loops; 0 is no
        limit.
        """
        params = _ArrayParams(ctypes.sizeof(_ArrayParams), _EvalParams(), threads, ctypes.pointer(watch.cancel))
        params.progress = callback = _Progress(watch.look)
        params.timeout_ns, params.max_passes = timeout_ns, max_passes
        with watch:
            status = _library.me_eval_arrays(
                self._handle, _table(inputs), len(inputs), _table([output]), ctypes.byref(params)
            )
        del callback
        if watch.error is not None:
            raise watch.error
        if status != _SUCCESS:
            raise _failure(status)


class Watch:
    """What an evaluation tells while it runs, and what stops it.

    Parameters
    ----------
    report : callable or None
        Called now and then with the numbers of items done and of all items. What it raises stops the evaluation.
    """

    def __init__(self, report: Callable[[int, int], object] | None) -> None:
        self.cancel = ctypes.c_int32()
        self.error: BaseException | None = None
        self._report = report
        self._next_report = 0.0

    def look(self, _: int | None, done: int, total: int) -> None:
        try:
            now = time.monotonic()
            if self._report is not None and not self.error and (now >= self._next_report or done == total):
                self._next_report = now + 0.01
                self._report(done, total)
        except BaseException as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self.error = error
        self.cancel.value = 1

    # A handler of a signal may run, and raise, before the first instruction of `look`.

    def __enter__(self) -> None:
        self._is_hooked = threading.current_thread() is threading.main_thread()
        if self._is_hooked:
            self._hook, sys.unraisablehook = sys.unraisablehook, self._take

    def __exit__(self, *_: object) -> None:
        if self._is_hooked:
            sys.unraisablehook = self._hook

    def _take(self, unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.object == self.look and unraisable.exc_value is not None:
            self._fail(unraisable.exc_value)
        else:
            self._hook(unraisable)
