#!/bin/bash
# Implements the commands that tests for tmt and restraint call to report results and to reboot. The name under which
# the script is called selects the command.
#
# It does not depend on the environment of its caller. It finds the slot of its test by its own path, by the variable
# ATEX_TEST_SLOT, by the control group, or by its parent processes, in this order. It writes to the control stream if it
# has the descriptor. Otherwise it stores the report in the spool of the slot and signals the wrapper, which forwards
# it.

me=${0##*/}
LC_ALL=C

say() { printf '%s: %s\n' "$me" "$*" >&2; }

die() {
    say "$*"
    exit 2
}

# Sets parent and started to fields 4 (parent process) and 22 (start time) of /proc/PID/stat. The name of the program,
# which may contain spaces, ends at the last parenthesis.
read_process() {
    local line fields
    parent= started=
    IFS= read -r line 2>/dev/null <"/proc/$1/stat" || return
    fields=(${line##*) })
    parent=${fields[1]} started=${fields[19]}
}

# Sets wrapper to the process that runs the test of a slot, and control to its descriptor of the control stream. The
# start time distinguishes it from a later process with the same number.
find_wrapper() {
    local pid began number
    wrapper= control=
    { read -r pid _ && read -r began number; } 2>/dev/null <"$1/test.pid" || return
    read_process "$pid"
    [[ $started && $started == "$began" ]] || return
    wrapper=$pid control=$number
}

# Sets place to the slot of the test; empty if it is not found. A process that belongs to none of several slots by its
# parents is assigned only if there is a single slot with a running test.
find_place() {
    local line parent started wrapper control pid slot all=()
    for place in "${0%/*}/.." "$ATEX_TEST_SLOT"; do [[ $place && -d $place/spool ]] && return; done
    while IFS= read -r line; do
        [[ $line =~ (atex\.[^./]+)\.(slot\.[^./]+) ]] || continue
        place=/var/tmp/${BASH_REMATCH[1]}/${BASH_REMATCH[2]}
        [[ -d $place/spool ]] && return
    done 2>/dev/null </proc/self/cgroup
    for slot in /var/tmp/atex.*/slot.*; do
        find_wrapper "$slot"
        [[ $wrapper ]] && all+=("$wrapper $slot")
    done
    for ((pid = $$; pid > 1; pid = parent)); do
        for slot in "${all[@]}"; do
            place=${slot#* }
            [[ ${slot%% *} == "$pid" ]] && return
        done
        read_process "$pid"
        [[ $parent ]] || break
    done
    place=
    ((${#all[@]} == 1)) && place=${all[0]#* }
}

# Succeeds if the descriptor is the control stream. The test may have closed it, or opened another file with its number.
has_stream() {
    [[ $ATEX_TEST_CONTROL =~ ^[0-9]+$ ]] || return
    local own=/proc/self/fd/$ATEX_TEST_CONTROL
    if [[ $wrapper ]]; then
        [[ $own -ef /proc/$wrapper/fd/$control ]]
    else
        [[ ! $place && (-p /dev/fd/$ATEX_TEST_CONTROL || -S /dev/fd/$ATEX_TEST_CONTROL) ]]
    fi
}

# Sets quoted to a JSON string. Malformed UTF-8 becomes question marks, control characters become spaces.
quote() {
    local text=$1
    if [[ $text == *[!\ -~]* ]] && ! printf '%s' "$text" | iconv -f UTF-8 -t UTF-8 >/dev/null 2>&1; then
        text=${text//[!\ -~]/?}
    fi
    quoted=${text//\\/\\\\}
    quoted=${quoted//\"/\\\"}
    quoted=\"${quoted//[[:cntrl:]]/ }\"
}

# Sets log to a regular file with the contents of a file that may be a pipe; empty if there is no file. Fails if the
# file cannot be read. A result needs the length of its file in advance.
take_log() {
    log=$1
    [[ $log && $log != /dev/null ]] || { log=; return 0; }
    [[ -f $log && -r $log ]] && return
    [[ -e $log && ! -d $log && -r $log ]] && temporary=$(mktemp) && cat -- "$log" >"$temporary" && log=$temporary
}

# Sets file to the JSON description of a file, and size to its length.
describe() {
    size=$(wc -c <"$1") || return
    size=$((size))
    quote "$2"
    file="{\"name\":$quoted,\"length\":$size}"
}

# Writes a result and exactly the announced number of bytes of its file. If the file shrinks meanwhile, zeros are added;
# if it grows, the rest is omitted.
write_result() {
    printf 'result %d\n%s' "${#1}" "$1" || return
    [[ ! $2 ]] || { cat -- "$2"; head -c "$3" /dev/zero; } 2>/dev/null | head -c "$3"
}

# Stores the output of a command in the spool and sets left to its path. It is written under a name new.* and then
# renamed, so the wrapper forwards only complete reports. A file new.* that is left at the end shows that a report was
# lost.
leave() {
    local new=$place/spool/new.$$.$RANDOM
    umask 022
    { (set -C && "$@" >"$new"); } 2>/dev/null && left=$place/spool/$(date +%s%N).$$ && mv -- "$new" "$left" ||
        die "could not store the report in $place/spool"
}

# Signals the wrapper until a file has been forwarded, at most 3 seconds; the wrapper forwards the rest at the end of
# the test. bash before 4.4 does not run a trap during a blocking read: the file deaf then avoids further waits.
ring() {
    local try bell began
    for ((try = 0; try < 60; try++)); do
        [[ ! -e $place/deaf && -r $place/bell ]] && read -r bell began <"$place/bell" && read_process "$bell"
        [[ $started && $started == "$began" ]] && kill -USR1 "$bell" 2>/dev/null || return
        sleep 0.05
        [[ -e $1 ]] || return
    done
    : 2>/dev/null >"$place/deaf"
}

# Sends the output of a command to the control stream. The lock keeps reports of concurrent processes apart.
send() {
    local lock= left
    if has_stream; then
        { exec {lock}>>"$place/lock"; } 2>/dev/null && command -v flock >/dev/null && flock "$lock"
        "$@" >&"$ATEX_TEST_CONTROL" || die "could not report: the control stream is broken"
        [[ $lock ]] && exec {lock}>&-
        return 0
    fi
    [[ $place ]] || die "there is no control stream: call it within a running test, and leave the descriptor \$ATEX_TEST_CONTROL open"
    leave "$@"
    ring "$left"
}

# Writes the result of a part, and its status for the test itself: the executor derives the result of the test from the
# most severe part and ignores the exit code.
write_part() {
    write_result "${@:2}" || return
    [[ $1 == info ]] || write_result "{\"partial\":true,\"atex-reported\":\"$1\"}"
}

is_result() {
    case ${1,,} in
        pass | fail | warn | info | skip | error | none) ;;
        *) return 1 ;;
    esac
}

show_usage() {
    case $me in
        *-report-result) echo "usage: $me [-o FILE] [-t MESSAGE] NAME RESULT [SCORE]" ;;
        atex-barrier) echo "usage: $me NAME [COUNT]" ;;
        atex-send) echo "usage: $me NAME [KEY=VALUE]..." ;;
        atex-wait | atex-checkpoint) echo "usage: $me NAME" ;;
        *sync[-_]set) echo "usage: $me -s STATE" ;;
        *sync[-_]block) echo "usage: $me -s STATE [-s STATE]... [--any] [--timeout SECONDS] SYSTEM..." ;;
        *-reboot) echo "usage: $me [-c COMMAND] [-t SECONDS] [-s] [-e] [-h]" ;;
        *) echo "usage: $me -l FILE" ;;
    esac
}

report_result() {
    local words=() path=${OUTPUTFILE-} message= name status json temporary= failed= log file size
    # The name of a part may begin with a dash, so it is taken before options are parsed.
    if (($# >= 2)) && is_result "$2"; then
        words=("$1" "$2")
        shift 2
    fi
    while (($#)); do
        case $1 in
            -o | --outputfile) path=$2; shift ;;
            --outputfile=*) path=${1#*=} ;;
            -o?*/*) path=${1#-o} ;;
            -t | --message | -m) message=$2; shift ;;
            --message=*) message=${1#*=} ;;
            -s | --server | -p | --disable-plugin | --port) shift ;;
            --server=* | --disable-plugin=* | --port=* | --no-plugins) ;;
            -h | --help) show_usage; exit 1 ;;
            --) shift; words+=("$@"); break ;;
            *) words+=("$1") ;;
        esac
        shift
    done
    ((${#words[@]})) || die "$(show_usage)"
    name=${words[0]%:}
    name=${name#/}
    [[ $name ]] || name=${TMT_TEST_NAME#/}
    status=${words[1],,}
    if ! is_result "$status"; then
        message="$me was called with the unknown result '${words[1]}'"
        failed="unknown result '${words[1]}': there are PASS, FAIL, WARN, INFO, SKIP and ERROR ($(show_usage))"
        status=error
    fi
    [[ $status == none ]] && status=info
    if [[ $me == rhts-report-result ]]; then
        path=${words[2]-}
        words=("${words[@]:0:2}" "${words[@]:3}")
    fi
    if ! take_log "$path"; then
        # BeakerLib may name a log that it has not written.
        [[ $me == rhts-report-result || $path == "${OUTPUTFILE-}" ]] || failed="cannot read the file $path"
        log=
    fi
    quote "${name:-test}"
    json="{\"name\":$quoted,\"status\":\"$status\""
    [[ $message ]] && quote "$message" && json+=",\"note\":$quoted"
    [[ ${words[2]-} ]] && quote "${words[2]}" && json+=",\"score\":$quoted"
    # Names from mktemp differ in each run; replace them by a constant one.
    path=${path##*/}
    [[ $me == rhts-report-result || $path == tmp.?????????? ]] && path=output.txt
    if [[ $log ]] && describe "$log" "$path"; then
        send write_part "$status" "$json,\"files\":[$file]}" "$log" "$size"
    else
        send write_part "$status" "$json}"
    fi
    [[ ! $temporary ]] || rm -f -- "$temporary"
    [[ ! $failed ]] || die "$failed"
}

submit_files() {
    local paths=() path temporary log file size
    while (($#)); do
        case $1 in
            -l | --filename) paths+=("$2"); shift ;;
            --filename=*) paths+=("${1#*=}") ;;
            -S | -T | -s | -p | --server | --port | --template) shift ;;
            -h | --help) show_usage; exit 0 ;;
            -?*) ;;
            *) paths+=("$1") ;;
        esac
        shift
    done
    ((${#paths[@]})) || die "$(show_usage)"
    for path in "${paths[@]}"; do
        temporary=
        take_log "$path" || die "cannot read the file $path"
        if [[ $log ]]; then
            describe "$log" "${path##*/}" || die "cannot read the file $path"
            send write_result "{\"partial\":true,\"files\":[$file]}" "$log" "$size"
            [[ -w $place/test ]] && printf '%s\n' "${path##*/}" >>"$place/test/submitted-files.log"
        fi
        [[ ! $temporary ]] || rm -f -- "$temporary"
    done
}

# Ends the test: asks the wrapper to kill all of it, and kills the own process group in case the wrapper does not react.
end_test() {
    [[ $place ]] && : 2>/dev/null >"$place/abort" && ring "$place/abort"
    kill -KILL 0
}

write_lines() { printf '%s\n' "$@"; }

# Announces a reboot. The runner acknowledges it by closing the stream, so the pipe breaks; wait for that at most 10
# seconds. Without the descriptor there is no acknowledgement, and a short delay has to do.
disconnect() {
    local try
    if ! has_stream; then
        send write_lines disconnect
        sleep 0.5
        return
    fi
    trap '' PIPE
    write_lines disconnect >&"$ATEX_TEST_CONTROL"
    for ((try = 0; try < 200; try++)); do
        write_lines noop >&"$ATEX_TEST_CONTROL" || break
        sleep 0.05
    done 2>/dev/null
    trap - PIPE
}

# Sets the current EFI boot entry for the next boot, as machines of Beaker boot from the network by default.
keep_boot_entry() {
    local entry
    [[ -f /root/EFI_BOOT_ENTRY.TXT ]] && efibootmgr >/dev/null 2>&1 || return
    entry=$(efibootmgr | sed -n 's/^BootCurrent: *//p')
    [[ $entry ]] || read -r entry </root/EFI_BOOT_ENTRY.TXT
    [[ $entry ]] && efibootmgr -n "$entry" >/dev/null
}

reboot_system() {
    local command= option within= soft= refusal= as_root=() code
    OPTIND=1
    while getopts c:t:esh option; do
        case $option in
            c) command=$OPTARG ;;
            t) within=$OPTARG ;;
            s) soft=1 ;;
            e) say "the option -e does nothing, as in tmt" ;;
            h) show_usage; exit 0 ;;
            *) die "$(show_usage)" ;;
        esac
    done
    [[ ! $within || $within =~ ^[0-9]{1,9}$ ]] || die "-t takes seconds, and not '$within'"
    [[ ! $place ]] || { read -r _ && read -r _ && read -r refusal; } 2>/dev/null <"$place/test.pid"
    if [[ $refusal ]]; then
        say "refused: $refusal"
        quote "$me is refused: $refusal"
        send write_result "{\"partial\":true,\"status\":\"error\",\"note\":$quoted}"
        end_test
    fi
    ((EUID)) && as_root=(sudo -n)
    PATH=/sbin:/usr/sbin:$PATH
    if [[ $soft && ! $command ]]; then
        # A soft reboot does not change the boot id of the kernel; the executor recognises it by systemd's counter.
        soft=
        systemctl --help 2>/dev/null | grep -q soft-reboot && soft=$(systemctl show -p SoftRebootsCount --value)
        [[ $soft ]] || say "the system does not support soft-reboot: rebooting it"
    fi
    keep_boot_entry
    [[ $within || $soft ]] && send write_result \
        "{\"partial\":true,\"atex-reboot\":{\"within\":${within:-null},\"soft\":${soft:-null}}}"
    disconnect
    sync
    if [[ $command ]]; then
        bash -c "$command"
    elif [[ $soft ]]; then
        "${as_root[@]}" systemctl soft-reboot
    elif [[ -d /run/systemd/system ]]; then
        "${as_root[@]}" systemctl reboot
    else
        "${as_root[@]}" reboot
    fi || {
        code=$?
        say "could not reboot the system with '${command:-reboot}': exit code $code"
        [[ $place ]] && printf '%s\n' "'${command:-reboot}' ended with exit code $code" >"$place/no-way-down"
        end_test
    }
    exec sleep 100d # the test must not continue before the system is down
}

abort_test() {
    quote "the test called $me"
    send write_result "{\"partial\":true,\"status\":\"error\",\"note\":$quoted}"
    end_test
}

# Waits for other systems of the test: sends a word with the name of a file, which the executor writes as its reply; the
# second argument follows that name. The first line of the reply is "ok" or a reason, the others are values. If the
# variable within is set, it gives up after so many seconds.
ask() {
    local reply=$$.$RANDOM.$(date +%s%N) answer
    [[ $place ]] || die "call it within a running test"
    send write_lines "$1 $reply${2:+ $2}"
    reply=$place/replies/$reply
    until [[ -e $reply ]]; do
        [[ ! $within ]] || ((SECONDS < within)) || die "not within $within s: $2"
        sleep 0.02
    done
    { IFS= read -r answer && cat; } <"$reply"
    rm -f -- "$reply" 2>/dev/null
    [[ $answer == ok ]] || die "$answer"
}

wait_at_barrier() {
    [[ $1 && ${2-0} =~ ^[0-9]{1,4}$ && $# -le 2 ]] || die "$(show_usage)"
    ask "barrier $1 ${2-0}"
}

send_message() {
    local value
    [[ $1 ]] || die "$(show_usage)"
    for value in "${@:2}"; do
        [[ $value =~ ^[A-Za-z_][A-Za-z0-9_]*=[!-~]*$ ]] || die "'$value' is not NAME=VALUE without spaces"
    done
    send write_lines "send $*"
}

wait_for_message() {
    [[ $1 && $# == 1 ]] || die "$(show_usage)"
    ask "wait $1"
}

pass_checkpoint() {
    [[ $1 && $# == 1 ]] || die "$(show_usage)"
    ask "checkpoint $1"
}

is_state() {
    [[ $1 =~ ^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$ ]] || die "'$1' is no name of letters, digits, '.', '_' and '-'"
}

# The states are those of one attempt at a test. Restraint prefixes them with the number of the task, hence the options
# for it.
set_state() {
    local state=
    while (($#)); do
        case $1 in
            -s | --state) state=$2; shift ;;
            --state=*) state=${1#*=} ;;
            -s?*) state=${1#-s} ;;
            -R | -m | -r | -t | --result_server | --machine | --recipesetid | --testorder) shift ;;
            -?*=* | -[Rmrt]?*) ;;
            -*) show_usage; exit 1 ;;
            *) state=${state:-$1} ;;
        esac
        shift
    done
    [[ $state ]] || { show_usage; exit 1; }
    is_state "$state"
    send write_lines "set $state"
}

# A list of systems in one argument is split at spaces, as in restraint.
block_for_states() {
    local state states= systems= any=all within=
    while (($#)); do
        case $1 in
            -s | --state) state=$2; shift ;;
            --state=*) state=${1#*=} ;;
            -s?*) state=${1#-s} ;;
            --any) any=any ;;
            --timeout) within=$2; shift ;;
            --timeout=*) within=${1#*=} ;;
            -r | -t | -R | --retry | --testorder) shift ;;
            -?*=* | -[rtR]?*) ;;
            --) ;;
            -*) show_usage; exit 1 ;;
            *) systems+=" ${1//[[:space:]]/ }" ;;
        esac
        [[ $state ]] && is_state "$state" && states+=,$state
        state=
        shift
    done
    set -f
    set -- $systems
    [[ $states && $# -gt 0 && (! $within || $within =~ ^[0-9]{1,9}$) ]] || { show_usage; exit 1; }
    ask "block $any" "${states#,} $*"
}

# Called by the wrapper when the test has ended. Sends all files below a directory, or the named ones, under a prefix.
hand_over() {
    local path paths file size
    paths=("$1"/*)
    (($# > 2)) && paths=("${@:3}") && paths=("${paths[@]/#/$1/}")
    for path in "${paths[@]}"; do
        if [[ -d $path && ! -L $path ]]; then
            hand_over "$path" "$2${path##*/}/"
        elif [[ -f $path && -r $path ]] && describe "$path" "$2${path##*/}"; then
            send write_result "{\"partial\":true,\"files\":[$file]}" "$path" "$size"
        fi
    done
}

find_place
wrapper= control=
[[ $place ]] && find_wrapper "$place"
case $me in
    *-report-result) report_result "$@" ;;
    *-file-submit | *-report-log | *-submit-log | rhts_submit_log) submit_files "$@" ;;
    *-reboot) reboot_system "$@" ;;
    *-abort) abort_test ;;
    atex-barrier) wait_at_barrier "$@" ;;
    atex-send) send_message "$@" ;;
    atex-wait) wait_for_message "$@" ;;
    atex-checkpoint) pass_checkpoint "$@" ;;
    *sync[-_]set) set_state "$@" ;;
    *sync[-_]block) block_for_states "$@" ;;
    helper)
        shopt -s nullglob dotglob
        case $1 in
            hand-over) hand_over "${@:2}" ;;
            lost)
                quote "$2"
                send write_result "{\"partial\":true,\"status\":\"error\",\"note\":$quoted}"
                ;;
        esac
        ;;
    *) die "no such command" ;;
esac
