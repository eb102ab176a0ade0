# Applies Ansible playbooks to the system on which it runs.
#
#   $1     additional arguments of ansible-playbook, as one string with shell quoting
#   $2 …   playbooks: paths, URLs, or names in collections
#
# Must be run in the tree: paths are relative to it. Exit codes: 127 ansible-playbook is missing, 3 a playbook cannot be
# fetched, otherwise that of ansible-playbook.

command -v ansible-playbook >/dev/null || {
    echo "could not run playbooks: the system has no ansible-playbook"
    exit 127
}
set -e
eval "arguments=($1)"
shift
fetch() {
    if command -v curl >/dev/null; then
        curl -fsSL -o "$2" -- "$1"
    elif command -v wget >/dev/null; then
        wget -qO "$2" -- "$1"
    else
        python3 -c 'import sys, urllib.request; urllib.request.urlretrieve(sys.argv[1], sys.argv[2])' "$1" "$2"
    fi
}

become=()
((EUID)) && become=(--become)
for playbook; do
    case $playbook in
        http://* | https://*)
            fetched=$(mktemp --suffix=.yml)
            fetch "$playbook" "$fetched" || {
                echo "could not fetch the playbook $playbook"
                exit 3
            }
            playbook=$fetched
            ;;
        file://*) playbook=./${playbook#file://} ;;
    esac
    [[ $playbook == ./* ]] && playbook=${playbook#./}
    ANSIBLE_NOCOLOR=1 ANSIBLE_RETRY_FILES_ENABLED=0 \
        ansible-playbook -i default-0, -c local "${become[@]}" "${arguments[@]}" "$playbook" </dev/null
done
