"""The library, by one of two bindings with one interface.

The extension module `_core`, or in Pyodide, and where the variable `MINIEXPR_LIBRARY` of the environment names a shared
library, `_core_ctypes`.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if not TYPE_CHECKING and (sys.platform == "emscripten" or os.environ.get("MINIEXPR_LIBRARY")):
    from miniexpr._core_ctypes import (
        Expression,
        Text,
        compile,
        compile_for,
        compile_once,
        default_threads,
        evaluate,
        get_num_threads,
        set_num_threads,
        version,
    )
else:
    from miniexpr._core import (
        Expression,
        Text,
        compile,
        compile_for,
        compile_once,
        default_threads,
        evaluate,
        get_num_threads,
        set_num_threads,
        version,
    )

__all__ = [
    "Expression",
    "Text",
    "compile",
    "compile_for",
    "compile_once",
    "default_threads",
    "evaluate",
    "get_num_threads",
    "set_num_threads",
    "version",
]
