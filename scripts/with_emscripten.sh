#!/bin/sh
# Runs a command in an environment in which Debian's Emscripten works: with_emscripten.sh COMMAND...
# Its scripts need the package acorn of Debian, which another Node on the PATH does not look for.
set -eu
if [ -d /usr/share/nodejs/acorn ]; then
    NODE_PATH=/usr/share/nodejs${NODE_PATH:+:$NODE_PATH}
    export NODE_PATH
fi
exec "$@"
