# The first process of a container that has no command of its own. It keeps the container running, reaps orphaned
# processes like an init, and ends at once on SIGTERM. It also starts the resident shell, which saves a run of podman
# exec. Arguments: the name of the directory, the common prefix of all marks, the text of resident.sh.

set -m # without job control, background processes ignore SIGINT
if [[ $EUID != 0 ]]; then
    # podman exec gives users other than root other groups than this process has. The file "no" tells the program to
    # start the shell with podman exec.
    mkdir -m 711 "/dev/shm/$1" && : >"/dev/shm/$1/no"
elif (umask 077 && mkdir -m 711 "/dev/shm/$1" && mkfifo "/dev/shm/$1/requests" "/dev/shm/$1/answers"); then
    bash -c "$3" atex-resident "$1" "$2" first <"/dev/shm/$1/requests" >"/dev/shm/$1/answers" 2>/dev/null &
fi
trap 'exit 0' TERM
while :; do
    sleep infinity &
    wait $! # bash runs a trap only after a foreground command has ended, but at once during wait
done
