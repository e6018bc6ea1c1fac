#!/bin/sh
# Times the library beside C loops, NumPy and numexpr; writes benches/report/.
# Arguments name groups or computations to measure alone, without a report; `strings [N]` times
# string operations beside NumPy, `engines` times the engines of kernels beside C and numba, `padded` times
# padded blocks beside full ones, `compare OLD.a NEW.a` two builds of the library beside each other.
set -eu
cd "$(dirname "$0")/.."
venv=.tools/venv
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/python" -c "import matplotlib, numba, numexpr, numpy" 2>/dev/null ||
    "$venv/bin/pip" install --quiet matplotlib numba numexpr numpy
if [ "${1:-}" = strings ]; then
    shift
    exec "$venv/bin/python" benches/strings.py "$@"
fi
if [ "${1:-}" = engines ]; then
    exec "$venv/bin/python" benches/engines.py
fi
if [ "${1:-}" = compare ]; then
    shift
    exec "$venv/bin/python" benches/compare.py "$@"
fi
if [ "${1:-}" = padded ]; then
    exec "$venv/bin/python" benches/padded.py
fi
exec "$venv/bin/python" benches/run.py "$@"
