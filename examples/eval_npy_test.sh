#!/bin/sh
# Where eval_npy writes: eval_npy_test.sh FOLDER COMMAND...
# COMMAND runs the program. Everything happens in FOLDER, which is emptied first.
set -eu
folder=$1
shift
rm -rf "$folder"
mkdir -p "$folder"

die() {
    echo "$*" >&2
    exit 1
}

# npy FILE BYTES: an array of as many uint8 items, all 7
npy() {
    header=$(printf "{'descr': '|u1', 'fortran_order': False, 'shape': (%d,), }" "$2")
    # 118 = 0x76 bytes of header: a whole file of 128 bytes before the items.
    printf '\223NUMPY\001\000\166\000%-117s\n' "$header" >"$1"
    head -c "$2" /dev/zero | tr '\000' '\007' >>"$1"
}

# unchanged FILE COPY MESSAGE: the file is that of before, and nothing else was left in its folder
unchanged() {
    cmp "$1" "$2" || die "$3: the file has changed"
    [ -z "$(find "$folder" -name '*.tmp')" ] || die "$3: a temporary file is left"
}

# More items than one block, so that reading goes on after the first bytes were written.
x=$folder/x.npy
npy "$x" 100000
cp "$x" "$folder/old.npy"
"$@" "x + 1" "x=$x" -o "$folder/expected.npy"

# Over its own input, by its name and by a link.
"$@" "x + 1" "x=$x" -o "$x"
cmp "$x" "$folder/expected.npy" || die "an input that is the output has wrong items"
cp "$folder/old.npy" "$x"
chmod 640 "$x"
ln -s x.npy "$folder/link.npy"
"$@" "x + 1" "x=$x" -o "$folder/link.npy"
[ -L "$folder/link.npy" ] || die "a link was replaced"
cmp "$x" "$folder/expected.npy" || die "the file behind a link has wrong items"
[ "$(find "$x" -perm 640)" ] || die "the permissions have changed"

# An input that ends too soon: the error comes after the first blocks were written.
head -c 50000 "$folder/old.npy" >"$x"
cp "$x" "$folder/short.npy"
if "$@" "x + 1" "x=$x" -o "$x"; then die "a truncated input was accepted"; fi
unchanged "$x" "$folder/short.npy" "a truncated input as the output"
if "$@" "x + 1" "x=$x" -o "$folder/expected.npy"; then die "a truncated input was accepted"; fi
cp "$folder/old.npy" "$x"
"$@" "x + 1" "x=$x" -o "$folder/again.npy"
unchanged "$folder/expected.npy" "$folder/again.npy" "an older result"

# Errors before anything is written.
if "$@" "x +" "x=$x" -o "$x"; then die "a syntax error was accepted"; fi
unchanged "$x" "$folder/old.npy" "a syntax error"
if "$@" "x + 1" "x=$x" -o "$folder/missing/out.npy"; then die "a folder that is missing was accepted"; fi

# A file of somebody else with the name of a temporary file stays.
echo mine >"$folder/again.npy.0.tmp"
"$@" "x * 2" "x=$x" -o "$folder/again.npy"
[ "$(cat "$folder/again.npy.0.tmp")" = mine ] || die "a file of another program was overwritten"
rm "$folder/again.npy.0.tmp"

# What is no regular file is written, not replaced. A full device is an error. (The link keeps the device itself
# out of danger.)
mkfifo "$folder/pipe"
cat "$folder/pipe" >"$folder/piped.npy" &
"$@" "x + 1" "x=$x" -o "$folder/pipe"
wait
[ -p "$folder/pipe" ] || die "a pipe was replaced"
cmp "$folder/piped.npy" "$folder/expected.npy" || die "a pipe got the wrong items"
if [ -c /dev/full ]; then
    ln -s /dev/full "$folder/full"
    if "$@" "x + 1" "x=$x" -o "$folder/full"; then die "a full device was accepted"; fi
    [ -L "$folder/full" ] || die "the name of a device was removed"
fi
echo "all files are as they should be"
