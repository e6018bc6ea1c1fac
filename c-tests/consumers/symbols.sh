#!/bin/sh
# A library defines exactly the listed global symbols. Usage: symbols.sh LIST NM_FLAG LIBRARY

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sort "$1" >"$work/expected"
nm "$2" --defined-only "$3" | awk 'NF == 3 { print $3 }' | sort >"$work/found"
diff "$work/expected" "$work/found"
