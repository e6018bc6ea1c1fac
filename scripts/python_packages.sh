#!/bin/sh
# Installs Python packages into .tools/venv: python_packages.sh REQUIREMENTS_FILE. The file names exact
# versions. Does nothing while they are those that were installed last.
set -eu
cd "$(dirname "$0")/.."
file=$1
installed=.tools/venv/$(echo "$file" | tr / -)
if [ ! -x .tools/venv/bin/python ]; then
    echo "making a Python environment in .tools/venv"
    python3 -m venv .tools/venv
fi
if ! cmp -s "$file" "$installed"; then
    echo "installing the packages of $file into .tools/venv"
    .tools/venv/bin/pip install --quiet --disable-pip-version-check --requirement "$file"
    cp "$file" "$installed"
fi
