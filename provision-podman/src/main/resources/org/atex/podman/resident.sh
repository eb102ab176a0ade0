# Runs in a container, as podman exec starts it, and starts commands on request: they inherit what podman gave to this shell.
# Or as a child of the container's first process, which podman gives the same, but for HOSTNAME in its environment.
#
# Arguments: the name of its directory, what all marks of its connection begin with, and "first" if the first process started
# it. Requests come line by line:
#
#   run BASE BYTES                runs a command: so many bytes of script follow
#   pipes NUMBER NAME…            makes named pipes
#   drop NUMBER NAME…             removes them
#   renew NUMBER                  makes the directory again, which somebody has removed
#   end NUMBER ENVIRON STAT PID   ends all processes that match one of two extended regular expressions, one for environments,
#                                 one for /proc/PID/stat; looks only at processes after PID
#
# All but "run" are answered by "done NUMBER CODE".
#
# In /dev/shm, where no device can be made that this machine's side would then open.

set -m # jobs of a shell with job control do not ignore SIGINT, and podman exec's commands do not either
dir=/dev/shm/$1
marks=$2

# What bash adds to the environment goes, unless podman gave it.
given=' '
while IFS= read -r -d '' variable; do
    given+="${variable%%=*} "
    [[ $variable != SHLVL=* ]] || SHLVL=${variable#*=} # one more than it was
done <"/proc/$([[ ${3-} == first ]] && echo 1 || echo $$)/environ"
[[ ${3-} != first ]] || unset HOSTNAME
for name in PWD OLDPWD SHLVL; do
    [[ $given == *" $name "* ]] || export -n "$name"
done
original=${LC_ALL-}
[[ $given == *' LC_ALL '* ]] && restore='LC_ALL=$original' || restore='unset LC_ALL'
LC_ALL=C # so that bytes are counted

setsid=$(type -P setsid)
[[ -d $dir && -O $dir ]] || mkdir -m 711 "$dir" || exit # there already if a shell before this one was killed

# In a shell of its own: keeps the pipe for the status, so that the other side sees the end of it whatever happens.
run() {
    exec 9>"$dir/$1.s" </dev/null >/dev/null || exit
    (
        eval "$restore"
        eval "$2"
    ) 2>/dev/null
    code=$?
    last=0
    # One number after the command's own, and it started nothing that could be left.
    { read -r last </proc/sys/kernel/ns_last_pid; } 2>/dev/null
    echo "$code $last" >&9
}

look() {
    found=
    files=()
    for file in /proc/[0-9]*; do
        p=${file#/proc/}
        ((p <= $3 || p == BASHPID)) || files+=("$file/environ" "$file/stat")
    done
    # No more at once than fit into a command line.
    for ((at = 0; at < ${#files[@]}; at += 8000)); do
        for file in $(grep -lsE -e "$1" -e "$2" "${files[@]:at:8000}"); do
            file=${file#/proc/}
            found+=" ${file%%/*}"
        done
    done
}

# No longer than a process can take to die, for one that nothing can end.
end() {
    for ((i = 0; i < 300; i++)); do
        look "$@"
        [[ $found ]] || return 0
        kill -9 $found 2>/dev/null
    done
    return 1
}

echo "ready $dir"
while read -r what first rest; do
    case $what in
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
    end)
        read -r environ stat after <<<"$rest"
        {
            end "$environ" "$stat" "$after"
            echo "done $first $?"
        } </dev/null &
        ;;
    esac
done
end "$marks" '^no-such' 0
rm -rf "$dir"
