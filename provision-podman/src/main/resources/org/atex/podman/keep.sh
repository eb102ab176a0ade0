# The first process of a container that has nothing else to do: keeps it there, takes in orphans as an init does, and ends at
# once when told to. It starts the shell that podman exec would start otherwise, which saves that.
# Arguments: the name of the directory, what all marks begin with, the text of resident.sh.

set -m # or SIGINT would be ignored from here on
if [[ $EUID != 0 ]]; then
    # Other users get other groups from podman exec: it has to start the shell after all.
    mkdir -m 711 "/dev/shm/$1" && : >"/dev/shm/$1/no"
elif (umask 077 && mkdir -m 711 "/dev/shm/$1" && mkfifo "/dev/shm/$1/requests" "/dev/shm/$1/answers"); then
    bash -c "$3" atex-resident "$1" "$2" first <"/dev/shm/$1/requests" >"/dev/shm/$1/answers" 2>/dev/null &
fi
trap 'exit 0' TERM
while :; do
    sleep infinity &
    wait $!
done
