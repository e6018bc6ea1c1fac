#!/bin/sh
# The headers compile without a warning as C and C++ of several standards, miniexpr.hpp from C++17 on.
# Usage: header_standards.sh INCLUDE_FOLDER

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/use.c" <<'END'
#include "miniexpr.h"
#include "miniexpr_numpy.h"
me_eval_params params;
int main(void) {
    me_variable variable = {"x", ME_FLOAT64, 0, ME_VARIABLE, 0, 0};
    me_variable table[] = {ME_VAR("x", ME_FLOAT64), ME_VAR("n", ME_INT32)};
    params = ME_EVAL_PARAMS_DEFAULTS;
    if (table[1].type != ME_VARIABLE || table[0].address || sizeof table != 2 * sizeof variable)
        return 1;
    return me_numpy_type_supported(me_dtype_to_numpy(variable.dtype)) + me_numpy_type_name(0)[0] +
           (int)me_dtype_from_numpy(12) + (int)params.jit_mode;
}
END
cp "$work/use.c" "$work/use.cpp"

check() { # compiler, standard, file
    "$1" -std="$2" -Wall -Wextra -Wpedantic -Werror -I "$include" -fsyntax-only "$work/$3"
    echo "ok $1 -std=$2"
}
include=$1
for standard in c99 c11 c17; do
    check "${CC:-cc}" $standard use.c
done
for standard in c++11 c++17; do
    check "${CXX:-c++}" $standard use.cpp
done
printf '#include "miniexpr.hpp"\n#include "miniexpr.hpp"\nint main() {}\n' >"$work/wrapper.cpp"
for standard in c++17 c++20; do
    check "${CXX:-c++}" $standard wrapper.cpp
done
