# Starts commands for a program, one after the other, by the protocol of launcher.sh. The C library starts a process
# without copying this one first, which takes a fraction of the time that bash needs.
#
# A request consists of fields that end with NUL: the directory or nothing, the files of the standard streams (for error
# output nothing if it goes with the output), the mark of the command, the number of variables, the variables, and the
# arguments. What cannot be started as it is has the answer "refused": bash knows what to do then.
#
# "requests" is the standard input. The argument is the process id of the program.

import os
import sys

base = os.open(".", os.O_PATH)
# The environment of this process may have more variables: Python adds some, and so do version managers.
with open("/proc/%s/environ" % sys.argv[1], "rb") as environ:
    initial = dict(entry.split(b"=", 1) for entry in environ.read().split(b"\0") if b"=" in entry)
READ = os.O_RDONLY
APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND
SIGPIPE, SIGXFSZ = 13, 25  # Python ignores these


def answer(line):
    os.write(1, line.encode() + b"\n")


def program(name, environment):
    if b"/" in name:
        return name
    for directory in environment[b"PATH"].split(b":"):
        path = os.path.join(directory or b".", name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise FileNotFoundError


def enter(directory, environment):
    os.chdir(directory)
    if b"PWD" in environment:
        if b"OLDPWD" in environment:
            environment[b"OLDPWD"] = environment[b"PWD"]
        environment[b"PWD"] = os.getcwdb()


def start(directory, stdin, stdout, stderr, mark, count, *rest):
    environment = dict(initial)
    environment.update(entry.split(b"=", 1) for entry in rest[: int(count)])
    environment[b"ATEX_COMMAND"] = initial.get(b"ATEX_COMMAND", b"") + mark
    arguments = rest[int(count) :]
    streams = [(os.POSIX_SPAWN_OPEN, 0, stdin, READ, 0), (os.POSIX_SPAWN_OPEN, 1, stdout, APPEND, 0o666)]
    if stderr:
        streams.append((os.POSIX_SPAWN_OPEN, 2, stderr, APPEND, 0o666))
    else:
        streams.append((os.POSIX_SPAWN_DUP2, 1, 2))
    try:
        if directory:
            enter(directory, environment)
        return os.posix_spawn(
            program(arguments[0], environment),
            arguments,
            environment,
            file_actions=streams,
            setpgroup=0,
            setsigdef=(SIGPIPE, SIGXFSZ),
        )
    finally:
        if directory:
            os.fchdir(base)


answer("ready")
while len(length := requests.read(8)) == 8:
    fields = requests.read(int(length)).split(b"\0")
    try:
        process = start(*fields[:-1])
    except (OSError, KeyError):
        answer("refused")
        continue
    answer("started %d" % process)
    status = os.waitpid(process, 0)[1]
    answer("ended %d" % (128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)))
