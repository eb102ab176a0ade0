# Installs packages that are missing, all in one go, with whatever the system has for that.
#
#   $1     "require", or "recommend" for those that the system may not have, or "look" to install nothing
#   $2 …   names of packages
#
# Prints the names of required packages that are missing afterwards in a last line behind "atex-missing".

kind=$1
shift

is_there() {
    case $query in
        rpm) rpm -q --quiet --whatprovides -- "$1" ;;
        dpkg) dpkg-query -W -f '${db:Status-Status}\n' -- "$1" | grep -qx installed ;;
        apk) apk info -e -- "$1" ;;
    esac >/dev/null 2>&1
}

# Sets missing to those of the arguments that are not installed.
find_missing() {
    missing=()
    local name
    for name; do is_there "$name" || missing+=("$name"); done
}

# A system may have the tools of another, so its own packages decide.
managers=(dnf5 dnf yum apt-get zypper apk)
dpkg-query -W bash >/dev/null 2>&1 && managers=(apt-get dnf5 dnf yum zypper apk)
manager=
for name in "${managers[@]}"; do
    command -v "$name" >/dev/null && manager=$name && break
done
case $manager in
    apt-get) query=dpkg ;;
    apk) query=apk ;;
    '') query=rpm; command -v dpkg-query >/dev/null && query=dpkg ;;
    *) query=rpm ;;
esac

find_missing "$@"
((${#missing[@]})) || exit 0
[[ $kind == look ]] && {
    printf 'atex-missing %s\n' "${missing[*]}"
    exit 3
}
[[ $manager ]] || {
    echo "there is no dnf5, dnf, yum, apt-get, zypper or apk to install anything with"
    [[ $kind == require ]] && printf 'atex-missing %s\n' "${missing[*]}"
    exit 3
}

as_root=()
((EUID)) && as_root=(sudo -n)

install() {
    case $manager,$kind in
        dnf5,recommend) "${as_root[@]}" dnf5 install -y --skip-broken --skip-unavailable -- "$@" ;;
        dnf,recommend | yum,recommend) "${as_root[@]}" "$manager" install -y --skip-broken -- "$@" ;;
        dnf5,* | dnf,* | yum,*) "${as_root[@]}" "$manager" install -y -- "$@" ;;
        apt-get,*) "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -- "$@" ;;
        zypper,recommend) "${as_root[@]}" zypper --non-interactive --ignore-unknown install -- "$@" ;;
        zypper,*) "${as_root[@]}" zypper --non-interactive install -- "$@" ;;
        apk,*) "${as_root[@]}" apk add -- "$@" ;;
    esac
}

refresh() {
    [[ $manager == apt-get ]] && "${as_root[@]}" apt-get update -q
}

# Sets known to those of the missing that the system could install.
find_known() {
    local name
    known=()
    for name in "${missing[@]}"; do
        case $manager in
            apt-get) [[ $(apt-cache policy -- "$name" 2>/dev/null) == *"Candidate: "[^\(]* ]] ;;
            apk) [[ $(apk search -x -- "$name" 2>/dev/null) ]] ;;
        esac && known+=("$name")
    done
}

# These two do not skip by themselves what there is not.
if [[ $kind == recommend && $manager == ap[tk]* ]]; then
    find_known
    # Its lists of packages may be missing, as in containers, or old.
    ((${#known[@]} == ${#missing[@]})) || { refresh && find_known; }
    ((${#known[@]})) || exit 0
    missing=("${known[@]}")
fi

install "${missing[@]}" </dev/null
code=$?
if ((code)) && [[ $kind == require ]]; then
    refresh && install "${missing[@]}" </dev/null
fi
find_missing "$@"
[[ $kind == recommend ]] && exit 0
if ((${#missing[@]})); then
    printf 'atex-missing %s\n' "${missing[*]}"
    exit 3
fi
exit 0
