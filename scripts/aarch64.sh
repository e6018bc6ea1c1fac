#!/bin/sh
# Runs the Rust tests of the library as a program for aarch64 Linux: aarch64.sh [ARGUMENTS OF CARGO TEST].
# On other machines a cross compiler builds it and QEMU runs it; both are installed if they are missing.
set -eu
cd "$(dirname "$0")/.."
. scripts/environment.sh

if [ "$(uname -m)" = aarch64 ]; then
    exec cargo test --locked "$@"
fi

target=aarch64-unknown-linux-gnu
missing=""
command -v qemu-aarch64 >/dev/null || missing="$missing qemu-user"
command -v aarch64-linux-gnu-gcc >/dev/null || missing="$missing gcc-aarch64-linux-gnu"
[ -e /usr/aarch64-linux-gnu/lib/crt1.o ] || missing="$missing libc6-dev-arm64-cross"
if [ -n "$missing" ]; then
    echo "installing$missing"
    if [ "$(id -u)" -eq 0 ]; then sudo=""; else sudo=sudo; fi
    $sudo apt-get update -qq </dev/null
    # shellcheck disable=SC2086
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null
fi
[ -d "$(rustc --print sysroot)/lib/rustlib/$target" ] || rustup target add $target

# Programs that the tests start find these: the C compiler as `cc`, and QEMU for the tests themselves.
tools=$PWD/build/aarch64/bin
mkdir -p "$tools"
ln -sf "$(command -v aarch64-linux-gnu-gcc)" "$tools/cc"
export PATH="$tools:$PATH"
export MINIEXPR_TEST_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="$MINIEXPR_TEST_RUNNER"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc

exec cargo test --locked --target $target "$@"
