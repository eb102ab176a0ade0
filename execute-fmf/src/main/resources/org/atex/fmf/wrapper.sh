# Runs one test on a system. Needs bash 4.2 and coreutils; setsid and grep are of use, and script for tests with a terminal.
#
#   $1     the executor's slot on the system, which holds the helpers
#   $2     the directory to run in
#   $3     what to run
#   $4     "tty" for a terminal
#   $5     what goes in front of it, such as options for bash
#   $6 …   names of variables that win over those in the plan's environment file
#
# Standard output is the control stream, standard error takes the test's output. Standard input has the test's metadata up
# to a NUL, which goes to the file that TMT_TEST_METADATA names; then it is a lifeline: at its end all of the test is
# killed. A byte on it says that the system is going down, and that nothing is to be killed at its end any more; a second byte
# has all of the test killed even so.
#
# If the variable alone is set, nobody else looks for what the test has left.
#
# Reports that cannot be written to the control stream are left in the slot's spool: SIGUSR1 to the process that the file bell names
# has them passed on, and so has the end of the test. What the test leaves in TMT_TEST_DATA, and BeakerLib's results, are sent as files of the test itself.
#
# Exit codes without a word on the control stream: 119 the test said that the system goes down, and that failed, 120 the system has
# no room or no right for what a test needs, 121 the test cannot be started.

place=$1 directory=$2 text=$3 terminal=$4 before=$5
shift 5
mark=${place##*/}.$$

# The test's own output and errors go to one place; the control stream and the lifeline get descriptors of their own.
# Tests use low numbers for their own files.
for ((ATEX_TEST_CONTROL = 59; ATEX_TEST_CONTROL > 19; ATEX_TEST_CONTROL--)); do
    [[ ! -e /dev/fd/$ATEX_TEST_CONTROL ]] && eval "exec $ATEX_TEST_CONTROL>&1" 2>/dev/null && break
done
exec 1>&2 {lifeline}<&0 </dev/null
export ATEX_TEST_CONTROL
shopt -s nullglob dotglob

# Nothing of the test before may be left there, as it would be taken for this one's. It may also have put links there, which
# must not be followed.
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
# Truncating the file of the test before would make ext4 write it to disk. Overwriting does not; a longer file before is found by
# reading it back.
{
    printf '%s' "$metadata" 1<>"$TMT_TEST_METADATA" && IFS= read -r -d '' stored <"$TMT_TEST_METADATA"
    [[ $stored == "$metadata" ]]
} 2>/dev/null || printf '%s' "$metadata" >"$TMT_TEST_METADATA" || exit 120
unset metadata stored

# By this, helpers find us, and know us from another process of the same number. The file is not truncated, which is slow on
# ext4: who reads it takes as many lines as are written here.
{ read -r -a stat <"/proc/$$/stat"; } 2>/dev/null
printf '%d %s\n%s %d\n%s\n' "$$" "$place/test/data/reboot-request" "${stat[21]}" "$ATEX_TEST_CONTROL" "$ATEX_NO_REBOOT" \
    1<>"$place/test.pid"
export ATEX_TEST_SLOT=$place

# Prepare scripts, and tests before this one, may have added variables for all tests.
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
        echo "the test needs a terminal, and the system lacks the program script of util-linux" >&2
        exit 120
    }
    export TERM=${TERM:-xterm}
    [[ $TERM == dumb ]] && TERM=xterm
fi

# A control group catches whatever the test does to get away. Only root can make one; it serves all tests of the slot.
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

# Sets found to the processes of the test that are left.
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

# Kills until nothing is left, but not for ever: there is no killing what waits for a broken disk.
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

# Passes on the reports that were left in the spool, as one of us.
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

# Bash also answers while it answers.
answer() {
    [[ ! $answering ]] || return
    answering=1
    command -v flock >/dev/null && pass_on
    if [[ -e $place/abort ]]; then
        rm -f -- "$place/abort"
        end_test
    fi
    answering=
}

# Sends what the test has left, unless it is to be started again.
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
# It also answers helpers, and not the process that waits for the test: bash loses the end of a child if a signal comes with it.
(
    exec >/dev/null 2>&1
    trap answer USR1
    read -r -a stat <"/proc/$BASHPID/stat"
    printf '%d %s\n' "$BASHPID" "${stat[21]}" 1<>"$place/bell"
    if IFS= read -r -N 1 _ <&"$lifeline"; then
        IFS= read -r -N 1 _ <&"$lifeline" || exit
    fi
    kill -KILL "$test" # which may not have got so far as to have a group of its own
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
    kill -KILL -- "-$test" # whoever started us looks for the rest
fi
pass_on
hand_over
printf 'exitcode %d\n' "$code" >&"$ATEX_TEST_CONTROL"
kill -KILL "$watch"
exit 0
