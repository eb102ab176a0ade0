#!/bin/bash
# One subtest a level, each with a log of its own.
set -e -o pipefail
. "$TMT_TREE/report.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seq 20000 >"$work/numbers"
for level in 1 5 9; do
    {
        gzip -c "-$level" "$work/numbers" >"$work/packed"
        gzip -lv "$work/packed" || true
    } >"$work/gzip.log" 2>&1
    if gzip -dc "$work/packed" | cmp - "$work/numbers"; then
        report pass "level/$level" "$(wc -c <"$work/packed") bytes" "$work/gzip.log"
    else
        report fail "level/$level" "" "$work/gzip.log"
    fi
done
