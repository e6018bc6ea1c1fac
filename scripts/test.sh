#!/bin/sh
# Runs groups of test suites and adds up their results: test.sh [lint] [native] [aarch64] [python] [fuzz] [wasm] [js].
# The groups before the word `and` run at the same time as those after it. Each suite's output goes to build/logs/ and is
# shown if it fails. The last line is "N passed, M failed"; the exit status is 0 only if nothing failed.
set -eu
cd "$(dirname "$0")/.."
. scripts/environment.sh
logs=build/logs
mkdir -p "$logs"
passed=0 failed=0

# suite NAME KIND COMMAND...: runs a command and counts the results that KIND of test prints
suite() {
    name=$1 kind=$2
    shift 2
    log=$logs/$name.log
    status=0 start=$(date +%s)
    "$@" >"$log" 2>&1 </dev/null || status=$?
    good=0 bad=0
    # The dollars are those of awk.
    # shellcheck disable=SC2016
    case $kind in
    check) if [ $status -eq 0 ]; then good=1; fi ;;
    cargo) count '/^test result:/ { good += $4; bad += $6 }' ;;
    node) count '/^# pass / { good += $3 } /^# (fail|cancelled) / { bad += $3 }' ;;
    pytest) count '/ in [0-9.]+s/ { for (i = 2; i <= NF; i++) if ($i ~ /^passed/) good += $(i - 1); else if ($i ~ /^(failed|error)/) bad += $(i - 1) }' ;;
    ctest) count '/ tests passed, .* failed out of / { bad += $4; good += $NF - $4 }' ;;
    esac
    # A suite that breaks off before it counts has failed as well.
    if [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    passed=$((passed + good)) failed=$((failed + bad))
    printf '%-16s %5d passed, %d failed, %4d s\n' "$name" "$good" "$bad" $(($(date +%s) - start))
    [ "$bad" -eq 0 ] || cat "$log"
}

# count PROGRAM: lets an awk program find `good` and `bad` in the log
count() {
    read -r good bad <<END
$(awk "$1 END { print good + 0, bad + 0 }" "$log")
END
}

check_c_format() {
    # Not the C texts that a test expects the library to generate.
    git ls-files -z '*.c' '*.cpp' '*.hpp' 'c-tests/*.h' include/miniexpr_numpy.h | xargs -0 clang-format --dry-run --Werror
}

check_shell() {
    git ls-files -z '*.sh' .ci/run | xargs -0 shellcheck --external-sources
}

check_python() {
    git ls-files -z '*.py' | xargs -0 .tools/venv/bin/ruff check --quiet
}

lint() {
    suite rustfmt check cargo fmt --all --check
    suite clang-format check check_c_format
    suite shellcheck check check_shell
    suite ruff check check_python
    suite prettier check prettier --check --log-level warn .
    suite eslint check eslint .
    suite clippy check cargo clippy --locked --workspace --all-targets --features header -- -D warnings
    suite header check cargo check --locked --features header
    suite notices check scripts/check_notices.sh
}

native() {
    # With the target named, cargo's results have their place among those of the CMake build.
    host=$(rustc -vV | sed -n 's/^host: //p')
    suite rust cargo cargo test --locked --no-fail-fast --target "$host"
    suite command cargo cargo test --locked --no-fail-fast --target "$host" --package miniexpr-cli
    suite package check scripts/package_test.sh
    suite native-build check scripts/build.sh native
    suite c-native ctest ctest --test-dir build/native -j 2 --output-on-failure
}

aarch64() {
    if ! scripts/aarch64.sh tools >"$logs/aarch64-tools.log" 2>&1; then
        echo "aarch64          skipped: its tools could not be installed, see $logs/aarch64-tools.log"
    else
        suite aarch64-engine cargo scripts/aarch64.sh --lib --no-fail-fast back::native
        suite aarch64-cases cargo scripts/aarch64.sh --test conformance --no-fail-fast
    fi
}

python() {
    suite python pytest scripts/python.sh test
    suite python-ctypes pytest scripts/python.sh ctypes
    suite python-versions pytest scripts/python.sh versions
    suite python-sdist check scripts/python.sh sdist
}

fuzz() {
    if ! RUSTUP_AUTO_INSTALL=0 cargo +nightly --version >/dev/null 2>&1; then
        echo "fuzz             skipped: there is no nightly Rust toolchain"
    else
        # From the seeds alone: a grown corpus takes longer to read than the run. And with one seed: a test
        # of a change tells about the change, `make fuzz` looks for what nobody has seen.
        rm -rf build/corpus
        for target in expression strings blocks kernels dialects arrays; do
            suite "fuzz-$target" check env FUZZ_CORPUS=build/corpus FUZZ_SEED=1 scripts/fuzz.sh 8 "$target"
        done
    fi
}

# By the target of CMake, which runs scripts/wasm.sh.
wasm_modules() {
    cmake -S . -B build/modules -DCMAKE_BUILD_TYPE=Release -DMINIEXPR_BUILD_TESTS=OFF -DMINIEXPR_BUILD_EXAMPLES=OFF &&
        cmake --build build/modules --target miniexpr_wasm
}

wasm() {
    suite wasm-modules check wasm_modules
    suite wasm-plain node node --test js/tests/plain_test.mjs js/tests/serve_test.mjs
    # Node 20 can hang at the end of a program, waiting for a compilation in the background that waits for a collection.
    suite wasm-threads node node --expose-gc --no-concurrent-recompilation --test js/tests/pool_test.mjs
    suite wasm-demo check node examples/web/demo.mjs build/mandelbrot.png
    suite wasm-guests check scripts/guests.sh
    suite wasm-bridge node node --expose-gc --test js/tests/bridge_memory_test.mjs js/tests/bridge_test.mjs
    suite bridge-browser node node --test js/tests/bridge_browser_test.mjs
    suite wasm-browser node node --test js/tests/browser_test.mjs
    suite wasm-build check scripts/build.sh wasm
    suite c-wasm ctest ctest --test-dir build/wasm -j 2 --output-on-failure
    suite main-build check scripts/build.sh wasm-main
    suite c-wasm-main ctest ctest --test-dir build/wasm-main -j 2 --output-on-failure
}

js() {
    suite js-build check scripts/js.sh build
    suite js node scripts/js.sh test
}

# side_by_side "GROUP..." "GROUP...": most of the time goes into builds of single crates, which use one core each
side_by_side() {
    for lane in first second; do
        # A list of words, one a group.
        # shellcheck disable=SC2086
        MINIEXPR_TEST_TOTAL=$logs/$lane.total scripts/test.sh $1 &
        shift
    done
    # Their failures are in what they counted.
    wait
    for lane in first second; do
        read -r good bad <"$logs/$lane.total"
        passed=$((passed + good)) failed=$((failed + bad))
    done
}

# A run that breaks off has failed.
total=${MINIEXPR_TEST_TOTAL:-}
if [ -n "$total" ]; then echo "0 1" >"$total"; fi
groups=$*
case $groups in
*" and "*) side_by_side "${groups%% and *}" "${groups#* and }" ;;
*) for group in "$@"; do "$group"; done ;;
esac
if [ -n "$total" ]; then echo "$passed $failed" >"$total"; else echo "$passed passed, $failed failed"; fi
[ "$failed" -eq 0 ]
