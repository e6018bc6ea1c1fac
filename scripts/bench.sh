#!/bin/sh
# Times the library beside C loops, NumPy and numexpr; writes benches/report/.
# Arguments name groups or computations to measure alone, without a report; `strings [N]` times
# string operations beside NumPy, `engines` times the engines of kernels beside C and numba, `arrays`
# evaluations over arrays beside NumPy, numexpr, numba and XLA, `padded` padded blocks beside full ones,
# `numexpr [ROUNDS]` the replacement of numexpr beside numexpr, `python` the Python package beside NumPy, numexpr and numba,
# `compare OLD.a NEW.a` two builds of the library beside each other, `javascript` the npm package beside loops, mathjs, numjs,
# @stdlib and TensorFlow.js, `wasm` the modules without Emscripten beside loops, with two threads, and beside the Emscripten
# build (`wasm-loops`, `wasm-threads`, `wasm-emscripten` alone).
set -eu
cd "$(dirname "$0")/.."
venv=.tools/venv
scripts/python_packages.sh benches/requirements.txt
if [ "${1:-}" = strings ]; then
    shift
    exec "$venv/bin/python" benches/strings.py "$@"
fi
if [ "${1:-}" = engines ]; then
    exec "$venv/bin/python" benches/engines.py
fi
if [ "${1:-}" = numexpr ]; then
    shift
    scripts/python.sh install
    exec .tools/python/bin/python benches/numexpr_cases.py "$@"
fi
if [ "${1:-}" = python ]; then
    scripts/python.sh install
    scripts/python_packages.sh benches/requirements-python.txt .tools/python
    exec .tools/python/bin/python benches/python.py
fi
if [ "${1:-}" = compare ]; then
    shift
    exec "$venv/bin/python" benches/compare.py "$@"
fi
if [ "${1:-}" = arrays ]; then
    exec "$venv/bin/python" benches/arrays.py
fi
if [ "${1:-}" = javascript ]; then
    scripts/js.sh packages addon
    scripts/wasm.sh plain threads
    npm ci --silent --ignore-scripts --prefix benches/javascript </dev/null
    mkdir -p build
    node benches/javascript/run.mjs >build/javascript.json
    exec "$venv/bin/python" benches/javascript_report.py build/javascript.json
fi
case ${1:-} in
wasm | wasm-*)
    scripts/wasm.sh plain threads
    part=${1#wasm} program=build/bench/emscripten.js
    case $part in "" | -emscripten)
        scripts/build.sh wasm miniexpr_static >/dev/null
        mkdir -p build/bench
        echo 'int main(void) { return 0; }' >build/bench/main.c
        exported=_main,_me_compile,_me_eval_arrays,_me_result_shape,_me_get_itemsize,_me_get_dtype,_me_expr_has_jit_kernel,_malloc
        scripts/with_emscripten.sh emcc -O2 build/bench/main.c build/wasm/libminiexpr.a -sMODULARIZE=1 \
            -sALLOW_MEMORY_GROWTH=1 -sWASM_BIGINT=1 "-sEXPORTED_FUNCTIONS=$exported" -o "$program"
        ;;
    esac
    wasm_bench() {
        case $1 in "" | -loops) node benches/wasm/loops.mjs && echo ;; esac
        case $1 in "" | -threads) node benches/wasm/threads.mjs && echo ;; esac
        case $1 in "" | -emscripten) node --no-experimental-fetch benches/wasm/emscripten.mjs "$program" ;; esac
    }
    if [ -z "$part" ]; then
        { cat benches/wasm/head.md && wasm_bench ""; } >benches/report/wasm.md
    else
        wasm_bench "$part"
    fi
    exit
    ;;
esac
if [ "${1:-}" = padded ]; then
    exec "$venv/bin/python" benches/padded.py
fi
exec "$venv/bin/python" benches/run.py "$@"
