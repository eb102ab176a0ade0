# Runs podman on a host, without input. The first line of standard input starts it: a script whose caller was interrupted
# meanwhile starts nothing. If standard input ends, for example because the connection to the host was lost, podman is told
# to terminate; it completes or reverts its current step then. It is killed if it takes longer than $1 seconds.
#
# Podman runs in a session of its own and without the variable by which the processes of a command are found: what it
# leaves running on purpose, such as the network of a container, must not end with this command.

seconds=$1
shift
exec 3<&0 </dev/null
read -r -u 3 || exit
unset ATEX_COMMAND
setsid=$(type -P setsid)
$setsid "$@" 3<&- &
podman=$!
{
    read -r -u 3
    kill -TERM "$podman"
    read -r -t "$seconds" <> <(:) # a pause without a process that would outlive the script
    kill -KILL "$podman"
} >/dev/null 2>&1 &
watcher=$!
wait "$podman"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
