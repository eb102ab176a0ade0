# Installs missing packages in a single transaction, with the package manager of the system.
#
#   $1     "require"; "recommend" to omit packages that are not available; "look" to install nothing
#   $2     the directory that paths are relative to
#   $3 …   package=NAME, where NAME may also be a path, a URL, a glob, a group, or NAME >= VERSION; directory=PATH for
# all
#          package files in a directory; exclude=GLOB; copr=OWNER/PROJECT; again=yes to pass installed packages to the
#          package manager as well
#
# If required packages are missing at the end, the last line is "atex-missing" and their names, and the exit code is 3.

kind=$1 tree=$2
shift 2
copr=() excluded=() directories=() names=() again=
for word; do
    case $word in
        package=*) names+=("${word#*=}") ;;
        directory=*) directories+=("${word#*=}") ;;
        exclude=*) excluded+=("${word#*=}") ;;
        copr=*) copr+=("${word#*=}") ;;
        again=*) again=yes ;;
    esac
done

# Succeeds for a plain name, or the path of an installed file: only these can be looked up in the package database.
is_plain() {
    [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9._+:~-]*$ || $1 == /* && ! $1 =~ \.(rpm|deb|apk)$ ]]
}

is_there() {
    # BeakerLib may be installed without a package.
    [[ $1 == beakerlib && -e /usr/share/beakerlib/beakerlib.sh ]] && return
    case $query in
        rpm) rpm -q --quiet -- "$1" || rpm -q --quiet --whatprovides -- "$1" ;;
        dpkg) dpkg-query -W -f '${db:Status-Status}\n' -- "$1" | grep -qx installed ;;
        apk) apk info -e -- "$1" ;;
    esac >/dev/null 2>&1
}

# Sets missing to the arguments that are not installed, or whose state cannot be looked up.
find_missing() {
    missing=()
    local name
    for name; do
        is_plain "$name" && is_there "$name" || missing+=("$name")
    done
}

missing_at_last() {
    printf 'atex-missing %s\n' "${missing[*]}"
    exit 3
}

is_excluded() {
    local glob
    for glob in "${excluded[@]}"; do [[ $1 == $glob ]] && return; done
    return 1
}

# A system may have package managers of other distributions. On a system whose bash was installed by dpkg, apt-get is
# tried first.
managers=(dnf5 dnf yum apt-get zypper apk)
dpkg-query -W bash >/dev/null 2>&1 && managers=(apt-get dnf5 dnf yum zypper apk)
manager=
for name in "${managers[@]}"; do
    command -v "$name" >/dev/null && manager=$name && break
done
case $manager in
    apt-get) query=dpkg files=deb ;;
    apk) query=apk files=apk ;;
    '') query=rpm files=rpm; command -v dpkg-query >/dev/null && query=dpkg files=deb ;;
    *) query=rpm files=rpm ;;
esac

# Prints the name of the package in a file.
name_of() {
    case $query in
        rpm) rpm -qp --nosignature --qf '%{NAME}' -- "$1" ;;
        dpkg) dpkg-deb -f "$1" Package ;;
        *) basename -- "$1" ;;
    esac 2>/dev/null
}

# Package managers recognise a file by a slash in its name.
wanted=()
for name in "${names[@]}"; do
    [[ $name =~ \.(rpm|deb|apk)$ && $name != /* && $name != *://* && -e $tree/$name ]] && name=$tree/$name
    is_excluded "$name" || wanted+=("$name")
done
for directory in "${directories[@]}"; do
    [[ $directory == /* ]] || directory=$tree/$directory
    [[ -d $directory ]] || {
        echo "there is no directory $directory with packages"
        exit 3
    }
    for name in "$directory"/*."$files"; do
        [[ -e $name ]] && ! is_excluded "$(name_of "$name")" && wanted+=("$name")
    done
done

if [[ $again ]]; then missing=("${wanted[@]}"); else find_missing "${wanted[@]}"; fi
((${#missing[@]} || ${#copr[@]})) || exit 0
[[ $kind == look ]] && missing_at_last
[[ $manager ]] || {
    echo "the system has no package manager: none of dnf5, dnf, yum, apt-get, zypper and apk was found"
    [[ $kind == require ]] && missing_at_last
    exit 3
}

as_root=()
((EUID)) && as_root=(sudo -n)

case $manager in
    dnf* | yum)
        options=(-y)
        for name in "${excluded[@]}"; do options+=("--exclude=$name"); done
        ;;
    *)
        # Requested packages were excluded above. These package managers cannot exclude dependencies.
        ((${#excluded[@]})) && echo "$manager cannot exclude packages that are dependencies of others"
        ;;
esac

if ((${#copr[@]})); then
    case $manager in
        dnf5 | dnf) ;;
        *) echo "a Copr repository needs dnf, and the system has $manager"; exit 3 ;;
    esac
    "${as_root[@]}" "$manager" copr --help >/dev/null 2>&1 </dev/null ||
        "${as_root[@]}" "$manager" install -y 'dnf-command(copr)' </dev/null || exit 3
    for name in "${copr[@]}"; do
        "${as_root[@]}" "$manager" copr enable -y "$name" </dev/null || {
            echo "could not enable the Copr repository $name"
            exit 3
        }
    done
    ((${#missing[@]})) || exit 0
fi

install_names() {
    case $manager,$kind in
        dnf5,recommend) "${as_root[@]}" dnf5 install "${options[@]}" --skip-broken --skip-unavailable -- "$@" ;;
        dnf,recommend | yum,recommend) "${as_root[@]}" "$manager" install "${options[@]}" --skip-broken -- "$@" ;;
        dnf5,* | dnf,* | yum,*) "${as_root[@]}" "$manager" install "${options[@]}" -- "$@" ;;
        apt-get,*) "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -- "$@" ;;
        zypper,recommend) "${as_root[@]}" zypper --non-interactive --ignore-unknown install -- "$@" ;;
        zypper,*) "${as_root[@]}" zypper --non-interactive install --allow-unsigned-rpm -- "$@" ;;
        apk,*) "${as_root[@]}" apk add -- "$@" ;;
    esac
}

# Installs debuginfo packages with a special command, which enables their repositories.
install_symbols() {
    local command=(debuginfo-install)
    case $manager in
        dnf5 | dnf) command=("$manager" debuginfo-install) ;;
        yum) command -v debuginfo-install >/dev/null || "${as_root[@]}" yum install -y yum-utils ;;
        *) install_names "$@"; return ;;
    esac
    "${as_root[@]}" "${command[@]}" "${options[@]}" -- "${@/-debuginfo/}"
}

install() {
    local plain=() symbols=() name code=0
    for name; do
        if [[ $name == *-debuginfo || $name == *-debuginfo.* ]]; then symbols+=("$name"); else plain+=("$name"); fi
    done
    if ((${#plain[@]})); then install_names "${plain[@]}" || code=$?; fi
    if ((${#symbols[@]})); then install_symbols "${symbols[@]}" || code=$?; fi
    return $code
}

refresh() {
    case $manager in
        apt-get) "${as_root[@]}" apt-get update -q ;;
        dnf5 | dnf | yum) "${as_root[@]}" "$manager" makecache -q ;;
        *) return 1 ;;
    esac
}

# Sets known to the missing packages that are available.
find_known() {
    local name
    known=()
    for name in "${missing[@]}"; do
        case $manager in
            apt-get) [[ $(apt-cache policy -- "$name" 2>/dev/null) == *"Candidate: "[^\(]* || $name == /*.deb ]] ;;
            apk) [[ $(apk search -x -- "$name" 2>/dev/null) || $name == /*.apk ]] ;;
        esac && known+=("$name")
    done
}

# apt-get and apk cannot skip unavailable packages.
if [[ $kind == recommend && $manager == ap[tk]* ]]; then
    find_known
    # The package lists may be outdated, or missing as in containers.
    ((${#known[@]} == ${#missing[@]})) || { refresh && find_known; }
    ((${#known[@]})) || exit 0
    missing=("${known[@]}")
fi

install "${missing[@]}" </dev/null
code=$?
# Outdated package lists are a common reason of a failure: refresh them and try once more.
if ((code)) && [[ $kind == require ]]; then
    refresh && { install "${missing[@]}" </dev/null; code=$?; }
fi
[[ $kind == recommend ]] && exit 0

# A package manager that succeeds has installed everything, except yum, which succeeds if one of several packages was
# installed. A failure may have another cause than a missing package, so look at the packages again.
asked=("${missing[@]}")
find_missing "${wanted[@]}"
if ((code == 0)); then
    [[ $manager == yum ]] || exit 0
    for name in "${missing[@]}"; do is_plain "$name" && missing_at_last; done
    exit 0
fi
((${#missing[@]})) && missing_at_last
[[ $again ]] || exit 0
missing=("${asked[@]}")
missing_at_last
