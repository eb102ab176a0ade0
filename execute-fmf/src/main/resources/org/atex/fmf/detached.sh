# Runs the wrapper of a test so that it goes on when the connection is lost, and follows it. Needs bash 4.2, coreutils,
# setsid.
#
#   $1     "start" starts the wrapper and follows it, "again" follows it; "keep" is for the keeper, which start leaves behind
#   $2     the executor's slot on the system
#   $3     the directory of this run, in that slot
#   $4 $5  how much has been received of the control stream and of the output
#   $6     after how many seconds without a word from the runner the test is ended, and all of it removed
#   $7     how long a file of the spool may be, in bytes
#   $8     the text of the wrapper
#   $9 …   the arguments of the wrapper
#
# Of each stream, the spool holds what the runner does not have for sure, in up to eight files. Each is named after the
# stream and where in it the file begins. The stream waits when there is no room for another.
#
# Standard input begins with the metadata up to a NUL if it is a start; then come words, one a line, for the keeper:
#
#   a C O  so much of the control stream and of the output has arrived
#   d      the system is going down: the test is let go, and its control stream broken
#   k      the test is to be killed
#   x      the same, and nobody reads the rest
#
# Exit codes beside those of the wrapper: 64 and a signal's number if that killed it, 122 there is no such run, 123 the system was restarted, 124 the spool has no room on the
# disk, 125 the keeper was killed.

role=$1 place=$2 run=$2/$3 segment=$7

# Whoever waits at a bell says so first, and only then it is rung: so it never rings so often that it is full.
ring() {
    if [[ -s $run/$1.waits ]]; then
        : >"$run/$1.waits"
        printf . 1<>"$run/$1.bell"
    fi
}
say_waiting() {
    while read -r -t 0 <&"$bell"; do read -r -N 1 _ <&"$bell"; done
    printf 1 >"$run/$1.waits"
}

# Runs dd, which writes to the descriptor $to. Sets copied to how many bytes it copied; fails if it could not write.
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

# Puts standard input into files. The more there is at once, the more of it is taken at once.
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
                kill -0 $$ || exit # the keeper is no more, and nobody makes room
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

# Writes what is in files to a descriptor. Should a bell not ring, or dd be in the midst of many blocks, it looks all the same.
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
            kill -0 $$ || exit # whoever would end this is no more
            printf -v seconds '%d.%03d' $((pause / 1000)) $((pause % 1000))
            read -r -t "$seconds" -N 1 _ <&"$bell"
            ((pause < 3000 && (pause *= 2)))
        fi
    done
}

# Removes the files of which everything has arrived.
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

# Everything that the wrapper starts belongs to it, as nobody else will look for it.
start_wrapper() {
    (
        exec {input}<"$run/life" {life}>&- 9>&- # in this order, as it waits where nobody can write
        bash -c "alone=1"$'\n'"$wrapper" bash "$@" \
            <&"$input" >"$run/control.pipe" 2>"$run/output.pipe" {input}<&- {words}>&-
        printf 'ended %d\n' "$?" >&"$words"
    ) &
    wrapper_group=$!
}

kill_test() {
    if ((!killed)); then
        killed=1
        within=5 deadline=$((SECONDS + 5))
        [[ $down && ! $code ]] && printf k >&"$life"
        exec {life}>&-
    fi
}

# Nobody reads the rest.
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
    set -m # all of these can be killed with what they start
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

    until [[ $code && ${total[control]} && ${total[output]} ]] &&
        ((arrived[control] >= total[control] && arrived[output] >= total[output])); do
        if ! read -r -t "$within" word first second <&"$words"; then
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
                exec {life}>&- # should the wrapper have been killed, this kills the test
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
    rm -rf -- "$run"
    [[ $rest == place ]] && leave_slot "$place"
    printf '%d\n' "${full:-${code:-125}}" >&9
}

start() {
    local metadata
    IFS= read -r -d '' metadata || exit 122
    command -v setsid >/dev/null || {
        echo "the test is to run detached, and the system lacks the program setsid of util-linux" >&2
        exit 120
    }
    mkdir -m 700 -- "$run" && printf '%s' "$metadata" >"$run/metadata" && boot >"$run/boot" &&
        mkfifo -- "$run"/{words,life,gone,{control,output}.{pipe,new.bell,room.bell}} || exit 120
    exec 9<>"$run/gone"
    # Neither its session nor its parents nor the mark of its command are to lead to it.
    (env -u ATEX_COMMAND setsid bash -c "$BASH_EXECUTION_STRING" atex-keeper keep "${@:2}" \
        </dev/null >/dev/null 2>&1 &)
}

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
    [[ $(<"$run/boot") == "$(boot)" ]] || exit 123
    exec 9<>"$run/gone"
fi
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
read -r _ <&"$gone" # until the keeper is no more
kill -KILL $followers
code=${code:-125}
exit $((code > 128 ? code - 64 : code))
