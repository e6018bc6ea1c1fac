#!/bin/sh
# One compiler call, dynamic and static. Usage: plain_cc.sh PROGRAM EXPECTED INCLUDE_FOLDER LIBRARY

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for mode in "" -static; do
    "${CC:-cc}" $mode -I "$3" "$1" "$4" -lm -lpthread -ldl -o "$work/program"
    output=$("$work/program")
    [ "$output" = "$2" ]
    echo "ok cc $mode"
done
