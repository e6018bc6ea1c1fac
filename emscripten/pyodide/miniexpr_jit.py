"""Helpers by which miniexpr compiles kernels in Pyodide.

    import ctypes, miniexpr_jit
    library = ctypes.CDLL("/lib/libminiexpr.so")
    miniexpr_jit.enable(library)

Beside this file lie `me_jit_glue.js` and `jit_helpers.js`. With ME_DSL_TRACE on, a line on stderr
tells what became of it, and the console why a kernel is refused.

Without helpers the library makes its kernels by the dynamic linker, which keeps each of them for good.
"""

import ctypes
import os
import pathlib
import sys

_FOLDER = pathlib.Path(__file__).parent
_FLOAT64 = 11
# With the usual statements, and calls in loops.
_WARM_UP = b"""
def warm_up():
    x = _i0 * 0.5
    for i in range(9):
        if x * x + 1 > 4.0 and x != 1:
            x = float(i) + 2
            break
        elif x < 0:
            x += sqrt(abs(x)) - sin(x)
    return where(x >= 1, x, 1 / x)
"""
_helpers = None


class _Unavailable(Exception):
    """Why there are no helpers."""


def enable(library, folder=_FOLDER):
    """Registers the helpers of WebAssembly kernels with a library; again is allowed.

    `library` is a ctypes.CDLL of the side module, `folder` has the two scripts. Returns whether the
    helpers are registered; outside Pyodide they never are. The library works without them. Unless
    ME_DSL_TRACE is on, a kernel is compiled ahead, which takes some 13 ms.
    """
    global _helpers
    try:
        if _helpers is None:
            _helpers = _make_helpers(pathlib.Path(folder))
    except _Unavailable as error:
        _trace(f"no helpers are registered: {error}")
        return False
    register = library.me_register_wasm_jit_helpers
    register.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    register.restype = None
    register(*_helpers)
    if not _traces():
        _warm_up(library)
    _trace(f"helpers are registered: instantiate={_helpers[0]} release={_helpers[1]}")
    return True


def _warm_up(library):
    """Compiles a kernel that nobody needs: an engine of WebAssembly compiles a function when it is called
    for the first time, which else would make the user wait for the first kernel.
    """
    address = ctypes.c_void_p
    arguments = [ctypes.c_char_p, address, ctypes.c_int, ctypes.c_int, address, ctypes.POINTER(address)]
    compile_text = ctypes.CFUNCTYPE(ctypes.c_int, *arguments)(("me_compile", library))
    free = ctypes.CFUNCTYPE(None, address)(("me_free", library))
    expression = address()
    compile_text(_WARM_UP, None, 0, _FLOAT64, None, ctypes.byref(expression))
    free(expression)


def _make_helpers(folder):
    """Table indices of the functions that instantiate and release a kernel."""
    try:
        import js
        import pyodide_js
    except ImportError:
        raise _Unavailable("this is not Pyodide") from None
    if not _has_glue(js):
        _evaluate(js, folder / "me_jit_glue.js")
        if not _has_glue(js):
            raise _Unavailable("me_jit_glue.js does not define its functions")
    # A page with a strict content policy evaluates no text, but may have loaded both scripts itself.
    make = getattr(js.globalThis, "miniexprMakeHelpers", None)
    if make is None:
        make = _evaluate(js, folder / "jit_helpers.js")
    hosts = js.Array.of(*(host for host in _hosts(js, pyodide_js) if host is not None))
    try:
        made = make(hosts, _traces())
    except Exception as error:
        raise _Unavailable(f"the helpers cannot be made: {error}") from error
    if hasattr(made, "error"):
        raise _Unavailable(made.error)
    return made.instantiate, made.release


def _hosts(js, pyodide_js):
    """The objects that have the members of the runtime, the likeliest first."""
    yield getattr(pyodide_js, "_module", None)
    yield getattr(pyodide_js, "_api", None)
    yield getattr(js, "Module", None)
    yield js.globalThis


def _has_glue(js):
    return hasattr(js.globalThis, "_meJitInstantiate") and hasattr(js.globalThis, "_meJitFreeFn")


def _evaluate(js, path):
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _Unavailable(f"{path.name} cannot be read: {error}") from error
    try:
        return js.eval(text)
    except Exception as error:
        raise _Unavailable(f"{path.name} cannot be evaluated: {error}") from error


def _traces():
    return os.environ.get("ME_DSL_TRACE", "") not in ("", "0")


def _trace(text):
    if _traces():
        print(f"[me-wasm-jit] {text}", file=sys.stderr, flush=True)
