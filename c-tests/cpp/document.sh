#!/bin/sh
# The programs of docs/cpp.md: the first block is a program, which is run; the others are parts, which are compiled
# and run in one function. Usage: document.sh COMPILER DOCUMENT INCLUDE_FOLDER LIBRARY
set -eu
compiler=$1 document=$2 include=$3 library=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

awk -v work="$work" '
    /^```cpp$/ { inside = 1; number++; next }
    /^```$/ { inside = 0 }
    inside { print > (work "/" (number == 1 ? "program.cpp" : "parts")) }
' "$document"
{
    printf '#include <algorithm>\n#include <cassert>\n#include <stdexcept>\n#include "miniexpr.hpp"\nint main() {\n'
    printf 'int buffer[6];\nstatic std::int64_t drawn = 0;\nstatic auto draw = [](std::int64_t done, std::int64_t) { drawn = done; };\n'
    printf 'auto f = miniexpr::compile<double>("2 * x", miniexpr::var<double>("x"));\nstd::vector<double> x(100000, 1);\n'
    cat "$work/parts"
    printf 'assert(products[5] == 60 && buffer[4] == 30 && clamped.value(7) == 1 && values[9] == 2 && drawn == 100000);\n}\n'
} >"$work/parts.cpp"

for name in program parts; do
    "$compiler" -std=c++17 -Wall -Wextra -Werror -UNDEBUG -I "$include" "$work/$name.cpp" "$library" \
        -lm -lpthread -ldl -o "$work/$name"
done
[ "$("$work/program" | tr '\n' ' ')" = '5 13 17 ' ]
"$work/parts"
echo "ok $document"
