# Runs the wrapper of a test so that it survives the loss of the connection. Needs bash 4.2, coreutils and setsid.
#
#   $1     "start" starts the wrapper and follows it, "again" follows a running one; "keep" is used internally
#   $2     the executor's slot on the system
#   $3     the name of the directory of this run, in the slot
#   $4 $5  the number of bytes that the runner has received of the control stream and of the output
#   $6     the number of seconds without a message from the runner after which the test is killed and removed
#   $7     the maximum size of a spool file in bytes
#   $8     the text of the wrapper
#   $9 …   the arguments of the wrapper
#
# There are two kinds of processes. The keeper runs in a session of its own, owns the wrapper and spools its streams. A
# follower runs under each connection; it copies the spool to its standard output (control stream) and standard error
# (output), and relays messages from its standard input to the keeper.
#
# The spool has the bytes of each stream that the runner has not acknowledged, in up to eight files. Each file is named
# STREAM.OFFSET after the position of its first byte. A stream blocks when all eight files are full.
#
# Standard input of a start begins with the metadata up to a NUL byte. Then, and for "again" from the beginning, it has
# one message a line:
#
#   a C O  acknowledges C bytes of the control stream and O bytes of the output; also serves as heartbeat
#   d      the system is going down: releases the test and closes its control stream
#   k      kills the test
#   x      kills the test and discards the rest of its streams
#
# The keeper also receives "end STREAM BYTES", "ended CODE" and "full" from its own processes on the same FIFO. Each
# message is shorter than PIPE_BUF, so messages of several writers are not mixed.
#
# Exit codes in addition to those of the wrapper: 64 + signal if a signal killed the wrapper, 122 there is no such run,
# 123 the system was restarted, 124 the disk has no space for the spool, 125 the keeper was killed.

role=$1 place=$2 run=$2/$3 segment=$7

# Wakes a process that waits at a bell, which is a FIFO. A waiting process announces this in the .waits file first, and
# only then a byte is written: an unread bell would fill its pipe and block the writer.
ring() {
    if [[ -s $run/$1.waits ]]; then
        : >"$run/$1.waits"
        printf . 1<>"$run/$1.bell"
    fi
}
# Empties a bell and announces that this process waits for it. Call it before the condition is checked: a change after
# the check then rings the bell.
say_waiting() {
    while read -r -t 0 <&"$bell"; do read -r -N 1 _ <&"$bell"; done
    printf 1 >"$run/$1.waits"
}

# Copies with dd to the descriptor $to. Sets copied to the number of bytes; fails if they could not be written. bash
# cannot copy binary data by itself, and dd reports the number of bytes.
copy() {
    local report failed
    report=$(LC_ALL=C dd bs=64k "$@" 2>&1 >&"$to")
    failed=$?
    report=${report##*$'\n'}
    copied=${report%% *}
    [[ $copied && $copied != *[!0-9]* ]] || copied=0
    return "$failed"
}

has_room() {
    set -- "$run/$1".[0-9]*
    (($# < 8))
}

# Writes standard input to spool files. A full block suggests that more data is waiting, so the next dd copies up to 16
# blocks; after a short read it copies a single one, to pass small pieces on at once.
spool() {
    local total=0 begin=0 blocks=1 many=$((segment / 65536)) bell to copied
    ((many > 16)) && many=16
    exec {bell}<>"$run/$1.room.bell"
    while exec {to}>>"$run/$1.$begin"; do
        copy count="$blocks" || printf 'full\n' >&"$words"
        exec {to}>&-
        ((copied)) || break
        ((total += copied))
        ring "$1.new"
        ((blocks = copied == blocks * 65536 ? many : 1))
        if ((total - begin + blocks * 65536 > segment)); then
            until has_room "$1"; do
                kill -0 $$ || exit # without the keeper, no file is ever removed
                say_waiting "$1.room"
                has_room "$1" || read -r -t 5 -N 1 _ <&"$bell"
            done
            begin=$total
        fi
    done
    printf '%d\n' "$total" >"$run/$1.end"
    ring "$1.new"
    printf 'end %s %d\n' "$1" "$total" >&"$words"
}

# Writes the spool files of a stream to a descriptor, starting at an offset. Polls with growing pauses in addition to
# the bell: the bell does not ring while dd is in the middle of several blocks.
follow() {
    local at=$2 to=$3 begin=0 pause=50 seconds bell file total copied
    exec {bell}<>"$run/$1.new.bell"
    for file in "$run/$1".[0-9]*; do
        file=${file##*.}
        ((file <= at && file > begin)) && begin=$file
    done
    while :; do
        say_waiting "$1.new"
        copied=0
        [[ -s $run/$1.$begin ]] && copy iflag=skip_bytes skip=$((at - begin)) if="$run/$1.$begin"
        if ((copied)); then
            ((at += copied))
            pause=50
        elif ((at > begin)) && [[ -e $run/$1.$at ]]; then
            begin=$at
        elif [[ -s $run/$1.end ]] && read -r total <"$run/$1.end" && ((at >= total)); then
            return
        else
            kill -0 $$ || exit # the process that would kill this one has ended
            printf -v seconds '%d.%03d' $((pause / 1000)) $((pause % 1000))
            read -r -t "$seconds" -N 1 _ <&"$bell"
            ((pause < 3000 && (pause *= 2)))
        fi
    done
}

# Records an acknowledgement and removes spool files that were acknowledged completely.
received() {
    local file begin=0 all=()
    arrived[$1]=$2
    for file in "$run/$1".[0-9]*; do
        file=${file##*.}
        ((file <= $2 && file > begin)) && begin=$file
    done
    for file in "$run/$1".[0-9]*; do
        ((${file##*.} < begin)) && all+=("$file")
    done
    if ((${#all[@]})); then
        rm -f -- "${all[@]}"
        ring "$1.room"
    fi
}

# Starts the wrapper with the variable $alone set: there is no other process that looks for leftover processes of the test.
start_wrapper() {
    (
        # Open the FIFO before closing $life: opening it for reading blocks while there is no writer.
        exec {input}<"$run/life" {life}>&- 9>&-
        bash -c "alone=1"$'\n'"$wrapper" bash "$@" \
            <&"$input" >"$run/control.pipe" 2>"$run/output.pipe" {input}<&- {words}>&-
        printf 'ended %d\n' "$?" >&"$words"
    ) &
    wrapper_group=$!
}

# Ends the lifeline, at which the wrapper kills the test. A released test is killed by a second byte. The keeper waits
# at most 5 seconds for that.
kill_test() {
    if ((!killed)); then
        killed=1
        within=5 deadline=$((SECONDS + 5))
        [[ $down && ! $code ]] && printf k >&"$life"
        exec {life}>&-
    fi
}

# Kills the test and discards its streams: the runner does not come back.
forsake() {
    kill -KILL -- "-$control_group" "-$output_group"
    total=([control]=0 [output]=0)
    kill_test
}

keep() {
    local word first second wrapper=$1 within=$2 code='' killed=0 down='' full='' rest='' deadline='' cgroup
    local life words control_group output_group wrapper_group metadata
    local -A arrived=([control]=0 [output]=0) total=()
    shift 2
    set -m # each background job gets a process group, and can be killed together with its children
    exec {words}<>"$run/words"
    printf '%d\n' "$$" >"$run/keeper"
    spool control <"$run/control.pipe" 9>&- &
    control_group=$!
    spool output <"$run/output.pipe" 9>&- &
    output_group=$!
    exec {life}<>"$run/life"
    start_wrapper "$@"
    IFS= read -r -d '' metadata <"$run/metadata"
    printf '%s\0' "$metadata" >&"$life"
    trap '' PIPE

    # The run is complete when the wrapper has ended and the runner has acknowledged all bytes of both streams.
    until [[ $code && ${total[control]} && ${total[output]} ]] &&
        ((arrived[control] >= total[control] && arrived[output] >= total[output])); do
        if ! read -r -t "$within" word first second <&"$words"; then
            # No message for $within seconds: the runner is gone. Remove the slot as well.
            ((killed)) && break
            forsake
            rest=place
            continue
        fi
        case $word in
            a)
                received control "$first"
                received output "$second"
                ;;
            d)
                # Killing the spool process breaks the pipe of the test, which is the acknowledgement for the test. The
                # message is repeated after a reconnect.
                [[ $down ]] || kill -KILL -- "-$control_group"
                ((killed)) || [[ $down ]] || printf d >&"$life"
                down=1 total[control]=0
                echo 0 >"$run/control.end"
                ring control.new
                ;;
            k) kill_test ;;
            x) forsake ;;
            end) [[ $first == control && $down ]] || total[$first]=$second ;;
            ended)
                code=$first
                exec {life}>&- # if the wrapper was killed, its watching process now kills the test
                ;;
            full)
                full=124
                kill_test
                ;;
        esac
        [[ $deadline ]] && ((SECONDS >= deadline)) && break
    done
    kill -KILL -- "-$wrapper_group" "-$control_group" "-$output_group"
    [[ ! $code && -r $place/cgroup ]] && read -r cgroup <"$place/cgroup" && echo 1 >"$cgroup/cgroup.kill"
    # Remove the run before the exit code is reported: the slot may be reused or removed right after that.
    rm -rf -- "$run"
    [[ $rest == place ]] && leave_slot "$place"
    printf '%d\n' "${full:-${code:-125}}" >&9
}

start() {
    local metadata
    IFS= read -r -d '' metadata || exit 122
    command -v setsid >/dev/null || {
        echo "detached tests need the program setsid of util-linux, which the system lacks" >&2
        exit 120
    }
    mkdir -m 700 -- "$run" && printf '%s' "$metadata" >"$run/metadata" && boot >"$run/boot" &&
        mkfifo -- "$run"/{words,life,gone,{control,output}.{pipe,new.bell,room.bell}} || exit 120
    exec 9<>"$run/gone"
    # The connection finds the processes of a command by session, parent and a mark in the environment, and kills them
    # at its end. The keeper must be found by none of them.
    (env -u ATEX_COMMAND setsid bash -c "$BASH_EXECUTION_STRING" atex-keeper keep "${@:2}" \
        </dev/null >/dev/null 2>&1 &)
}

# Relays messages from standard input to the keeper, line by line.
relay() {
    local line
    while IFS= read -r line; do printf '%s\n' "$line" >&"$words"; done
}

if [[ $role == keep ]]; then
    wrapper=$8 grace=$6
    shift 8
    keep "$wrapper" "$grace" "$@"
    exit
fi
if [[ $role == start ]]; then
    start "$@"
else
    [[ -p $run/gone ]] || exit 122
    # After a restart the directory may still exist, but its processes do not.
    [[ $(<"$run/boot") == "$(boot)" ]] || exit 123
    exec 9<>"$run/gone"
fi
# The keeper holds descriptor 9, the write end of "gone". Reading from it returns the exit code, or ends when the keeper
# dies.
exec {gone}<"$run/gone" 9>&- {words}<>"$run/words" {input}<&0 {control}>&1 {output}>&2 >/dev/null 2>&1
follow control "$4" "$control" &
followers=$!
follow output "$5" "$output" &
followers+=" $!"
relay <&"$input" &
followers+=" $!"
exec {control}>&- {output}>&-
code=125
read -r code <&"$gone"
read -r _ <&"$gone" # blocks until the keeper has ended
kill -KILL $followers
code=${code:-125}
# Codes above 128 would look like a signal that killed this process.
exit $((code > 128 ? code - 64 : code))
