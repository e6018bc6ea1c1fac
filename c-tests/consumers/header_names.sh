#!/bin/sh
# Every function the header declares is exported. Usage: header_names.sh HEADER EXPORTED_SYMBOLS

set -eu
declared=$(grep -oE '^[a-z].*\bme_[a-z_]+\(' "$1" | grep -v '^typedef' | grep -oE 'me_[a-z_]+\($' | tr -d '(' | sort)
test "$(echo "$declared" | wc -l)" -ge 16
for name in $declared; do
    grep -qx "$name" "$2" || { echo "$name is declared but not exported"; exit 1; }
done
