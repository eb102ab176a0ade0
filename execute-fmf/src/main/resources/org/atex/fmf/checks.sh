# Runs a check before or after a test and prints the log entries that it finds. Needs bash 4.2, coreutils, and the tools
# of each check, such as dmesg or journalctl.
#
#   $1     "before" or "after"
#   $2     the name of the check
#   $3     a directory for the state between the two calls
#   $4 …   settings of the check
#
# Exit codes: 0 success, 77 the system does not support the check, any other code is a failure. The reason is the last
# line on standard error.

event=$1 name=$2 kept=$3
shift 3
mkdir -p -- "$kept" || exit
export LC_ALL=C

skip() {
    printf '%s\n' "$*" >&2
    exit 77
}

as_root=()
((EUID)) && sudo -n true 2>/dev/null && as_root=(sudo -n)

# Prints the messages that are newer than the last one before the test. If that one is not found, the system was
# rebooted or the ring buffer wrapped around, and all messages are printed.
dmesg_check() {
    local last number
    command -v dmesg >/dev/null || skip "the system has no dmesg"
    if ! "${as_root[@]}" dmesg >"$kept/$event" 2>"$kept/errors"; then
        grep -Eiq 'not permitted|permission denied' "$kept/errors" && skip "no permission to read kernel messages: $(<"$kept/errors")"
        cat -- "$kept/errors" >&2
        return 1
    fi
    if [[ $event == before ]]; then
        cat -- "$kept/before"
        return
    fi
    last=$(tail -n 1 -- "$kept/before")
    number=$(grep -nxF -e "$last" -- "$kept/after" | tail -n 1)
    [[ $last ]] || number=
    number=${number%%:*}
    tail -n +$((${number:-0} + 1)) -- "$kept/after"
}

journal_check() {
    local cursor
    [[ -d /run/systemd/system ]] || skip "the system was not started by systemd"
    command -v journalctl >/dev/null || skip "the system has no journalctl"
    if [[ $event == before ]]; then
        # A marker entry provides the cursor. It is read with --cursor below, as journalctl --after-cursor omits the
        # first entry that passes its filters.
        systemd-cat -t atex-check -p debug echo "a test begins"
        "${as_root[@]}" journalctl --sync 2>/dev/null
        cursor=$("${as_root[@]}" journalctl -n 1 -t atex-check --show-cursor --no-pager)
        [[ $cursor == *"-- cursor: "* ]] && cursor=${cursor##*-- cursor: } || cursor=
        printf '%s\n' "$cursor" >"$kept/cursor"
        return
    fi
    read -r cursor <"$kept/cursor"
    # Without a cursor, or if the journal was rotated and the cursor is gone, all entries are printed.
    if [[ $cursor ]]; then
        "${as_root[@]}" journalctl --no-pager --cursor="$cursor" "$@" 2>/dev/null && return
    fi
    "${as_root[@]}" journalctl --no-pager "$@"
}

coredump_check() {
    local since try fields
    [[ -d /run/systemd/system ]] || skip "the system was not started by systemd"
    command -v coredumpctl >/dev/null || skip "the system has no coredumpctl"
    if [[ $event == before ]]; then
        date +%s >"$kept/since"
        return
    fi
    # A large core dump may still be written: wait for it, at most one minute. The kernel cuts process names to 15
    # bytes.
    for ((try = 0; try < 60; try++)); do
        pgrep systemd-coredum >/dev/null 2>&1 || break
        sleep 1
    done
    read -r since <"$kept/since"
    "${as_root[@]}" coredumpctl list --no-legend --no-pager --since="@$since" 2>"$kept/errors" >"$kept/list"
    # Exit code 1 means that there are no core dumps.
    if (($? > 1)); then
        cat -- "$kept/errors" >&2
        return 1
    fi
    while read -r -a fields; do
        ((${#fields[@]} >= 10)) || continue
        printf 'atex-crash %s\n' "${fields[4]}"
        "${as_root[@]}" coredumpctl info --no-pager "${fields[4]}" </dev/null
    done <"$kept/list"
    return 0
}

avc_check() {
    local since code
    [[ -e /sys/fs/selinux/enforce ]] || skip "the system has no SELinux"
    # Audit messages arrive with a delay.
    sleep "$1"
    if [[ $event == before ]]; then
        date '+%x %H:%M:%S' >"$kept/since"
        return
    fi
    sestatus || return
    rpm -q audit selinux-policy
    read -r since <"$kept/since"
    "${as_root[@]}" ausearch -i --input-logs -m AVC,USER_AVC,SELINUX_ERR -ts $since 2>"$kept/errors"
    code=$?
    # ausearch exits with 1 both for errors and for no matches.
    cat -- "$kept/errors" >&2
    ((code == 1)) && grep -q 'no matches' "$kept/errors" && return 0
    return "$code"
}

case $name in
    dmesg) dmesg_check ;;
    journal) journal_check "$@" ;;
    coredump) coredump_check ;;
    avc) avc_check "$@" ;;
    watchdog) skip "not supported: the connection detects a system that does not respond" ;;
esac
