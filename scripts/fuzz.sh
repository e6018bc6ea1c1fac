#!/bin/sh
# Fuzzes compile and evaluation under AddressSanitizer: fuzz.sh SECONDS [TARGET]
# Needs a nightly toolchain; installs cargo-fuzz into .tools if it is missing.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:?usage: fuzz.sh SECONDS [TARGET]}
target=${2:-expression}
. scripts/environment.sh
PATH=$PWD/.tools/bin:$PATH
if ! command -v cargo-fuzz >/dev/null; then
    cargo install --quiet cargo-fuzz --root .tools
fi
mkdir -p "fuzz/corpus/$target"
exec cargo +nightly fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
    -max_total_time="$seconds" -max_len=4096 -timeout=20 -print_final_stats=1
