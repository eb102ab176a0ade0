# Reports results on the control stream; source it.
#
#   report STATUS [NAME [NOTE [FILE …]]]    an empty NAME is the test itself; files are uploaded under their own names

# A length on the control stream counts bytes.
LC_ALL=C

quote() {
    local text=${1//\\/\\\\}
    text=${text//\"/\\\"}
    text=${text//$'\n'/\\n}
    printf '"%s"' "${text//$'\t'/\\t}"
}

report() {
    local status=$1 name=${2-} note=${3-} json files= file
    shift $(($# < 3 ? $# : 3))
    json="{\"status\":$(quote "$status")"
    [[ -z $name ]] || json+=",\"name\":$(quote "$name")"
    [[ -z $note ]] || json+=",\"note\":$(quote "$note")"
    for file; do
        files+=",{\"name\":$(quote "${file##*/}"),\"length\":$(($(wc -c <"$file")))}"
    done
    json+="${files:+,\"files\":[${files#,}]}}"
    {
        printf 'result %d\n%s' "${#json}" "$json"
        (($# == 0)) || cat -- "$@"
    } >&"$ATEX_TEST_CONTROL"
}
