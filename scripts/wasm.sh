#!/bin/sh
# Builds the WebAssembly modules without Emscripten: wasm.sh [plain] [threads] [guest].
# miniexpr.wasm has a memory of its own, miniexpr-threads.wasm imports a shared one. Both go beside the
# JavaScript that loads them, js/wasm/ and js/threads/. With the Rust compiler of Debian, whose standard
# library is compiled from source: shared memory needs it built with atomics.
set -eu
cd "$(dirname "$0")/.."

cargo=${MINIEXPR_WASM_CARGO:-/usr/bin/cargo}
rustc=${MINIEXPR_WASM_RUSTC:-/usr/bin/rustc}
linker=${MINIEXPR_WASM_LINKER:-wasm-ld}

# shrink NAME TARGET OPTION...: what the linker made, a tenth smaller
shrink() {
    name=$1 target=$2
    shift 2
    linked=target/$name/wasm32-unknown-unknown/release/miniexpr.wasm
    # Cargo leaves the file alone if nothing has changed.
    if [ -e "$target" ] && [ -z "$(find "$linked" -newer "$target")" ]; then return 0; fi
    wasm-opt -Os --enable-simd --enable-bulk-memory --enable-mutable-globals --enable-sign-ext \
        --enable-nontrapping-float-to-int "$@" \
        "$linked" -o "target/$name/miniexpr.wasm"
    mv "target/$name/miniexpr.wasm" "$target"
}

# compile NAME FEATURES "LINK_ARGUMENT..." CARGO_ARGUMENT...: a module, with its own folder below target/, since the
# flags differ
compile() {
    name=$1 features=$2 link_arguments=$3
    shift 3
    flags="-C target-feature=$features -C panic=immediate-abort -Z unstable-options -C linker=$linker -C strip=symbols"
    # Functions that are not told to be inline seldom are: a seventh less code, and kernels keep their speed.
    flags="$flags -C llvm-args=-inline-threshold=25"
    for argument in --export-table --growable-table --export=__stack_pointer -z stack-size=1048576 $link_arguments; do
        flags="$flags -C link-arg=$argument"
    done
    RUSTC=$rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=$flags CARGO_TARGET_DIR=target/$name CARGO_PROFILE_RELEASE_OPT_LEVEL=2 \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 \
        "$cargo" rustc --lib --crate-type cdylib --release --locked --target wasm32-unknown-unknown \
        -Z build-std=std -Z build-std-features=optimize_for_size "$@"
}

plain() {
    compile wasm-plain +simd128 ""
    shrink wasm-plain js/wasm/miniexpr.wasm
}

threads() {
    compile wasm-threads +simd128,+atomics,+bulk-memory,+mutable-globals "--shared-memory --import-memory \
        --max-memory=4294967296 --export=__wasm_init_tls --export=__tls_size --export=__tls_align --export=__tls_base"
    shrink wasm-threads js/threads/miniexpr-threads.wasm --enable-threads
}

# The guest in Rust of examples/bridge, with the standard library of the plain module.
guest() {
    compile wasm-plain +simd128 "" --manifest-path examples/bridge/rust/Cargo.toml
    mkdir -p build/guests
    cp target/wasm-plain/wasm32-unknown-unknown/release/miniexpr_guest.wasm build/guests/rust.wasm
}

# The script by which kernels become modules, as a module that no bundler drops for having no exports.
{
    cat src/me_jit_glue.js
    echo 'export const instantiate = globalThis._meJitInstantiate;'
    echo 'export const free = globalThis._meJitFreeFn;'
} >js/wasm/me_jit_glue.js

for module in "${@:-plain}"; do
    "$module"
done
