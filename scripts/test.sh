#!/bin/sh
# Runs groups of test suites and adds up their results: test.sh [lint] [native] [wasm] [fuzz].
# Each suite's output goes to build/logs/ and is shown if it fails. The last line is
# "N passed, M failed"; the exit status is 0 only if nothing failed.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$HOME/.cargo/bin:$PATH
export PATH
logs=build/logs
mkdir -p "$logs"
passed=0 failed=0

# suite NAME KIND COMMAND...: runs a command and counts the results that KIND of test prints
suite() {
    name=$1 kind=$2
    shift 2
    log=$logs/$name.log
    status=0
    "$@" >"$log" 2>&1 </dev/null || status=$?
    good=0 bad=0
    case $kind in
    check) if [ $status -eq 0 ]; then good=1; fi ;;
    cargo) count '/^test result:/ { good += $4; bad += $6 }' ;;
    ctest) count '/ tests passed, .* failed out of / { bad += $4; good += $NF - $4 }' ;;
    node) count '/^# pass / { good += $3 } /^# fail / { bad += $3 }' ;;
    esac
    # A suite that breaks off before it counts has failed as well.
    if [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    passed=$((passed + good)) failed=$((failed + bad))
    printf '%-18s %5d passed, %d failed\n' "$name" "$good" "$bad"
    [ "$bad" -eq 0 ] || cat "$log"
}

# count PROGRAM: lets an awk program find `good` and `bad` in the log
count() {
    # shellcheck disable=SC2046
    set -- $(awk "$1 END { print good + 0, bad + 0 }" "$log")
    good=$1 bad=$2
}

c_sources() {
    git ls-files '*.c' 'c-tests/*.h' include/miniexpr_numpy.h
}

lint() {
    suite rustfmt check cargo fmt --check
    # shellcheck disable=SC2046
    suite clang-format check clang-format --dry-run --Werror $(c_sources)
    suite prettier check prettier --check --log-level warn .
    suite eslint check eslint .
    suite clippy check cargo clippy --locked --all-targets -- -D warnings
    suite header check env MINIEXPR_CHECK_HEADER=1 cargo check --locked
    suite notices check scripts/check_notices.sh
}

native() {
    suite rust cargo cargo test --locked --no-fail-fast
    suite native-build check build_native
    suite c-native ctest ctest --test-dir build/native -j 2 --output-on-failure
}

build_native() {
    cmake -S . -B build/native -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DMINIEXPR_PYTHON="$PWD/.tools/venv/bin/python" && cmake --build build/native
}

wasm() {
    suite glue node scripts/with_emscripten.sh node --test --test-reporter=tap emscripten/glue_test.mjs
    suite wasm-build check build_wasm
    suite c-wasm ctest ctest --test-dir build/wasm -j 2 --output-on-failure
}

build_wasm() {
    scripts/with_emscripten.sh emcmake cmake -S . -B build/wasm -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DMINIEXPR_PYODIDE_DIR="$PWD/node_modules/pyodide" && scripts/with_emscripten.sh cmake --build build/wasm
}

fuzz() {
    if cargo +nightly --version >/dev/null 2>&1; then
        suite fuzz check scripts/fuzz.sh 30
    else
        echo "fuzz: no nightly toolchain, not run"
    fi
}

for group in "$@"; do
    "$group"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
