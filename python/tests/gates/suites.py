"""Runs the test suites of numexpr's clients, and numexpr's own, on the replacement."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HERE = Path(__file__).parent


def outcomes(arguments: list[str], folder: Path, *, replaced: bool = True) -> dict[str, str]:
    """What became of each test: 'passed', 'skipped' or 'failed', by its name.

    In the process that runs them, and in those that it starts, `import numexpr` finds the replacement, whether numexpr
    is installed or not; without `replaced` it finds numexpr.
    """
    report = folder / "report.xml"
    environment = dict(os.environ)
    for name in ("NUMEXPR_MAX_THREADS", "NUMEXPR_NUM_THREADS", "OMP_NUM_THREADS", "NUMEXPR_SANITIZE"):
        environment.pop(name, None)
    environment["PYTHONPATH"] = str(HERE / "replacement") if replaced else ""
    options = ["-q", "--tb=short", "-p", "no:cacheprovider", "-W", "ignore", f"--junitxml={report}"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    # 0: all passed, 1: some failed.
    if run.returncode not in (0, 1):
        raise RuntimeError(f"pytest ended with {run.returncode}:\n{run.stdout[-4000:]}\n{run.stderr[-4000:]}")
    found: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        # Names of parameters are not always unique.
        found[name] = "failed" if found.get(name) == "failed" else outcome
    return found


def listed(name: str) -> dict[str, str]:
    """The tests of a list, each with the reason why it fails or is not run."""
    lines = (HERE / name).read_text().splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {test: reason for test, reason in rows}


def check(found: dict[str, str], known: dict[str, str]) -> None:
    """Fails unless exactly the tests of a list fail."""
    failed = {name for name, outcome in found.items() if outcome == "failed"}
    unexpected = sorted(failed - set(known))
    assert not unexpected, f"{len(unexpected)} of {len(found)} tests fail: " + "\n".join(unexpected[:40])
    outdated = sorted(name for name in known if name in found and name not in failed)
    assert not outdated, "these pass, and are listed: " + "\n".join(outdated)
