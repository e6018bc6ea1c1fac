#!/bin/sh
# Every package that the library, the command or the addon for Node links is named in THIRD_PARTY_NOTICES.md.
set -eu
cd "$(dirname "$0")/.."
status=0
for program in miniexpr miniexpr-cli miniexpr-node; do
    packages=$(cargo tree --locked -p "$program" -e normal,no-proc-macro --prefix none --target all --format '{p}' |
        awk '{ print $1 }' | sort -u)
    for package in $packages; do
        case $package in miniexpr | miniexpr-cli | miniexpr-node) continue ;; esac
        if ! grep -q "^| \`$package\` |" THIRD_PARTY_NOTICES.md; then
            echo "$package is missing in THIRD_PARTY_NOTICES.md"
            status=1
        fi
    done
done
exit $status
