# Runs one test on a system. Needs bash 4.2 and coreutils; setsid and grep are of use, and script for tests with a terminal.
#
#   $1     the executor's slot on the system, which holds the helpers
#   $2     the directory to run in
#   $3     what to run
#   $4     "tty" for a terminal
#   $5 …   names of variables that win over those in the plan's environment file
#
# Standard output is the control stream, standard error takes the test's output. Standard input has the test's metadata up
# to a NUL, which goes to the file that TMT_TEST_METADATA names; then it is a lifeline: at its end all of the test is
# killed. A byte on it says that the system is going down, and that nothing is to be killed at its end any more; a second byte
# has all of the test killed even so.
#
# If the variable alone is set, nobody else looks for what the test has left.
#
# Exit codes without a word on the control stream: 120 the system has no room or no right for what a test needs, 121 the
# test cannot be started.

place=$1 directory=$2 text=$3 terminal=$4
shift 4
mark=${place##*/}.$$

# The test's own output and errors go to one place; the control stream and the lifeline get descriptors of their own.
exec {ATEX_TEST_CONTROL}>&1 1>&2 {lifeline}<&0 </dev/null
export ATEX_TEST_CONTROL

IFS= read -r -d '' metadata <&"$lifeline"
printf '%s' "$metadata" >"$TMT_TEST_METADATA" || exit 120
unset metadata
if ((TMT_TEST_RESTART_COUNT == 0)); then
    : >"$place/worst"
    if [[ $BEAKERLIB_DIR == "$place"/* ]]; then
        rm -rf -- "$BEAKERLIB_DIR"
        mkdir -- "$BEAKERLIB_DIR" && ln -s -- "$TMT_TEST_METADATA" "$BEAKERLIB_DIR/metadata.yaml"
    fi
fi

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
    set -- bash -c "set -e -o pipefail"$'\n'"$text"
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

run_test &
test=$!
(
    exec >/dev/null 2>&1 {ATEX_TEST_CONTROL}>&-
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
exec 2>/dev/null
if [[ $cgroup || $alone ]]; then
    end_test
else
    kill -KILL -- "-$test" # whoever started us looks for the rest
fi
printf 'exitcode %d\n' "$code" >&"$ATEX_TEST_CONTROL"
kill -KILL "$watch"
exit 0
