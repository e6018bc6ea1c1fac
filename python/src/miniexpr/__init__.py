"""Array expressions and kernels for NumPy arrays."""

from miniexpr._core import Expression, compile, evaluate, get_num_threads, set_num_threads
from miniexpr._core import version as _version
from miniexpr._errors import DTypeError, Error
from miniexpr._kernel import Kernel, kernel

__version__ = _version()
__all__ = [
    "DTypeError",
    "Error",
    "Expression",
    "Kernel",
    "compile",
    "evaluate",
    "get_num_threads",
    "kernel",
    "set_num_threads",
]
