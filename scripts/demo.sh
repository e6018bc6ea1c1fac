#!/bin/sh
# Evaluates expressions over the data in examples/data with the example eval_npy, natively and, if
# Emscripten is there, as WebAssembly under Node, and shows that both write the same bytes.
# NATIVE_BUILD and WASM_BUILD name the build folders.
set -eu
cd "$(dirname "$0")/.."
native=${NATIVE_BUILD:-build/native}
wasm=${WASM_BUILD:-build/wasm}
data=examples/data
out=build/demo
mkdir -p "$out"

# build FOLDER [WRAPPER]: builds the example there
build() {
    folder=$1
    shift
    echo "building the example in $folder"
    "$@" cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=Release >"$out/configure.log" 2>&1 || {
        cat "$out/configure.log"
        exit 1
    }
    cmake --build "$folder" --target example_eval_npy >"$out/build.log" 2>&1 || {
        cat "$out/build.log"
        exit 1
    }
}

# evaluate NAME EXPRESSION INPUT...: runs the example on every platform and compares the results
evaluate() {
    name=$1
    shift
    echo
    echo "$1"
    "$native/examples/eval_npy" "$@" -o "$out/$name.native.npy"
    if [ -n "$node" ]; then
        "$node" --no-experimental-fetch "$wasm/examples/eval_npy.js" "$@" -o "$out/$name.wasm.npy"
        cmp "$out/$name.native.npy" "$out/$name.wasm.npy"
        echo "native and WebAssembly wrote the same $(wc -c <"$out/$name.native.npy") bytes"
    fi
}

node=
build "$native"
if command -v emcmake >/dev/null && command -v node >/dev/null; then
    node=$(command -v node)
    build "$wasm" emcmake
else
    echo "Emscripten or Node is missing: native only"
fi

evaluate co2_anomaly "where(ppm == ppm, ppm - (314.9 + 0.77*(t - 1958) + 0.0125*(t - 1958)**2), 0)" \
    ppm=$data/co2_ppm.npy t=$data/co2_year.npy
evaluate sea_fahrenheit "sea * 1.8 + 32" sea=$data/sea_celsius.npy
evaluate ill_and_well "log1p(visits) * sqrt(diseases) + (visits > 20)" \
    visits=$data/visits.npy diseases=$data/diseases.npy

echo
echo "an unknown name, with its place:"
"$native/examples/eval_npy" "sea * 1.8 + freezing" sea=$data/sea_celsius.npy -o "$out/none.npy" && exit 1
echo "a shape that does not fit:"
"$native/examples/eval_npy" "sea + visits" sea=$data/sea_celsius.npy visits=$data/visits.npy -o "$out/none.npy" && exit 1
exit 0
