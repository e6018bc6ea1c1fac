#!/bin/sh
# The Python package: `python.sh wheel` builds a wheel into build/python, `python.sh install` installs the package
# into .tools/python, `python.sh test [ARGUMENT...]` runs its tests as well, with arguments for pytest.
set -eu
cd "$(dirname "$0")/.."
. scripts/environment.sh
command=$1
shift
venv=.tools/python
scripts/python_packages.sh python/requirements.txt "$venv"
# Tools of the environment, Cython and ninja among them, before those of the system.
PATH=$PWD/$venv/bin:$PATH

# pip COMMAND...: in the environment, without a network. What is built stays, and is shared with the native library.
pip() {
    "$venv/bin/pip" --disable-pip-version-check "$@" --no-build-isolation --no-deps --no-index --quiet \
        --config-settings="build-dir=$PWD/build/python/cmake" \
        --config-settings="cmake.define.MINIEXPR_CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}" ./python
}

case $command in
wheel)
    rm -f build/python/miniexpr-*.whl
    pip wheel --wheel-dir build/python
    ls build/python/miniexpr-*.whl
    ;;
install) pip install --force-reinstall ;;
test)
    pip install --force-reinstall
    exec "$venv/bin/python" -m pytest python/tests --quiet "$@"
    ;;
esac
