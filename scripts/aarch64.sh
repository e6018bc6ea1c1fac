#!/bin/sh
# Runs the Rust tests of the library as a program for aarch64 Linux: aarch64.sh [ARGUMENTS OF CARGO TEST].
# On other machines a cross compiler builds it and QEMU runs it; both are installed if they are missing,
# which is all that "aarch64.sh tools" does.
set -eu
cd "$(dirname "$0")/.."
. scripts/environment.sh

if [ "$(uname -m)" = aarch64 ]; then
    [ "${1:-}" = tools ] || exec cargo test --locked "$@"
    exit
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
    # A list of words, one a package.
    # shellcheck disable=SC2086
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null
fi
[ -d "$(rustc --print sysroot)/lib/rustlib/$target" ] || rustup target add $target

[ "${1:-}" != tools ] || exit 0

# The programs of the tests, and what they start, find the cross compiler as `cc`. Cargo does not, as it
# links the build script for this machine.
tools=$PWD/build/aarch64
mkdir -p "$tools/bin"
ln -sf "$(command -v aarch64-linux-gnu-gcc)" "$tools/bin/cc"
cat >"$tools/run" <<'END'
#!/bin/sh
PATH=$(dirname "$0")/bin:$PATH
MINIEXPR_TEST_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
export PATH MINIEXPR_TEST_RUNNER
exec $MINIEXPR_TEST_RUNNER "$@"
END
chmod +x "$tools/run"

exec cargo --config "target.$target.linker = \"aarch64-linux-gnu-gcc\"" \
    --config "target.$target.runner = [\"$tools/run\"]" test --locked --target $target "$@"
