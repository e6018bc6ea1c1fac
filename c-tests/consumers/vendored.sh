#!/bin/sh
# The sources with vendored crates, as an archive would have them, built by CMake without a network and without
# anything that cargo has downloaded before. The build leaves the sources as they are, and compiles as many crates
# as docs/embedding.md says. Usage: vendored.sh SOURCE_FOLDER WORK_FOLDER CARGO EXPECTED
set -eu
source=$1 work=$2 cargo=$3 expected=$4
rm -rf "$work"
mkdir -p "$work/source/.cargo" "$work/cargo-home"
for part in Cargo.toml Cargo.lock build.rs CMakeLists.txt package.json THIRD_PARTY_NOTICES.md \
    LICENSE LICENSE-LIBTCC LICENSE-SLEEF LICENSE-TINYEXPR benches cli cmake emscripten examples include src; do
    cp -R "$source/$part" "$work/source"
done
# The other crate of the workspace.
mkdir "$work/source/js"
cp -R "$source/js/native" "$work/source/js"

# Needs no network if the crates are there (scripts/install_tools.sh gets them).
cd "$work/source"
"$cargo" vendor --locked --offline vendor >.cargo/config.toml 2>"$work/vendor.log" ||
    "$cargo" vendor --locked vendor >.cargo/config.toml 2>"$work/vendor.log"

sums() {
    find . -path ./vendor -prune -o -type f -exec sha256sum {} + | sort
}
sums >"$work/before"

without_network=""
for candidate in "unshare -n" "unshare -rn"; do
    if $candidate true 2>/dev/null; then
        without_network=$candidate
        break
    fi
done
[ -n "$without_network" ] || echo "no network namespaces here: cargo is only told to be offline"

# Elsewhere than in the source tree, as in a project that embeds the library. Not optimised, to take less time.
cd "$work"
CARGO_HOME=$work/cargo-home
CARGO_PROFILE_DEV_OPT_LEVEL=0
export CARGO_HOME CARGO_PROFILE_DEV_OPT_LEVEL
$without_network cmake -S source -B build -DCMAKE_BUILD_TYPE=Debug -DMINIEXPR_CARGO="$cargo" \
    -DMINIEXPR_CARGO_FLAGS=--offline -DMINIEXPR_BUILD_SHARED=OFF -DMINIEXPR_BUILD_TESTS=OFF
$without_network cmake --build build
output=$(build/examples/hypotenuse)
[ "$output" = "$expected" ]

(cd source && sums) >after
cmp before after || {
    echo "the build has changed the source tree"
    exit 1
}
# A folder for each crate, or for each of its build script and itself.
compiled=$(find build/cargo -path '*/.fingerprint/*' -prune | sed 's|.*/||; s/-[0-9a-f]*$//' | sort -u)
count=$(echo "$compiled" | wc -l)
grep -q "compiles $count crates" "$source/docs/embedding.md" || {
    echo "docs/embedding.md does not say that a build compiles $count crates:"
    echo "$compiled"
    exit 1
}
