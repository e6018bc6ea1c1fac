#!/bin/sh
# Installs Python packages into an environment: python_packages.sh REQUIREMENTS_FILE [FOLDER], the folder
# being .tools/venv if none is named. The file names exact versions. Does nothing while they are those that
# were installed last.
set -eu
cd "$(dirname "$0")/.."
file=$1
venv=${2:-.tools/venv}
installed=$venv/$(echo "$file" | tr / -)
if [ ! -x "$venv/bin/python" ]; then
    echo "making a Python environment in $venv"
    python3 -m venv "$venv"
fi
if ! cmp -s "$file" "$installed"; then
    echo "installing the packages of $file into $venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$file"
    cp "$file" "$installed"
fi
