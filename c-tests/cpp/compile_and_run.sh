#!/bin/sh
# Compiles a program of miniexpr.hpp as C++20, and runs it:
# compile_and_run.sh COMPILER PROGRAM INCLUDE_FOLDER LIBRARY WARNING...
set -eu
compiler=$1 program=$2 include=$3 library=$4
shift 4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$compiler" -std=c++20 "$@" -I "$include" "$program" "$library" -lm -lpthread -ldl -o "$work/program"
"$work/program"
