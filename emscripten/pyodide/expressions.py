"""Expressions of miniexpr over float64 arrays, through ctypes, for the tests and the demo."""

import ctypes

FLOAT64 = 11
JIT_DEFAULT, JIT_OFF = 0, 2


class Variable(ctypes.Structure):
    """An entry of the table of variables."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("dtype", ctypes.c_int),
        ("address", ctypes.c_void_p),
        ("type", ctypes.c_int),
        ("context", ctypes.c_void_p),
        ("itemsize", ctypes.c_size_t),
    ]


class _Parameters(ctypes.Structure):
    _fields_ = [
        ("disable_simd", ctypes.c_bool),
        ("simd_ulp_mode", ctypes.c_int),
        ("jit_mode", ctypes.c_int),
    ]


class CompileError(Exception):
    """An expression that is refused: status, position and message."""


def load(path):
    """The library, with the types of its functions."""
    library = ctypes.CDLL(path)
    library.me_compile.argtypes = [
        ctypes.c_char_p,
        ctypes.POINTER(Variable),
        ctypes.c_int,
        ctypes.c_int,
        ctypes.POINTER(ctypes.c_int),
        ctypes.POINTER(ctypes.c_void_p),
    ]
    library.me_eval.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(ctypes.c_void_p),
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_int,
        ctypes.POINTER(_Parameters),
    ]
    library.me_free.argtypes = [ctypes.c_void_p]
    library.me_free.restype = None
    library.me_expr_has_jit_kernel.argtypes = [ctypes.c_void_p]
    library.me_expr_has_jit_kernel.restype = ctypes.c_bool
    library.me_version.restype = ctypes.c_char_p
    library.me_get_last_error_message.restype = ctypes.c_char_p
    return library


class Expression:
    """A compiled expression, to be used in a `with` statement."""

    def __init__(self, library, text, *names):
        variables = (Variable * len(names))(*(Variable(name.encode(), FLOAT64) for name in names))
        self._library = library
        self._handle = ctypes.c_void_p()
        position = ctypes.c_int()
        status = library.me_compile(
            text.encode(), variables, len(names), FLOAT64, ctypes.byref(position), ctypes.byref(self._handle)
        )
        if status != 0:
            raise CompileError(status, position.value, library.me_get_last_error_message().decode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._library.me_free(self._handle)

    def has_kernel(self):
        """Whether it is compiled to WebAssembly."""
        return self._library.me_expr_has_jit_kernel(self._handle)

    def evaluate(self, out, *inputs, jit_mode=JIT_DEFAULT):
        """Evaluates over arrays of ctypes, all of one length."""
        addresses = (ctypes.c_void_p * len(inputs))(*map(ctypes.addressof, inputs))
        parameters = _Parameters(jit_mode=jit_mode)
        status = self._library.me_eval(
            self._handle, addresses, len(inputs), out, len(out), ctypes.byref(parameters)
        )
        if status != 0:
            raise RuntimeError(f"evaluation ends with status {status}")


def array(*values):
    """An array of float64."""
    return (ctypes.c_double * len(values))(*values)
