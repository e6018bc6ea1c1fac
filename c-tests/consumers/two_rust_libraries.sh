#!/bin/sh
# A program links this library and another static library written in Rust, with its own copy of Rust's
# standard library, in either order. Usage: two_rust_libraries.sh INCLUDE_FOLDER LIBRARY

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/other.rs" <<'END'
/// Panics in a thread and catches it: needs the allocator, unwinding and threads of its own std.
#[unsafe(no_mangle)]
pub extern "C" fn other_catches_panics() -> i32 {
    let result = std::thread::spawn(|| std::panic::catch_unwind(|| -> i32 { panic!("on purpose") })).join();
    matches!(result, Ok(Err(_))) as i32
}
END
cat >"$work/program.c" <<'END'
#include "miniexpr.h"
int other_catches_panics(void);
int main(void) {
    me_expr *expr;
    int x = 20, result = 0;
    const void *inputs[] = {&x};
    me_variable variables[] = {{"x", ME_INT32, 0, 0, 0, 0}};
    if (me_compile("2*x + 1", variables, 1, ME_INT32, 0, &expr) || me_eval(expr, inputs, 1, &result, 1, 0)) {
        return 2;
    }
    me_free(expr);
    return result == 41 && other_catches_panics() ? 0 : 1;
}
END
"${RUSTC:-rustc}" --edition 2024 -O --crate-type staticlib -o "$work/libother.a" "$work/other.rs"
for libraries in "$2 $work/libother.a" "$work/libother.a $2"; do
    # shellcheck disable=SC2086
    "${CC:-cc}" -I "$1" "$work/program.c" $libraries -lm -lpthread -ldl -o "$work/program"
    "$work/program"
    echo "ok linked in the order $libraries"
done
