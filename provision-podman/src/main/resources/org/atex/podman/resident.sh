# Starts commands in a container on request. Commands are children of this shell, so they inherit everything that podman
# gave to it. The shell is started by podman exec, or by the first process of the container, whose environment differs
# only in HOSTNAME.
#
# Arguments: the name of the directory for named pipes, the common prefix of the marks of the connection, and "first" if
# the first process started this shell, or "host" if the program is on another machine than the container.
#
# The first line of output is "ready DIRECTORY". Requests are lines on standard input:
#
#   run BASE BYTES                runs a command: a script of this many bytes follows
#   pipes NUMBER NAME…            creates named pipes
#   drop NUMBER NAME…             removes named pipes
#   renew NUMBER                  creates the directory again after it was removed
#   code NUMBER BASE              answers with the exit code of the command instead of CODE, or with "unknown"; for "host"
#                                 only, and for codes of 128 and more
#   end NUMBER ENVIRON STAT PID   kills all processes that match one of two extended regular expressions, the first for
#                                 /proc/PID/environ, the second for /proc/PID/stat; considers only process ids above PID
#
# All requests except "run" are answered with "done NUMBER CODE". A command reports its end on its status pipe BASE.s.
#
# The directory is in /dev/shm, which does not allow device nodes: a process in the container could otherwise replace a
# pipe by a device, which the program outside would then open.

set -m # without job control, background processes ignore SIGINT, unlike commands of podman exec
dir=/dev/shm/$1
marks=$2
_mode=${3-}

# Removes the variables that bash adds to the environment, unless podman set them.
given=' '
while IFS= read -r -d '' variable; do
    given+="${variable%%=*} "
    [[ $variable != SHLVL=* ]] || SHLVL=${variable#*=} # bash has incremented it
done <"/proc/$([[ $_mode == first ]] && echo 1 || echo $$)/environ"
[[ $_mode != first ]] || unset HOSTNAME
for name in PWD OLDPWD SHLVL; do
    [[ $given == *" $name "* ]] || export -n "$name"
done
original=${LC_ALL-}
[[ $given == *' LC_ALL '* ]] && restore='LC_ALL=$original' || restore='unset LC_ALL'
LC_ALL=C # so that read -N counts bytes, not characters

setsid=$(type -P setsid)
[[ -d $dir && -O $dir ]] || mkdir -m 711 "$dir" || exit # it exists already if a previous shell was killed

# Runs in a subshell of its own, which holds the status pipe open: the program outside sees the end of the pipe even if
# the subshell is killed.
run() {
    # The program waits for the pipe. If it was removed, nothing must be started, and the redirection would make a file.
    [[ -p $dir/$1.s ]] || exit
    # Without standard error: bash writes a line to it when the command ends by a signal, and would get SIGPIPE if the
    # shell was killed before.
    exec 9>"$dir/$1.s" </dev/null >/dev/null 2>&1 || exit
    (
        eval "$restore"
        eval "$2"
    )
    code=$?
    [[ $_mode != host ]] || ((code < 128)) || echo "$code" >"$dir/$1.c"
    last=0
    # The last process id that the kernel assigned. If it is that of the command, the command has started no process.
    { read -r last </proc/sys/kernel/ns_last_pid; } 2>/dev/null
    echo "$code $last" >&9
}

# Sets the variable found to the ids of matching processes.
search() {
    found=
    files=()
    for file in /proc/[0-9]*; do
        p=${file#/proc/}
        ((p <= $3 || p == BASHPID)) || files+=("$file/environ" "$file/stat")
    done
    # In groups, since the length of a command line is limited.
    for ((at = 0; at < ${#files[@]}; at += 8000)); do
        for file in $(grep -lsE -e "$1" -e "$2" "${files[@]:at:8000}"); do
            file=${file#/proc/}
            found+=" ${file%%/*}"
        done
    done
}

# Kills matching processes and searches again, until two searches in a row have found none: a process has no environment
# for a moment during execve, and one search may miss it. Gives up after 300 rounds, since a process in an
# uninterruptible system call does not end.
end() {
    local clean=0
    for ((i = 0; i < 300; i++)); do
        search "$@"
        if [[ $found ]]; then
            clean=0
            kill -9 $found 2>/dev/null
        elif ((++clean == 2)); then
            return 0
        fi
    done
    return 1
}

echo "ready $dir"
while read -r request first rest; do
    case $request in
    run)
        IFS= read -r -N "$rest" script || break
        run "$first" "$script" &
        ;;
    pipes)
        (cd "$dir" && exec mkfifo -m 666 $rest)
        echo "done $first $?"
        ;;
    renew)
        mkdir -m 711 "$dir"
        echo "done $first $?"
        ;;
    drop)
        (cd "$dir" && exec rm -f $rest)
        echo "done $first $?"
        ;;
    code)
        { read -r code <"$dir/$rest.c"; } 2>/dev/null || code=unknown
        echo "done $first $code"
        ;;
    end)
        read -r environ stat after <<<"$rest"
        # In the background, so that other requests are not delayed.
        {
            end "$environ" "$stat" "$after"
            echo "done $first $?"
        } </dev/null &
        ;;
    esac
done
# The input has ended: the connection was closed, or the program has ended or was killed.
end "$marks" '^no-such' 0
rm -rf "$dir"
