# Runs on the host of a container: connects the standard streams of this process to the named pipes of one command in
# the container, and ends with the exit code of the command.
#
# Arguments: the process id of the first process of the container, the name of the directory in its /dev/shm, the common
# prefix of the names of the pipes, and for standard input, output and error 1 if its pipe is used, else 0.
#
# The first line of output is the process id of the command in the container, "ended" if the container has ended, or
# "missing" if there are no pipes. Exit code 255 also means that the end of the command is not known.
#
# A process in the container may have replaced the directory or a pipe by a link. Therefore the parent directory is
# checked after the change to the directory, and dd opens the pipes, since it can refuse links.

shm=/proc/$1/root/dev/shm
pipe=./$3
if [[ ! -d $shm ]]; then
    echo ended
    exit 255
fi
if ! { cd -P "$shm/$2" && [[ .. -ef $shm && -p $pipe.s ]]; } 2>/dev/null; then
    echo missing
    exit 255
fi
exec 7< <(exec dd if="$pipe.s" iflag=nofollow bs=4k status=none 2>/dev/null </dev/null)
read -r process <&7 || exit 255
echo "$process"
# These continue if processes that the command left running hold its streams open. Each holds no stream of another.
if (($6)); then dd if="$pipe.e" iflag=nofollow bs=64k status=none >&2 2>/dev/null </dev/null 7<&- & fi
if (($5)); then dd if="$pipe.o" iflag=nofollow bs=64k status=none 2>/dev/null </dev/null 7<&- & fi
exec >/dev/null 2>&1
if (($4)); then dd of="$pipe.i" oflag=nofollow conv=nocreat,notrunc bs=64k status=none <&0 7<&- & fi
exec </dev/null
read -r code last <&7 || exit 255
# Until its writer has closed it: the next command with this pipe would read the end of this one.
while read -r -t 5 <&7; do :; done
exit "$code"
