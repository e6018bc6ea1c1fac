# To be sourced in the project's folder: puts Rust and the npm tools on the PATH. Rust is looked for in
# CARGO_HOME, then where rustup installs it: below HOME, or below the account's own home folder when
# HOME is another one.
# shellcheck shell=sh

for home in "$HOME" "$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6)"; do
    if [ -z "${CARGO_HOME:-}" ] && [ -x "$home/.cargo/bin/cargo" ]; then
        PATH=$home/.cargo/bin:$PATH
        RUSTUP_HOME=${RUSTUP_HOME:-$home/.rustup}
        export RUSTUP_HOME
        break
    fi
done
PATH=$PWD/node_modules/.bin${CARGO_HOME:+:$CARGO_HOME/bin}:$PATH
export PATH
