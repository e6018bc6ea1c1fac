#!/bin/sh
# The npm package: js.sh [build] [test]. `build` makes the addon for this platform and the WebAssembly modules, and puts
# the package and that of the addon into build/npm as tarballs; `test` runs the tests over the sources, and installs the
# tarballs into empty projects. Of `build` there are also the parts `packages`, `addon` and `pack`.
# MINIEXPR_ADDON_PROFILE names another profile of cargo than release.
set -eu
cd "$(dirname "$0")/.."
. scripts/environment.sh
profile=${MINIEXPR_ADDON_PROFILE:-release}

# What the tests, the bundlers and the types need, at the versions of the lock file.
packages() {
    if [ ! -e js/node_modules/.package-lock.json ] ||
        [ -n "$(find js/package-lock.json -newer js/node_modules/.package-lock.json)" ]; then
        npm ci --prefer-offline --loglevel=error --prefix js </dev/null
        touch js/node_modules/.package-lock.json
    fi
}

# The platform, as in the names of packages.
target() {
    node --input-type=module -e 'import { TARGET } from "./js/native/addon.js"; process.stdout.write(TARGET);'
}

addon() {
    # With the target named, it shares the library with the CMake build.
    host=$(rustc -vV | sed -n 's/^host: //p')
    cargo build --quiet --locked --profile "$profile" -p miniexpr-node --target "$host"
    folder=target/$host/$profile
    if [ "$profile" = dev ]; then folder=target/$host/debug; fi
    for library in "$folder/libminiexpr_node.so" "$folder/libminiexpr_node.dylib" "$folder/miniexpr_node.dll"; do
        if [ -e "$library" ]; then built=$library; fi
    done
    # A new file: a running process may have mapped the old one.
    rm -f "js/native/miniexpr.$(target).node"
    cp "$built" "js/native/miniexpr.$(target).node"
    if [ "$profile" = release ] && command -v strip >/dev/null; then strip -x "js/native/miniexpr.$(target).node"; fi
}

pack() {
    node js/npm/stage.mjs build/npm "js/native/miniexpr.$(target).node" "$(target)"
    for package in miniexpr "miniexpr-$(target)"; do
        npm pack --silent --pack-destination build/npm "./build/npm/$package" </dev/null
    done
}

build() {
    packages
    addon
    scripts/wasm.sh plain threads
    pack
}

tests() {
    scripts/guests.sh
    node --expose-gc --test js/tests/typed_arrays_test.mjs js/tests/agreement_test.mjs js/tests/neighbours_test.mjs \
        js/tests/native_test.mjs js/tests/docs_test.mjs js/tests/examples_test.mjs js/tests/limits_test.mjs js/tests/memory_test.mjs \
        js/tests/fuzz_test.mjs js/tests/bridge_native_test.mjs
    node --test js/tests/package_test.mjs
}

for step in "${@:-build}"; do
    case $step in
    build | packages | addon | pack) "$step" ;;
    test) tests ;;
    *)
        echo "usage: js.sh [build] [packages] [addon] [pack] [test]" >&2
        exit 2
        ;;
    esac
done
