# Applies Ansible playbooks to the system on which it runs.
#
#   $1     further arguments of ansible-playbook, as a shell takes them apart
#   $2 …   playbooks: paths, URLs, or names in collections
#
# Runs in the tree that paths are relative to.

command -v ansible-playbook >/dev/null || {
    echo "there is no ansible-playbook on the system"
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
                echo "the playbook $playbook cannot be fetched"
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
