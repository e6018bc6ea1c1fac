#!/bin/sh
# Builds the Cython binding against the header and the static library, and uses it from Python.
# Usage: build_and_run.sh PYTHON INCLUDE_FOLDER LIBRARY

set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python=$1 include=$2 library=$3
"$python" -m cython -3 -o "$work/binding.c" "$here/binding.pyx"
config() { "$python" -c "import sysconfig; print(sysconfig.get_$1)"; }
"${CC:-cc}" -shared -fPIC -I "$include" -I "$(config 'path("include")')" "$work/binding.c" "$library" \
    -lm -lpthread -ldl -o "$work/binding$(config 'config_var("EXT_SUFFIX")')"
PYTHONPATH="$work" "$python" - <<'END'
from array import array

import binding

x, out = array("d", [0, 1, 2, 3]), array("d", [0, 0, 0, 0])
assert binding.evaluate("x*x + 0.5", x, out) == (0, 0)
assert out.tolist() == [0.5, 1.5, 4.5, 9.5]
assert binding.evaluate("x +", x, out) == (-2, None)
END
echo ok
