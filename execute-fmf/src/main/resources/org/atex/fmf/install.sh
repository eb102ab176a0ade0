# Installs packages that are missing, all in one go, with whatever the system has for that.
#
#   $1     "require", or "recommend" for those that the system may not have
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

query=
if command -v rpm && rpm -q --quiet bash; then
    query=rpm
elif command -v dpkg-query; then
    query=dpkg
elif command -v apk; then
    query=apk
fi >/dev/null 2>&1

find_missing "$@"
((${#missing[@]})) || exit 0

manager=
for name in dnf5 dnf yum apt-get zypper apk; do
    command -v "$name" >/dev/null && manager=$name && break
done
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

# Of recommended packages, those that the system knows of.
if [[ $kind == recommend && $manager == a[pk]* ]]; then
    known=()
    for name in "${missing[@]}"; do
        case $manager in
            apt-get) [[ $(apt-cache policy -- "$name" 2>/dev/null) == *"Candidate: "[^\(]* ]] && known+=("$name") ;;
            apk) [[ $(apk search -x -- "$name" 2>/dev/null) ]] && known+=("$name") ;;
        esac
    done
    ((${#known[@]})) || exit 0
    missing=("${known[@]}")
fi

install "${missing[@]}" </dev/null
code=$?
if ((code)) && [[ $manager == apt-get && $kind == require ]]; then
    # Its lists of packages may be missing, as in containers, or old.
    "${as_root[@]}" apt-get update -q && install "${missing[@]}" </dev/null
    code=$?
fi
find_missing "$@"
[[ $kind == recommend ]] && exit 0
if ((${#missing[@]})); then
    printf 'atex-missing %s\n' "${missing[*]}"
    exit 3
fi
exit 0
