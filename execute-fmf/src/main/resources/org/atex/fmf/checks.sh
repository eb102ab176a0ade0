# Looks at a system before and after a test, and prints what it finds. Needs bash 4.2 and coreutils, and for each check what
# it looks at.
#
#   $1     "before" or "after"
#   $2     the name of the check
#   $3     a directory of its own, for what it must remember
#   $4 …   settings of the check
#
# Exit codes: 0 done, 77 it cannot be made on this system, anything else it failed; why is in the last line of the errors.

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

# The lines that have come since; all, if the system was rebooted meanwhile.
dmesg_check() {
    local last number
    command -v dmesg >/dev/null || skip "there is no dmesg"
    if ! "${as_root[@]}" dmesg >"$kept/$event" 2>"$kept/errors"; then
        grep -Eiq 'not permitted|permission denied' "$kept/errors" && skip "the kernel's messages may not be read: $(<"$kept/errors")"
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
    command -v journalctl >/dev/null || skip "there is no journalctl"
    if [[ $event == before ]]; then
        # With --after-cursor, journalctl leaves out the first entry that its filters let through.
        systemd-cat -t atex-check -p debug echo "a test begins"
        "${as_root[@]}" journalctl --sync 2>/dev/null
        cursor=$("${as_root[@]}" journalctl -n 1 -t atex-check --show-cursor --no-pager)
        [[ $cursor == *"-- cursor: "* ]] && cursor=${cursor##*-- cursor: } || cursor=
        printf '%s\n' "$cursor" >"$kept/cursor"
        return
    fi
    read -r cursor <"$kept/cursor"
    if [[ $cursor ]]; then
        "${as_root[@]}" journalctl --no-pager --cursor="$cursor" "$@" 2>/dev/null && return
    fi
    "${as_root[@]}" journalctl --no-pager "$@"
}

coredump_check() {
    local since try fields
    [[ -d /run/systemd/system ]] || skip "the system was not started by systemd"
    command -v coredumpctl >/dev/null || skip "there is no coredumpctl"
    if [[ $event == before ]]; then
        date +%s >"$kept/since"
        return
    fi
    for ((try = 0; try < 60; try++)); do
        pgrep systemd-coredum >/dev/null 2>&1 || break
        sleep 1
    done
    read -r since <"$kept/since"
    "${as_root[@]}" coredumpctl list --no-legend --no-pager --since="@$since" 2>"$kept/errors" >"$kept/list"
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
    cat -- "$kept/errors" >&2
    ((code == 1)) && grep -q 'no matches' "$kept/errors" && return 0
    return "$code"
}

case $name in
    dmesg) dmesg_check ;;
    journal) journal_check "$@" ;;
    coredump) coredump_check ;;
    avc) avc_check "$@" ;;
    watchdog) skip "not made here: whether a system answers is watched by its connection" ;;
esac
