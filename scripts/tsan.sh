#!/bin/sh
# Runs the tests of concurrent use under ThreadSanitizer.
#
# The standard library must be instrumented too, else its locks look like races. So it is compiled
# from source by a compiler that has its source at hand (Debian: rustc-web cargo-web rust-web-src, or
# rustup component add rust-src for a toolchain given by TSAN_CARGO and TSAN_RUSTC). The run-time
# library of the sanitizer comes from the nightly toolchain. It fails by itself where the engine of the C compiler starts
# a process (clone with CLONE_VM), so that test is left out.
set -eu
cd "$(dirname "$0")/.."
cargo=${TSAN_CARGO:-/usr/bin/cargo}
rustc=${TSAN_RUSTC:-/usr/bin/rustc}
triple=$("$rustc" -vV | sed -n 's/^host: //p')
runtime=$(rustc +nightly --print target-libdir)/librustc-nightly_rt.tsan.a
flags="-Zsanitizer=thread -Zexternal-clangrt -Clink-args=-Wl,--export-dynamic -Clink-args=-lm"
flags="$flags -Zpre-link-args=-Wl,--whole-archive,$runtime,--no-whole-archive"
RUSTC_BOOTSTRAP=1 RUSTC=$rustc RUSTFLAGS=$flags CARGO_TARGET_DIR=target/tsan TSAN_OPTIONS="halt_on_error=1 die_after_fork=0" \
    "$cargo" test -Zbuild-std --target "$triple" --test api --test jit --test arrays -- threads --skip kernels_of_the_c_compiler
