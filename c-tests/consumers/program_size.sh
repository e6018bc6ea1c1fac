#!/bin/sh
# README.md states the size of a small program, stripped, to a tenth of a megabyte. It may be off by as much again,
# for compilers differ. Usage: program_size.sh PROGRAM INCLUDE_FOLDER LIBRARY README
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"${CC:-cc}" -I "$2" "$1" "$3" -lm -lpthread -ldl -s -o "$work/program"
size=$(wc -c <"$work/program")
stated=$(sed -n 's/.*stripped, takes \([0-9.]*\) MB.*/\1/p' "$4")
[ -n "$stated" ] || {
    echo "$4 does not state the size of a small program"
    exit 1
}
awk -v size="$size" -v stated="$stated" 'BEGIN {
    printf "%d bytes, %s MB stated\n", size, stated
    difference = size / 1e6 - stated
    exit difference > 0.1 || difference < -0.1
}'
