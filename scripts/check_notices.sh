#!/bin/sh
# Every package that the library links is named in THIRD_PARTY_NOTICES.md.
set -eu
cd "$(dirname "$0")/.."
packages=$(cargo tree --locked -e normal --prefix none --target all --format '{p}' | awk '{ print $1 }' | sort -u)
status=0
for package in $packages; do
    if [ "$package" != miniexpr ] && ! grep -q "^| \`$package\` |" THIRD_PARTY_NOTICES.md; then
        echo "$package is missing in THIRD_PARTY_NOTICES.md"
        status=1
    fi
done
exit $status
