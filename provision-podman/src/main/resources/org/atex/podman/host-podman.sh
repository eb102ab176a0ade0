# Runs podman on a host, without input. If standard input ends, for example because the connection to the host was lost,
# podman is told to terminate; it completes or reverts its current step then.
#
# Podman runs in a session of its own and without the variable by which the processes of a command are found: what it
# leaves running on purpose, such as the network of a container, must not end with this command.

exec 3<&0 </dev/null
unset ATEX_COMMAND
setsid=$(type -P setsid)
$setsid "$@" 3<&- &
podman=$!
{
    read -r -u 3
    kill -TERM "$podman"
} >/dev/null 2>&1 &
watcher=$!
wait "$podman"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
