#!/bin/bash
# Packs and unpacks a small tree, and compares it.
set -e -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/from/dir with spaces" "$work/to"
seq 1000 >"$work/from/dir with spaces/numbers"
chmod 640 "$work/from/dir with spaces/numbers"
ln -s "dir with spaces/numbers" "$work/from/link"
tar -C "$work/from" -cf - . | tar -C "$work/to" -xpf -
diff -r "$work/from" "$work/to"
[[ $(stat -c %a "$work/to/dir with spaces/numbers") == 640 ]]
[[ $(readlink "$work/to/link") == "dir with spaces/numbers" ]]
