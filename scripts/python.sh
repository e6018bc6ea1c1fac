#!/bin/sh
# The Python package. `python.sh wheel` builds a wheel into build/python and checks it, `python.sh install` installs the
# package into .tools/python, `python.sh test [ARGUMENT...]` runs its tests as well, with arguments for pytest;
# `python.sh ctypes` runs those of the evaluator over the binding by ctypes, `python.sh versions` with the wheel in other
# versions of CPython. `python.sh sdist` makes a source distribution in build/python and installs it into an empty
# environment. `python.sh free-threaded PYTHON` builds and tests the package for an interpreter without the global lock.
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
    # What it takes of the interpreter and of the system is what its name promises.
    for file in build/python/miniexpr-*.whl; do
        if [ "$(uname)" = Linux ]; then auditwheel show "$file"; fi
        abi3audit --strict "$file"
        echo "$file"
    done
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
wheel) wheel ;;
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
free-threaded)
    python=$1
    shift
    "$python" -c 'import sysconfig; assert sysconfig.get_config_var("Py_GIL_DISABLED"), "it has the global lock"'
    grep -E '^(Cython|hypothesis|numpy|pytest|scikit-build-core)=' python/requirements.txt >build/python/free-threaded.txt
    venv=.tools/python-free-threaded
    build=$build-free-threaded
    if [ ! -x "$venv/bin/python" ]; then "$python" -m venv "$venv"; fi
    scripts/python_packages.sh build/python/free-threaded.txt "$venv"
    pip install --force-reinstall
    # A module that is not declared safe brings the lock back.
    "$venv/bin/python" -c 'import sys, miniexpr; assert not sys._is_gil_enabled()'
    # shellcheck disable=SC2086
    exec "$venv/bin/python" -m pytest $evaluator python/tests/test_numpy.py --quiet "$@"
    ;;
sdist)
    rm -f build/python/miniexpr-*.tar.gz
    "$venv/bin/python" -m build --sdist --no-isolation --outdir build/python python >/dev/null
    archive=$(ls build/python/miniexpr-*.tar.gz)
    # What the build reads comes along, as it is committed, and nothing else.
    tar -tzf "$archive" | sed 's,^[^/]*/,,' | grep -v '^PKG-INFO$' | LC_ALL=C sort >build/python/sdist.txt
    {
        (cd python && git ls-files CMakeLists.txt README.md pyproject.toml src)
        git ls-files CMakeLists.txt 'Cargo.*' 'LICENSE*' THIRD_PARTY_NOTICES.md build.rs cli cmake include js/native src \
            benches/budgets.rs benches/kernel_speed.rs examples/csv_columns.rs | sed 's,^,crate/,'
    } | LC_ALL=C sort | diff - build/python/sdist.txt
    # Without optimisation, which takes a fraction of the time. All that a build takes is fetched as a user's pip does.
    empty=build/python/empty
    python3 -m venv --clear "$empty"
    (cd "$empty" && CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        bin/pip --disable-pip-version-check install --quiet "../$(basename "$archive")")
    cat >"$empty/check.py" <<'END'
import miniexpr as me


@me.kernel
def steps(n):
    count = 0
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        count += 1
    return count


assert me.evaluate("sqrt(x*x + 1)", {"x": [0.0, 2.0]}).tolist() == [1, 5**0.5]
assert steps([1, 7, 27]).tolist() == [0, 16, 111]
print(f"miniexpr {me.__version__} in an environment of its own")
END
    (cd "$empty" && bin/python check.py)
    ls -l "$archive"
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
