"""The suites of numexpr and of its clients pass on the replacement.

With `MINIEXPR_WHOLE_GATES=1` all of pandas' and PyTables' tests run, which takes minutes, instead of those that use
numexpr most.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import suites

WHOLE = os.environ.get("MINIEXPR_WHOLE_GATES") == "1"


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.submodule_search_locations, f"{package} is not installed"
    return Path(next(iter(spec.submodule_search_locations)))


def test_numexpr(tmp_path: Path) -> None:
    """Its own suite, whole. It is copied, since its package is not what is tested."""
    for name in ("test_numexpr.py", "conftest.py"):
        shutil.copy(_folder("numexpr") / "tests" / name, tmp_path)
    found = suites.outcomes(["."], tmp_path)
    known = suites.listed("numexpr.txt")
    suites.check(found, known)
    assert len(found) > 5000
    assert len(known) <= 0.01 * len(found)


def test_pandas(tmp_path: Path) -> None:
    """The tests that use numexpr give what they give with numexpr; those that fail with it are listed."""
    tests = _folder("pandas") / "tests"
    files = ["test_expressions.py", "frame/test_query_eval.py", "computation"]
    arguments = [str(tests / name) for name in files]
    if not WHOLE:
        arguments += ["-k", "numexpr and pandas or test_query_eval or test_expressions"]
    found = suites.outcomes(arguments, tmp_path)
    suites.check(found, suites.listed("pandas.txt"))
    assert len(found) > 1000
    # With numexpr they are not skipped.
    assert sum(outcome == "passed" for outcome in found.values()) > 0.9 * len(found)


def test_tables(tmp_path: Path) -> None:
    """Queries and expressions of PyTables: its own choice of them, or without queries by index, which take minutes."""
    by_index = ("SIFO3TDTestCase", "SILO3TDTestCase", "SIMO3TDTestCase", "SIUO3TDTestCase")
    modules = ["tables.tests.test_expression", "tables.tests.test_queries"]
    found = suites.unittest_outcomes(modules, tmp_path, () if WHOLE else by_index)
    suites.check(found, suites.listed("tables.txt"))
    assert len(found) > (1600 if WHOLE else 380)


def test_awkward(tmp_path: Path) -> None:
    """What awkward's numexpr module does: its wheel has no tests."""
    (tmp_path / "test_awkward.py").write_text((suites.HERE / "awkward_cases.py").read_text())
    found = suites.outcomes(["test_awkward.py"], tmp_path)
    suites.check(found, {})
    assert len(found) >= 4


def test_the_replacement_is_what_is_imported(tmp_path: Path) -> None:
    (tmp_path / "test_import.py").write_text(
        "import importlib.metadata, subprocess, sys\n"
        "def test_here():\n"
        "    import numexpr, numexpr.necompiler, miniexpr.numexpr\n"
        "    assert numexpr is miniexpr.numexpr and numexpr.necompiler is miniexpr.numexpr.necompiler\n"
        "    assert importlib.metadata.version('numexpr') == numexpr.__version__ == '2.14.2'\n"
        "def test_there():\n"
        "    subprocess.check_call([sys.executable, '-c', 'import numexpr; assert \"miniexpr\" in numexpr.__file__'])\n"
    )
    assert set(suites.outcomes(["test_import.py"], tmp_path).values()) == {"passed"}
