"""Runs the test suites of numexpr's clients, and numexpr's own, on the replacement."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HERE = Path(__file__).parent


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs Python where `import numexpr` finds the replacement, whether numexpr is installed or not.

    So it does in the processes that this one starts.
    """
    environment = dict(os.environ)
    for name in ("NUMEXPR_MAX_THREADS", "NUMEXPR_NUM_THREADS", "OMP_NUM_THREADS", "NUMEXPR_SANITIZE"):
        environment.pop(name, None)
    environment["PYTHONPATH"] = str(HERE / "replacement")
    return subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True)


def outcomes(arguments: list[str], folder: Path) -> dict[str, str]:
    """What becomes of each test of pytest: 'passed', 'skipped' or 'failed', by its module, class and name."""
    report = folder / "report.xml"
    options = ["-q", "--tb=short", "-p", "no:cacheprovider", "-W", "ignore", f"--junitxml={report}"]
    # Whether what is expected to fail may pass is not left to the configuration that is nearest.
    options += ["-o", "xfail_strict=false"]
    run = _run(["-m", "pytest", *options, *arguments], folder)
    # 0: all passed, 1: some failed.
    if run.returncode not in (0, 1):
        raise RuntimeError(f"pytest ended with {run.returncode}:\n{run.stdout[-4000:]}\n{run.stderr[-4000:]}")
    found: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        # The folder that a module is in is not part of its name.
        parts = str(case.get("classname")).split(".")
        first = next((index for index, part in enumerate(parts) if part.startswith("test_")), 0)
        name = f"{'.'.join(parts[first:])}::{case.get('name')}"
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        # Names of parameters are not always unique.
        found[name] = "failed" if found.get(name) == "failed" else outcome
    return found


SUITES = """
import importlib, json, sys, unittest
modules, without = (argument.split() for argument in sys.argv[1:])
def chosen(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from chosen(test)
        elif type(test).__name__ not in without:
            yield test
tests = unittest.TestSuite(chosen(importlib.import_module(name).suite() for name in modules))
class Result(unittest.TestResult):
    found = {}
    def startTest(self, test):
        super().startTest(test)
        self.found[test.id()] = "passed"
    def addSkip(self, test, reason):
        self.found[test.id()] = "skipped"
    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.found[test.id()] = "failed"
    addError = addFailure
    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.addFailure(test, error)
result = Result()
tests.run(result)
print(json.dumps([result.found, [f"{test.id()}: {error}" for test, error in result.failures[:20]]]))
"""


def unittest_outcomes(modules: list[str], folder: Path, without: tuple[str, ...] = ()) -> dict[str, str]:
    """What becomes of each test of the `suite()` of modules, but for those of some classes."""
    run = _run(["-W", "ignore", "-c", SUITES, " ".join(modules), " ".join(without)], folder)
    if run.returncode != 0:
        raise RuntimeError(f"the suites ended with {run.returncode}: {run.stderr[-4000:]}")
    found, errors = json.loads(run.stdout.splitlines()[-1])
    print("\n".join(errors))
    return found


def listed(name: str) -> dict[str, str]:
    """The tests of a list, each with the reason why it fails or is not run."""
    lines = (HERE / name).read_text().splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {test: reason for test, reason in rows}


def check(found: dict[str, str], known: dict[str, str]) -> None:
    """Fails unless exactly the tests of a list fail; those whose reason begins with `sometimes` may pass as well."""
    failed = {name for name, outcome in found.items() if outcome == "failed"}
    unexpected = sorted(failed - set(known))
    assert not unexpected, f"{len(unexpected)} of {len(found)} tests fail: " + "\n".join(unexpected[:40])
    steady = [name for name, reason in known.items() if not reason.startswith("sometimes")]
    outdated = sorted(name for name in steady if name in found and name not in failed)
    assert not outdated, "these pass, and are listed: " + "\n".join(outdated)
