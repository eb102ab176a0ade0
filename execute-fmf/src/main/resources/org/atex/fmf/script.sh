# Runs a script of a plan. Needs bash 4.2 and grep; uses setsid if available.
#
#   $1     the text of the script
#
# Standard output is the output of the script and of its background processes. When the script has ended, standard error
# gets the single line "exited CODE COUNT", where COUNT is the number of background processes. They live until the end
# of standard input: then this process ends, and the connection kills all processes of its command.

text=$1
mark=${BASHPID}.$RANDOM.$RANDOM
exec {told}>&2 2>&1 {lifeline}<&0 </dev/null

run_script() {
    exec {told}>&- {lifeline}<&-
    export ATEX_SCRIPT_MARK=$mark
    set -- bash -c "set -e -o pipefail"$'\n'"$text"
    command -v setsid >/dev/null && set -- setsid "$@"
    exec "$@"
}

# Sets left to the number of remaining processes of the script. They are found by a mark in their environment and by
# their session, as a process may leave either, but seldom both.
count_left() {
    local stat line fields ids
    declare -A ids
    while IFS=/ read -r _ _ line _; do
        ids[$line]=1
    done < <(grep -lsxzFe "ATEX_SCRIPT_MARK=$mark" /proc/[0-9]*/environ)
    for stat in /proc/[0-9]*/stat; do
        IFS= read -r line <"$stat" || continue
        fields=(${line##*) })
        [[ ${fields[3]} == "$script" && ${fields[0]} != Z ]] && ids[${line%% *}]=1
    done
    left=${#ids[@]}
} 2>/dev/null

run_script &
script=$!
wait "$script"
code=$?
count_left
printf 'exited %d %d\n' "$code" "$left" >&"$told"
exec >/dev/null 2>&1 {told}>&-
((left)) && IFS= read -r -N 1 _ <&"$lifeline"
exit 0
