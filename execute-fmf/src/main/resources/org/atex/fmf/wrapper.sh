# Runs one test on a system. Needs bash 4.2 and nothing else.
#
#   $1     the directory to run in
#   $2     what to run
#   $3 …   names of variables that win over those in the plan's environment file
#
# Standard output is the control stream, standard error takes the test's output, and standard input has the test's
# metadata, which goes to the file that TMT_TEST_METADATA names.

directory=$1 text=$2
shift 2

# The test's own output and errors go to one place; the control stream gets a descriptor of its own.
exec {ATEX_TEST_CONTROL}>&1 1>&2
export ATEX_TEST_CONTROL

IFS= read -r -d '' metadata
printf '%s' "$metadata" >"$TMT_TEST_METADATA"
exec </dev/null

# Prepare scripts, and tests before this one, may have added variables for all tests.
if [[ -s $TMT_PLAN_ENVIRONMENT_FILE ]]; then
    declare -A kept
    for name; do kept[$name]=${!name}; done
    set -a
    . "$TMT_PLAN_ENVIRONMENT_FILE"
    set +a
    for name; do export "$name=${kept[$name]}"; done
fi

if cd -- "$directory"; then
    # A process group of its own, so that what the test leaves in the background can be ended with it.
    set -m
    bash -c "set -e -o pipefail
$text" &
    test=$!
    set +m
    wait "$test" 2>/dev/null
    code=$?
    kill -KILL -- "-$test" 2>/dev/null
else
    code=126
fi
printf 'exitcode %d\n' "$code" >&"$ATEX_TEST_CONTROL"
