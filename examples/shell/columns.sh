#!/bin/sh
# The command in a script: columns.sh [COMMAND]
set -eu
cd "$(dirname "$0")/.."
miniexpr=${1:-miniexpr}

"$miniexpr" 'mean(january - july)' data/sea.csv
"$miniexpr" 'max(sea, axis=1) - min(sea, axis=1)' sea=data/sea_celsius.npy -o - --to csv --name range | sort -n | tail -2
"$miniexpr" 'year * (january > 26)' data/sea.csv -o - --to csv | grep -v '^0' || echo 'never'
