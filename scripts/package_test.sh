#!/bin/sh
# Runs the Rust program of the README against the package as it would be published: package_test.sh.
# Needs no network: the dependencies are those that the build of the library has fetched.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
limit=1048576

cargo package --quiet --offline --locked --no-verify --allow-dirty --target-dir build/package
archive=$(ls build/package/package/miniexpr-*.crate)
size=$(wc -c <"$archive")
if [ "$size" -gt $limit ]; then
    echo "$archive takes $size bytes, more than $limit" >&2
    exit 1
fi

work=build/package/user
rm -rf "$work"
mkdir -p "$work/miniexpr" "$work/program/src"
tar -xzf "$archive" --strip-components=1 -C "$work/miniexpr"
cat >"$work/program/Cargo.toml" <<'END'
[package]
name = "program"
version = "0.0.0"
edition = "2024"

[dependencies]
miniexpr = { path = "../miniexpr" }

[workspace]
END
# The versions that the library is tested with.
cp Cargo.lock "$work/program/Cargo.lock"
awk '/^```rust$/ { inside = 1; next } /^```$/ { inside = 0 } inside' README.md >"$work/program/src/main.rs"

printed=$(cargo run --quiet --offline --target-dir "$root/build/package/program" \
    --manifest-path "$work/program/Cargo.toml")
echo "$printed"
case $printed in
'[5.0, 13.0, 17.0, 1.4142135623730951]'*'  |            ^'*) ;;
*)
    echo "the program of the README printed something else" >&2
    exit 1
    ;;
esac
