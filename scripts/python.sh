#!/bin/sh
# The Python package. `python.sh wheel` builds a wheel into build/python and checks it, `python.sh install` installs the
# package into .tools/python, `python.sh test [ARGUMENT...]` runs its tests as well, with arguments for pytest;
# `python.sh ctypes` runs those of the evaluator over the binding by ctypes, `python.sh versions` with the wheel in other
# versions of CPython.
set -eu
cd "$(dirname "$0")/.."
. scripts/environment.sh
command=$1
shift
venv=.tools/python
scripts/python_packages.sh python/requirements.txt "$venv"
# Tools of the environment, Cython and ninja among them, before those of the system.
PATH=$PWD/$venv/bin:$PATH
build=$PWD/build/python/cmake
# Tests that need NumPy alone.
evaluator="python/tests/test_compile.py python/tests/test_evaluate.py python/tests/test_kernel.py python/tests/test_limits.py python/tests/test_text.py"

# pip COMMAND...: in the environment, without a network. What is built stays, and is shared with the native library.
pip() {
    "$venv/bin/pip" --disable-pip-version-check "$@" --no-build-isolation --no-deps --no-index --quiet \
        --config-settings="build-dir=$build" \
        --config-settings="cmake.define.MINIEXPR_BUILD_SHARED=ON" \
        --config-settings="cmake.define.MINIEXPR_CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}" ./python
}

wheel() {
    rm -f build/python/miniexpr-*.whl
    pip wheel --wheel-dir build/python
}

# versions VERSION...: the interpreters of these versions, on the PATH or of pyenv
interpreters() {
    # HOME may be another than the account's.
    account=$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6)
    for version in "$@"; do
        for python in "python$version" "$HOME"/.pyenv/versions/"$version".*/bin/python \
            "$account"/.pyenv/versions/"$version".*/bin/python; do
            if "$python" -c "import ensurepip" 2>/dev/null; then
                echo "$version $python"
                break
            fi
        done
    done
}

case $command in
wheel)
    wheel
    # What it takes of the interpreter and of the system is what its name promises.
    for file in build/python/miniexpr-*.whl; do
        if [ "$(uname)" = Linux ]; then auditwheel show "$file"; fi
        abi3audit --strict "$file"
        echo "$file"
    done
    ;;
install) pip install --force-reinstall ;;
test)
    pip install --force-reinstall
    exec "$venv/bin/python" -m pytest python/tests --quiet "$@"
    ;;
ctypes)
    # A list of words, one a file.
    # shellcheck disable=SC2086
    MINIEXPR_LIBRARY=$build/miniexpr/libminiexpr.so exec "$venv/bin/python" -m pytest $evaluator python/tests/test_numexpr.py --quiet "$@"
    ;;
versions)
    wheel
    interpreters 3.12 3.13 3.14 | while read -r version python; do
        other=.tools/python-$version
        if [ ! -x "$other/bin/python" ]; then "$python" -m venv "$other"; fi
        scripts/python_packages.sh python/requirements-versions.txt "$other"
        "$other/bin/pip" install --disable-pip-version-check --quiet --no-deps --no-index --force-reinstall build/python/miniexpr-*.whl
        echo "CPython $version:"
        # shellcheck disable=SC2086
        "$other/bin/python" -m pytest $evaluator --quiet "$@"
    done
    ;;
esac
