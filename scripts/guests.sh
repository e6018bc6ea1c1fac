#!/bin/sh
# Builds the guests of examples/bridge for wasm32, into build/guests: with clang, and with the Rust compiler that
# builds the library's own modules, whose flags and folder it shares, so that the standard library is compiled once.
set -eu
cd "$(dirname "$0")/.."

mkdir -p build/guests
clang --target=wasm32 -O2 -Wall -Werror -ffreestanding -nostdlib -Iinclude -Wl,--no-entry \
    -Wl,--allow-undefined examples/bridge/wind.c -o build/guests/wind.wasm
scripts/wasm.sh guest
