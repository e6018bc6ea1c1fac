#!/bin/sh
# Fuzzes under AddressSanitizer: fuzz.sh SECONDS [TARGET...]. The targets take turns in that time, all of
# them where none is named. What they find new goes to FUZZ_CORPUS, fuzz/corpus as a rule. FUZZ_SEED makes
# a run repeatable: the same inputs in the same order, as far as the time goes.
# Needs a nightly toolchain; installs cargo-fuzz into .tools if it is missing.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:?usage: fuzz.sh SECONDS [TARGET...]}
shift
[ $# -gt 0 ] || set -- expression strings blocks kernels dialects arrays
corpus=${FUZZ_CORPUS:-fuzz/corpus}
seed=${FUZZ_SEED:-0}
. scripts/environment.sh
PATH=$PWD/.tools/bin:$PATH
version=0.13.2
if [ "$(cargo-fuzz --version 2>/dev/null)" != "cargo-fuzz $version" ]; then
    cargo install --quiet --locked --root .tools "cargo-fuzz@$version"
fi
# Units of code generation are compiled side by side; by default there is one.
cargo +nightly fuzz build --codegen-units 16
each=$((seconds / $#))
for target in "$@"; do
    mkdir -p "$corpus/$target"
    # Kernels print to standard output, which is closed.
    cargo +nightly fuzz run --codegen-units 16 "$target" "$corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$each" -max_len=4096 -timeout=20 -seed="$seed" -close_fd_mask=1 -print_final_stats=1
done
