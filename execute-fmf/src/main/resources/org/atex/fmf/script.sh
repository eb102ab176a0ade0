# Runs a script of a plan. Needs bash 4.2 and grep; setsid is of use.
#
#   $1     what to run
#
# Standard output takes what the script and all that it leaves running write. Standard error says "exited CODE left" in one
# line when the script has ended: left is how many processes it left running. Those live until standard input ends.

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

# Sets left to how many processes of the script there are.
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
