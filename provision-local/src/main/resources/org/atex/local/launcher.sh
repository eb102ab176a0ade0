# Starts commands for a program, one after the other. Each command is a child of this shell, in a process group of its
# own and in the session of this shell. Needs bash 4.2.
#
# Arguments: the names of variables that bash has added to the environment, and the value of SHLVL to restore.
#
# The first line of output is "ready". A request on standard input is a number of bytes, in 8 digits, followed by a
# script of that length, which runs in a subshell. The script may print the line "started PID". At its end, the line
# "ended CODE" is printed. Output ends if this shell is killed; it ends itself when its input ends.
#
# Variables have a prefix, since a variable of the environment that is set here would be changed for all commands.
# Builtins are called by name, since the environment may contain functions named like them.

builtin exec {__atex_answers}>&1
SHLVL=$2
LC_ALL=C # not exported; reads and parses faster than UTF-8
builtin export -n $1 >/dev/null # without a name, it lists all variables
builtin echo ready >&"$__atex_answers"
while IFS= builtin read -r -N 8 __atex_length && IFS= builtin read -r -N "$__atex_length" __atex_request; do
    builtin set -m # gives the subshell a process group
    (builtin eval "$__atex_request") &
    builtin set +m # else, wait would return when the command is stopped; with -f, bash 5.2 may wait without end
    builtin wait $!
    builtin echo "ended $?" >&"$__atex_answers"
done
