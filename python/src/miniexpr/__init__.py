"""Array expressions and kernels for NumPy arrays."""

from __future__ import annotations

import importlib
from typing import Any

from miniexpr._binding import Expression, compile, evaluate, get_num_threads, set_num_threads
from miniexpr._binding import version as _version
from miniexpr._errors import DTypeError, Error, LimitError
from miniexpr._kernel import Kernel, kernel
from miniexpr._limits import Sandbox

__version__ = _version()
__all__ = [
    "DTypeError",
    "Error",
    "Expression",
    "Kernel",
    "LimitError",
    "Sandbox",
    "arrow_udf",
    "compile",
    "evaluate",
    "get_num_threads",
    "kernel",
    "set_num_threads",
]

# What needs other packages, and is imported when it is first asked for.
_LAZY_MODULES = ("dask", "numexpr", "xarray")


def __getattr__(name: str) -> Any:
    if name in _LAZY_MODULES:
        return importlib.import_module(f"miniexpr.{name}")
    if name == "arrow_udf":
        from miniexpr._arrow import arrow_udf

        return arrow_udf
    raise AttributeError(f"module 'miniexpr' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY_MODULES, "arrow_udf"])
