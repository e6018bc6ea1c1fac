"""Makes the wheel of the Python package for Pyodide: its Python files, and the library as a side module.

Usage: python3 pyodide_wheel.py FOLDER_OF_THE_SIDE_MODULE FOLDER_OF_THE_WHEEL

The side module works in every version of Pyodide that the tests know, and so does the wheel.
"""

import base64
import hashlib
import pathlib
import re
import sys
import zipfile

import tomllib

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "python/src/miniexpr"
# Names of the platform in the order of Pyodide's versions, 0.26 to 314.
PLATFORMS = "emscripten_3_1_58_wasm32 pyodide_2024_0_wasm32 pyodide_2025_0_wasm32 pyemscripten_2026_0_wasm32".split()
# What lets the library compile kernels there.
SCRIPTS = ["miniexpr_jit.py", "jit_helpers.js", "me_jit_glue.js"]


def contents(side_module):
    """The files of the package by their names in the wheel."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield f"miniexpr/{path.relative_to(PACKAGE)}", path.read_bytes()
    yield "miniexpr/libminiexpr.so", (side_module / "libminiexpr.wasm").read_bytes()
    for name in SCRIPTS:
        yield f"miniexpr/pyodide/{name}", (side_module / name).read_bytes()


def metadata(version):
    """The files that describe the wheel."""
    project = tomllib.loads((ROOT / "python/pyproject.toml").read_text())["project"]
    described = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {version}",
        f"Summary: {project['description']}",
        f"License-Expression: {project['license']}",
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {needed}" for needed in project["dependencies"]),
    ]
    tags = [f"Tag: py3-none-{platform}" for platform in PLATFORMS]
    yield "METADATA", "\n".join(described) + "\n"
    yield "WHEEL", "\n".join(["Wheel-Version: 1.0", "Generator: miniexpr", "Root-Is-Purelib: false", *tags]) + "\n"
    for path in [*ROOT.glob("LICENSE*"), ROOT / "THIRD_PARTY_NOTICES.md"]:
        yield f"licenses/{path.name}", path.read_text()


def main():
    side_module, folder = map(pathlib.Path, sys.argv[1:])
    version = re.search(r'(?m)^version = "([0-9.]+)"', (ROOT / "Cargo.toml").read_text())[1]
    described = f"miniexpr-{version}.dist-info"
    files = dict(contents(side_module))
    files |= {f"{described}/{name}": text.encode() for name, text in metadata(version)}
    record = ""
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(data)}\n"
    files[f"{described}/RECORD"] = f"{record}{described}/RECORD,,\n".encode()
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"miniexpr-{version}-py3-none-{'.'.join(PLATFORMS)}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    print(wheel)


if __name__ == "__main__":
    main()
