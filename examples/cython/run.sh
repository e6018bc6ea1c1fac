#!/bin/sh
# Builds the extension and uses it: run.sh PYTHON INCLUDE_FOLDER LIBRARY
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=$1 include=$2 library=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m cython -3 -o "$work/formula.c" "$here/formula.pyx"
config() { "$python" -c "import sysconfig; print(sysconfig.get_$1)"; }
"${CC:-cc}" -O2 -shared -fPIC -I "$include" -I "$(config 'path("include")')" "$work/formula.c" "$library" \
    -lm -lpthread -ldl -o "$work/formula$(config 'config_var("EXT_SUFFIX")')"
PYTHONPATH=$work "$python" "$here/use.py" "$here/../data/sea.csv"
