#!/bin/sh
# The flags of pkg-config, static and shared. Usage: pkg_config.sh PROGRAM EXPECTED LIBRARY_FOLDER

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PKG_CONFIG_PATH="$3/pkgconfig"

build_and_run() { # how to link, flags of pkg-config
    # shellcheck disable=SC2046,SC2086
    "${CC:-cc}" $1 "$program" $(pkg-config $2 --cflags --libs miniexpr) -o "$work/program"
    output=$(LD_LIBRARY_PATH="$folder" "$work/program")
    [ "$output" = "$expected" ]
    echo "ok cc $1 with pkg-config $2"
}
program=$1 expected=$2 folder=$3
build_and_run -static --static
if [ -e "$folder/libminiexpr.so" ]; then
    build_and_run "" ""
fi
