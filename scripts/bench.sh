#!/bin/sh
# Times the library beside C loops, NumPy and numexpr; writes benches/report/.
# Arguments name groups or computations to measure alone, without a report; `strings [N]` times
# string operations beside NumPy, `engines` times the engines of kernels beside C and numba, `arrays`
# evaluations over arrays beside NumPy, numexpr, numba and XLA, `padded` padded blocks beside full ones,
# `numexpr [ROUNDS]` the replacement of numexpr beside numexpr, `python` the Python package beside NumPy, numexpr and numba,
# `compare OLD.a NEW.a` two builds of the library beside each other, `javascript` the npm package beside loops, mathjs, numjs,
# @stdlib and TensorFlow.js.
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
if [ "${1:-}" = padded ]; then
    exec "$venv/bin/python" benches/padded.py
fi
exec "$venv/bin/python" benches/run.py "$@"
