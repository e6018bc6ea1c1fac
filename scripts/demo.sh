#!/bin/sh
# Evaluates expressions over the data in examples/data with the example eval_npy, natively and as
# WebAssembly under Node, and shows that both write the same bytes. Then compiles a kernel in Pyodide, and draws the
# Mandelbrot set on several threads.
set -eu
cd "$(dirname "$0")/.."
data=examples/data
out=build/demo
mkdir -p "$out"

# build PLATFORM TARGET: its log is shown if that fails
build() {
    echo "building $2 for $1 (takes minutes the first time)"
    scripts/build.sh "$1" "$2" >"$out/$1.log" 2>&1 || {
        cat "$out/$1.log"
        exit 1
    }
}

native() {
    build/native/examples/eval_npy "$@"
}

wasm() {
    node --no-experimental-fetch build/wasm/examples/eval_npy.js "$@"
}

# evaluate NAME TYPE EXPRESSION INPUT...: runs the example on both platforms and compares the results.
# TYPE is that of the result, as od names it.
evaluate() {
    name=$1 type=$2
    shift 2
    printf '\n%s\n' "$1"
    for platform in native wasm; do
        file=$out/$name.$platform.npy
        rm -f "$file"
        $platform "$@" -o "$file" | sed 's/^/  /'
    done
    cmp "$out/$name.native.npy" "$out/$name.wasm.npy"
    echo "  both files have the same bytes; the last values are"
    tail -c $((4 * ${type#f})) "$file" | od -An -w$((4 * ${type#f})) -t "$type" | sed 's/  */ /g; s/^/ /'
}

# refuse EXPRESSION INPUT...: shows the error of a call that must fail
refuse() {
    echo
    if native "$@" -o "$out/refused.npy"; then
        echo "this should have failed: $1"
        exit 1
    fi
}

build native example_eval_npy
build wasm example_eval_npy
build wasm miniexpr_side_module
evaluate co2_anomaly f8 "where(ppm == ppm, ppm - (314.9 + 0.77*(t - 1958) + 0.0125*(t - 1958)**2), 0)" \
    ppm=$data/co2_ppm.npy t=$data/co2_year.npy
evaluate sea_fahrenheit f8 "sea * 1.8 + 32" sea=$data/sea_celsius.npy
evaluate sea_anomaly f8 "sea - mean(sea, axis=0)" sea=$data/sea_celsius.npy --threads 2
evaluate ill_and_well f4 "log1p(visits) * sqrt(diseases) + (visits > 20)" \
    visits=$data/visits.npy diseases=$data/diseases.npy
printf "\nThe same text in NumPy's language, then in that of the C library, where the sign binds tighter:\n"
evaluate sea_numpy f8 "-sea**2" sea=$data/sea_celsius.npy
evaluate sea_miniexpr f8 "-sea**2" sea=$data/sea_celsius.npy --dialect miniexpr
printf '\nAn unknown name, with its place, and a shape that does not fit:\n'
refuse "sea * 1.8 + freezing" sea=$data/sea_celsius.npy
refuse "sea + visits" sea=$data/sea_celsius.npy visits=$data/visits.npy

printf '\nA kernel in Pyodide, compiled to WebAssembly and interpreted:\n'
node emscripten/pyodide_demo.mjs node_modules/pyodide-314 build/wasm/emscripten

printf '\nThe Mandelbrot set under Node, without Emscripten:\n'
scripts/wasm.sh threads >"$out/threads.log" 2>&1 || {
    cat "$out/threads.log"
    exit 1
}
node examples/web/demo.mjs "$out/mandelbrot.png"
echo "  in a page: node js/threads/serve.mjs . 8080, then http://localhost:8080/examples/web/"
