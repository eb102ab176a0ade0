#!/bin/bash
# One subtest an order.
set -e -o pipefail
. "$TMT_TREE/report.sh"
check() {
    local name=$1 expected=$2 actual=$3
    if [[ $actual == "$expected" ]]; then
        report pass "$name"
    else
        report fail "$name" "expected '$expected' but got '$actual'"
    fi
}
lines=$'10\n9\n2\n10'
check text $'10\n10\n2\n9' "$(sort <<<"$lines")"
check numeric $'2\n9\n10\n10' "$(sort -n <<<"$lines")"
check unique $'10\n2\n9' "$(sort -u <<<"$lines")"
check reverse $'10\n10\n9\n2' "$(sort -rn <<<"$lines")"
