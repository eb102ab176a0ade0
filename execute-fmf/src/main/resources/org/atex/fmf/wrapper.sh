# Runs one test on a system. Needs bash 4.2 and coreutils; uses setsid and grep if available, and script for tests with
# a terminal.
#
#   $1     the executor's slot on the system, which has the helpers
#   $2     the working directory of the test
#   $3     the command of the test
#   $4     "tty" for a terminal
#   $5     text before the command, such as options of bash
#   $6 …   names of variables that take precedence over the plan's environment file
#
# Standard output is the control stream, standard error is the output of the test. Standard input begins with the
# metadata of the test up to a NUL byte; they are written to the file that TMT_TEST_METADATA names. The rest of standard
# input is the lifeline: at its end, all processes of the test are killed. A byte on the lifeline announces that the
# system is going down: the end then kills nothing. A second byte kills the test even so.
#
# If the variable $alone is set, no connection looks for leftover processes, and this script must find all of them.
#
# Reports that could not be written to the control stream are in the spool of the slot. They are forwarded on SIGUSR1 to
# the process that the file bell names, and at the end of the test. Files in TMT_TEST_DATA and the results of BeakerLib
# are sent as files of the test itself.
#
# Exit codes if the control stream has no exit code: 119 the test announced a reboot that failed, 120 the system lacks
# space, permissions or a program, 121 the test cannot be started.

place=$1 directory=$2 text=$3 terminal=$4 before=$5
shift 5
mark=${place##*/}.$$

# Output and errors of the test go to standard error; the control stream and the lifeline get descriptors of their own.
# The control stream gets a high number, as tests use low ones for their own files.
for ((ATEX_TEST_CONTROL = 59; ATEX_TEST_CONTROL > 19; ATEX_TEST_CONTROL--)); do
    [[ ! -e /dev/fd/$ATEX_TEST_CONTROL ]] && eval "exec $ATEX_TEST_CONTROL>&1" 2>/dev/null && break
done
exec 1>&2 {lifeline}<&0 </dev/null
export ATEX_TEST_CONTROL
shopt -s nullglob dotglob

# Removes the files of the previous test, which would be attributed to this one. It may have left symbolic links, which
# must not be followed. In the usual case, everything is as it should be and no process is started.
begin() {
    local there=("$place"/{test/*,test/data/*,spool/*,abort*,no-way-down*}) metadata=$place/test/metadata.yaml
    [[ -d $place/test/data && -d $place/spool && ! -L $place/test && ! -L $place/test/data && ! -L $place/spool &&
        ! -L $metadata && (! -e $metadata || -f $metadata) && ${there[*]} == "$place/test/data${there[1]:+ $metadata}" ]] && return
    rm -rf -- "$place"/{test,spool,abort,no-way-down} && mkdir -- "$place"/{test,test/data,spool} || return
    [[ ! -e $place/for-all ]] || chmod 1733 "$place/spool"
}
if ((TMT_TEST_RESTART_COUNT == 0)); then begin || exit 120; fi
restart_on=$ATEX_RESTART_ON
unset ATEX_RESTART_ON

IFS= read -r -d '' metadata <&"$lifeline"
# Overwrite the metadata of the previous test without truncating the file: ext4 flushes a truncated file to disk. If the
# old metadata were longer, reading the file back shows it, and the file is truncated after all.
{
    printf '%s' "$metadata" 1<>"$TMT_TEST_METADATA" && IFS= read -r -d '' stored <"$TMT_TEST_METADATA"
    [[ $stored == "$metadata" ]]
} 2>/dev/null || printf '%s' "$metadata" >"$TMT_TEST_METADATA" || exit 120
unset metadata stored

# Helpers find this process by test.pid, and recognise a later process with the same number by its start time. The file
# is not truncated either: readers read exactly the lines that are written here.
{ read -r -a stat <"/proc/$$/stat"; } 2>/dev/null
printf '%d %s\n%s %d\n%s\n' "$$" "$place/test/data/reboot-request" "${stat[21]}" "$ATEX_TEST_CONTROL" "$ATEX_NO_REBOOT" \
    1<>"$place/test.pid"
export ATEX_TEST_SLOT=$place

# Prepare scripts and previous tests may have added variables for all tests. Variables named in the arguments win.
if [[ -s $TMT_PLAN_ENVIRONMENT_FILE ]]; then
    declare -A kept
    for name; do kept[$name]=${!name}; done
    set -a
    . "$TMT_PLAN_ENVIRONMENT_FILE"
    set +a
    for name; do export "$name=${kept[$name]}"; done
fi
export PATH="$place/bin:$PATH"

cd -- "$directory" || exit 121
if [[ $terminal ]]; then
    command -v script >/dev/null || {
        echo "a test with a terminal needs the program script of util-linux, which the system lacks" >&2
        exit 120
    }
    export TERM=${TERM:-xterm}
    [[ $TERM == dumb ]] && TERM=xterm
fi

# A process cannot leave a control group by changing its session or environment. Only root can create one; it is reused
# by all tests of the slot.
cgroup=
make_cgroup() {
    local line unified= systemd= own name=${place%/*}
    name=${name##*/}.${place##*/}
    while IFS= read -r line; do
        case $line in
            0::/*) unified=/${line#0::/} ;;
            *:name=systemd:/*) systemd=/${line#*:*:/} ;;
        esac
    done
    for own in "/sys/fs/cgroup/unified$unified" "/sys/fs/cgroup$unified" "/sys/fs/cgroup/systemd$systemd"; do
        own=${own%/}
        [[ -w $own/cgroup.procs ]] && mkdir "$own/$name" || continue
        cgroup=$own/$name
        printf '%s\n' "$cgroup" >"$place/cgroup"
        return
    done
} </proc/self/cgroup
if ((EUID == 0)); then
    [[ -r $place/cgroup ]] && IFS= read -r cgroup <"$place/cgroup"
    [[ $cgroup && -d $cgroup ]] || make_cgroup
fi 2>/dev/null

run_test() {
    [[ $cgroup ]] && echo 0 >"$cgroup/cgroup.procs" 2>/dev/null
    exec {lifeline}<&-
    set -- bash -c "$before$text"
    if [[ $terminal ]]; then
        printf -v text ' %q' "$@"
        set -- script -qefc "stty rows 24 cols 80; exec$text" /dev/null
        export SHELL=$BASH
    fi
    export ATEX_TEST_MARK=$mark
    command -v setsid >/dev/null && set -- setsid "$@"
    exec "$@"
}

# Sets found to the remaining processes of the test: those of the control group, or those with the mark in their
# environment and those in the session of the test.
find_left() {
    local stat line fields
    found=()
    if [[ $cgroup ]]; then
        while read -r line; do found+=("$line"); done <"$cgroup/cgroup.procs"
        return
    fi
    while IFS=/ read -r _ _ line _; do
        found+=("$line")
    done < <(grep -lsxzFe "ATEX_TEST_MARK=$mark" /proc/[0-9]*/environ)
    for stat in /proc/[0-9]*/stat; do
        IFS= read -r line <"$stat" || continue
        fields=(${line##*) })
        [[ ${fields[3]} == "$test" && ${fields[0]} != Z ]] && found+=("${line%% *}")
    done
}

# Kills the test until no process is left, as processes may fork while they are killed. Gives up after about 4 seconds:
# a process in uninterruptible sleep cannot be killed.
end_test() {
    local tries
    kill -KILL -- "-$test"
    [[ $cgroup ]] && echo 1 >"$cgroup/cgroup.kill"
    for ((tries = 0; tries < 400; tries++)); do
        find_left
        ((${#found[@]})) || return
        kill -KILL "${found[@]}"
        ((tries < 5)) || sleep 0.01
    done
}

# Forwards reports from the spool, under the same lock as the helpers. The list is read again with the lock: another
# process may have forwarded some of them.
pass_on() {
    local reports lock
    reports=("$place"/spool/[0-9]*)
    ((${#reports[@]})) || return
    exec {lock}>>"$place/lock"
    command -v flock >/dev/null && flock "$lock"
    reports=("$place"/spool/[0-9]*)
    ((${#reports[@]})) && cat -- "${reports[@]}" >&"$ATEX_TEST_CONTROL" && rm -f -- "${reports[@]}"
    exec {lock}>&-
}

# Handles SIGUSR1 of a helper. bash may run the trap again during the trap, hence the guard. Then the first one may have
# looked too early, and looks again.
answer() {
    again=1
    [[ ! $answering ]] || return
    answering=1 again=
    command -v flock >/dev/null && pass_on
    if [[ -e $place/abort ]]; then
        rm -f -- "$place/abort"
        end_test
    fi
    answering=
    [[ ! $again ]] || answer
}

# Waits for a byte of the lifeline; fails at its end. Looks for requests of helpers from time to time as well: bash does
# not notice a signal that arrives just before it blocks.
await_byte() {
    until IFS= read -r -t 5 -N 1 _ <&"$lifeline"; do
        (($? > 128)) || return
        answer
    done
}

# Sends the files of the test, unless it will be started again and may still add to them.
hand_over() {
    local data=() lost=("$place"/spool/{new.,[0-9]}*)
    [[ -L $place/test || -L $place/test/data ]] || data=("$place/test/data"/*)
    ((${#lost[@]})) && "$place/bin/helper" lost "a report of the test could not be delivered"
    [[ " $restart_on " == *" $code "* ]] && return
    [[ -e $place/test/TestResults ]] && "$place/bin/helper" hand-over "$place/test" "" TestResults journal.txt
    ((${#data[@]})) && "$place/bin/helper" hand-over "$place/test/data" data/
}

run_test &
test=$!
# A separate process watches the lifeline and handles the signals of helpers. The process that waits for the test must
# not: bash loses the exit code of a child if a signal arrives at the same time.
(
    exec >/dev/null 2>&1
    trap answer USR1
    read -r -a stat <"/proc/$BASHPID/stat"
    printf '%d %s\n' "$BASHPID" "${stat[21]}" 1<>"$place/bell"
    answer # to helpers that came before the bell
    if await_byte; then
        await_byte || exit
    fi
    kill -KILL "$test" # the test may not have its own process group yet
    end_test
) &
watch=$!
disown "$watch"
exec {lifeline}<&-

wait "$test" 2>/dev/null
code=$?
if [[ -s $place/no-way-down ]]; then
    cat -- "$place/no-way-down" >&2
    end_test 2>/dev/null
    exit 119
fi
exec 2>/dev/null
if [[ $cgroup || $alone ]]; then
    end_test
else
    kill -KILL -- "-$test" # the connection that started this command kills the rest
fi
pass_on
hand_over
printf 'exitcode %d\n' "$code" >&"$ATEX_TEST_CONTROL"
kill -KILL "$watch"
exit 0
