"""In numexpr's place: its functions, on this library.

`install()` makes ``import numexpr`` find this package, for all that asks for numexpr afterwards.

Examples
--------
>>> import numpy as np, miniexpr.numexpr as ne
>>> x = np.linspace(0, 1, 5)
>>> ne.evaluate("2*x + sin(x)*0")
array([0. , 0.5, 1. , 1.5, 2. ])
"""

from __future__ import annotations

import importlib.abc
import importlib.metadata
import sys
from collections.abc import Iterable
from typing import Any

from miniexpr.numexpr import cpuinfo, expressions, interpreter, necompiler, utils, version
from miniexpr.numexpr.cpuinfo import is_cpu_amd_intel
from miniexpr.numexpr.expressions import E
from miniexpr.numexpr.necompiler import NumExpr, disassemble, evaluate, re_evaluate, validate
from miniexpr.numexpr.utils import (
    MAX_THREADS,
    _init_num_threads,
    detect_number_of_cores,
    detect_number_of_threads,
    get_num_threads,
    get_vml_version,
    set_num_threads,
    set_vml_accuracy_mode,
    set_vml_num_threads,
    use_vml,
)
from miniexpr.numexpr.version import __version__

__all__ = [
    "E",
    "MAX_THREADS",
    "NumExpr",
    "__version__",
    "detect_number_of_cores",
    "detect_number_of_threads",
    "disassemble",
    "evaluate",
    "get_num_threads",
    "get_vml_version",
    "install",
    "is_cpu_amd_intel",
    "ncores",
    "nthreads",
    "print_versions",
    "re_evaluate",
    "set_num_threads",
    "set_vml_accuracy_mode",
    "set_vml_num_threads",
    "test",
    "use_vml",
    "validate",
]

ncores = detect_number_of_cores()
nthreads = _init_num_threads()

_MODULES = {
    "cpuinfo": cpuinfo,
    "expressions": expressions,
    "interpreter": interpreter,
    "necompiler": necompiler,
    "utils": utils,
    "version": version,
}


class _Distribution(importlib.metadata.Distribution):
    """What clients read of an installed numexpr: its version."""

    def read_text(self, filename: str) -> str | None:
        return f"Metadata-Version: 2.1\nName: numexpr\nVersion: {__version__}\n" if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        raise FileNotFoundError(path)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, *_: Any) -> None:
        return None

    def find_distributions(self, context: Any = None) -> Iterable[importlib.metadata.Distribution]:
        return [_Distribution()] if getattr(context, "name", None) == "numexpr" else []


def install() -> None:
    """Make ``import numexpr`` find this package.

    Call it before anything imports numexpr, such as pandas. ``importlib.metadata`` then tells the version as well.

    Raises
    ------
    RuntimeError
        If numexpr itself is imported already.

    Examples
    --------
    >>> import miniexpr.numexpr
    >>> miniexpr.numexpr.install()
    >>> import numexpr
    >>> numexpr is miniexpr.numexpr
    True
    """
    here = sys.modules[__name__]
    present = sys.modules.get("numexpr")
    if present is here:
        return
    if present is not None:
        raise RuntimeError("numexpr is imported already: call install() before anything imports it")
    sys.modules["numexpr"] = here
    for name, module in _MODULES.items():
        sys.modules[f"numexpr.{name}"] = module
    sys.meta_path.insert(0, _Finder())  # type: ignore[arg-type]


def print_versions() -> None:
    """Print the versions of this package and of what it runs on."""
    import platform

    import numpy

    import miniexpr

    for what, text in {
        "numexpr's version": f"{__version__}, in its place miniexpr {miniexpr.__version__}",
        "NumPy version": numpy.__version__,
        "Python version": sys.version,
        "Platform": f"{sys.platform}, {platform.machine()}",
        "Threads": f"{get_num_threads()} of at most {MAX_THREADS}, {ncores} cores",
    }.items():
        print(f"{what + ':':<20}{text}")


def test(verbosity: int = 1) -> Any:
    """Run the examples of this package's documentation as tests.

    Parameters
    ----------
    verbosity : int
        How much is printed, see `unittest.TextTestRunner`.

    Returns
    -------
    unittest.TestResult
    """
    import doctest
    import unittest

    from miniexpr.numexpr import _listing

    print_versions()
    suite = unittest.TestSuite()
    for module in (sys.modules[__name__], _listing, *_MODULES.values()):
        cases = doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__)
        for case in cases:
            # `install` changes the process that the tests run in.
            if case.examples and not case.name.endswith(".install"):
                suite.addTest(doctest.DocTestCase(case))
    return unittest.TextTestRunner(verbosity=verbosity).run(suite)


test.__test__ = False  # type: ignore[attr-defined]
