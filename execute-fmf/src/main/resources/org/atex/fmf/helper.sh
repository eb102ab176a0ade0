#!/bin/bash
# What tests written for tmt or restraint call to report and to reboot: speaks the control stream. Its name says which of
# those commands it is.

me=${0##*/}
place=${0%/*}/..
LC_ALL=C

die() {
    printf '%s: %s\n' "$me" "$*" >&2
    exit 2
}

[[ $ATEX_TEST_CONTROL =~ ^[0-9]+$ && -e /dev/fd/$ATEX_TEST_CONTROL ]] ||
    die "there is no control stream: call it within a running test, and leave the descriptor \$ATEX_TEST_CONTROL open"

# Sets quoted to a JSON text.
quote() {
    quoted=${1//\\/\\\\}
    quoted=${quoted//\"/\\\"}
    quoted=\"${quoted//[[:cntrl:]]/ }\"
}

# Sets file to a description of a file, and size to its length.
describe() {
    [[ -f $1 && -r $1 ]] || die "cannot read the file $1"
    size=$(($(wc -c <"$1")))
    quote "${2:-${1##*/}}"
    file="{\"name\":$quoted,\"length\":$size}"
}

# Sends a result, and as many bytes of a file as it says; the file may grow or shrink meanwhile.
send() {
    local lock
    exec {lock}>>"$place/lock"
    command -v flock >/dev/null && flock "$lock"
    printf 'result %d\n%s' "${#1}" "$1"
    [[ $2 ]] && { cat -- "$2"; head -c "$3" /dev/zero; } 2>/dev/null | head -c "$3"
    exec {lock}>&-
} >&"$ATEX_TEST_CONTROL"

# The worst that was reported of its parts is what the test itself is.
raise() {
    local worst=
    [[ -r $place/worst ]] && read -r worst <"$place/worst"
    case $1,$worst in
        fail,error | fail,fail | warn,error | warn,fail | warn,warn | error,error) return 0 ;;
        fail,* | warn,* | error,*) ;;
        *) return 0 ;;
    esac
    printf '%s\n' "$1" >"$place/worst"
    send "{\"partial\":true,\"status\":\"$1\"}"
}

report_result() {
    local log=${OUTPUTFILE-} message= words=() name status json
    while (($#)); do
        case $1 in
            -o | --outputfile) log=$2; shift ;;
            --outputfile=*) log=${1#*=} ;;
            -t | --message | -m) message=$2; shift ;;
            --message=*) message=${1#*=} ;;
            -s | --server | -p | --disable-plugin | --port) shift ;;
            --server=* | --disable-plugin=* | --port=* | --no-plugins) ;;
            --) shift; words+=("$@"); break ;;
            -?*) die "unknown option $1" ;;
            *) words+=("$1") ;;
        esac
        shift
    done
    ((${#words[@]} >= 2)) || die "usage: $me [-o FILE] [-t MESSAGE] NAME RESULT [SCORE]"
    name=${words[0]%:}
    name=${name#/}
    [[ $name ]] || name=${TMT_TEST_NAME#/}
    status=${words[1],,}
    case $status in
        pass | fail | warn | info | skip | error) ;;
        none) status=info ;;
        *) die "unknown result ${words[1]}: there are PASS, FAIL, WARN, INFO, SKIP and ERROR" ;;
    esac
    if [[ $me == rhts-report-result ]]; then
        log=${words[2]-}
        words=("${words[@]:0:2}" "${words[@]:3}")
        [[ -r $log ]] || log= # Beakerlib names one that it may not have written
    fi
    quote "$name"
    json="{\"name\":$quoted,\"status\":\"$status\""
    [[ $message ]] && quote "$message" && json+=",\"note\":$quoted"
    [[ ${words[2]-} ]] && quote "${words[2]}" && json+=",\"score\":$quoted"
    if [[ $log ]]; then
        describe "$log"
        send "$json,\"files\":[$file]}" "$log" "$size"
    else
        send "$json}"
    fi
    raise "$status"
}

submit_file() {
    local logs=() log
    while (($#)); do
        case $1 in
            -l | --filename) logs+=("$2"); shift ;;
            --filename=*) logs+=("${1#*=}") ;;
            -S | -T | -s | -p | --server | --port | --template) shift ;;
            -?*) ;;
            *) logs+=("$1") ;;
        esac
        shift
    done
    ((${#logs[@]})) || die "usage: $me -l FILE"
    for log in "${logs[@]}"; do
        describe "$log"
        send "{\"partial\":true,\"files\":[$file]}" "$log" "$size"
    done
}

reboot_system() {
    local command= option try
    if [[ ${ATEX_NO_REBOOT-} ]]; then
        printf '%s\n' "$me is refused: $ATEX_NO_REBOOT" >&2
        quote "$me is refused: $ATEX_NO_REBOOT"
        send "{\"partial\":true,\"status\":\"error\",\"note\":$quoted}"
        kill -KILL 0
    fi
    while getopts c:t:e option; do
        case $option in
            c) command=$OPTARG ;;
            t) printf 'duration +%d\n' "$OPTARG" >&"$ATEX_TEST_CONTROL" ;;
            e) ;;
            *) die "usage: $me [-c COMMAND] [-t SECONDS]" ;;
        esac
    done
    trap '' PIPE
    printf 'disconnect\n' >&"$ATEX_TEST_CONTROL"
    # The runner answers by breaking the pipe. One that cannot will see the system go.
    for ((try = 0; try < 200; try++)); do
        printf 'noop\n' >&"$ATEX_TEST_CONTROL" || break
        sleep 0.05
    done 2>/dev/null
    trap - PIPE
    if [[ $command ]]; then
        bash -c "$command"
    elif [[ -d /run/systemd/system ]]; then
        systemctl reboot
    else
        PATH=/sbin:/usr/sbin:$PATH reboot
    fi || die "the system cannot be rebooted by '${command:-reboot}': exit code $?"
    exec sleep 100d # nothing of the test goes on until the system is down
}

abort_test() {
    quote "the test called $me"
    send "{\"partial\":true,\"status\":\"error\",\"note\":$quoted}"
    kill -KILL 0
}

case $me in
    *-report-result) report_result "$@" ;;
    *-file-submit | *-report-log | *-submit-log) submit_file "$@" ;;
    *-reboot) reboot_system "$@" ;;
    *-abort) abort_test ;;
    *) die "no such command" ;;
esac
