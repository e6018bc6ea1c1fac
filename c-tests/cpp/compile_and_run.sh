#!/bin/sh
# Compiles a program of miniexpr.hpp as C++17 and as C++20, and runs it:
# compile_and_run.sh COMPILER PROGRAM INCLUDE_FOLDER LIBRARY WARNING...
set -eu
compiler=$1 program=$2 include=$3 library=$4
shift 4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for standard in c++17 c++20; do
    "$compiler" -std=$standard "$@" -I "$include" -I "$(dirname "$program")/.." "$program" "$library" \
        -lm -lpthread -ldl -o "$work/program"
    "$work/program"
    echo "ok $compiler -std=$standard"
done
