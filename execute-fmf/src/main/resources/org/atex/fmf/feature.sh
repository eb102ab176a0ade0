# Enables or disables features of Red Hat Enterprise Linux and CentOS Stream. Other distributions do not have these
# repositories: on them the script changes nothing and prints a message.
#
#   $1 …   epel=enabled, epel=disabled, crb=enabled, crb=disabled, fips=enabled
#
# Exit codes: 0 success, 3 failure, 10 success and the system has to be rebooted.

. /etc/os-release
major=${VERSION_ID%%.*}
as_root=()
((EUID)) && as_root=(sudo -n)
dnf=dnf
command -v dnf >/dev/null || dnf=yum
reboot=

# Enables (1) or disables (0) repositories by name. dnf5, dnf and yum have different commands for it.
set_repositories() {
    local enabled=$1
    shift
    if command -v dnf5 >/dev/null; then
        "${as_root[@]}" dnf5 config-manager setopt "${@/%/.enabled=$enabled}"
        return
    fi
    local option=--set-enabled
    ((enabled)) || option=--set-disabled
    if [[ $dnf == yum ]]; then
        command -v yum-config-manager >/dev/null || "${as_root[@]}" yum install -y yum-utils || return
        "${as_root[@]}" yum-config-manager "${option/set-/}" "$@"
    else
        "${as_root[@]}" dnf config-manager --help >/dev/null 2>&1 ||
            "${as_root[@]}" dnf install -y 'dnf-command(config-manager)' || return
        "${as_root[@]}" dnf config-manager "$option" "$@"
    fi
}

# Sets repositories to the names that match a pattern, without variants for debugging, sources and the like.
find_repositories() {
    repositories=()
    local name
    while read -r name _; do
        [[ $name =~ $1 && ! $name =~ debug|source|eus|virt|rhui|testing ]] && repositories+=("${name%%/*}")
    done < <("$dnf" repolist --all 2>/dev/null || "$dnf" repolist all)
}

set_epel() {
    if [[ $1 == enabled ]] && ! rpm -q --quiet epel-release; then
        "${as_root[@]}" "$dnf" install -y epel-release ||
            "${as_root[@]}" "$dnf" install -y \
                "https://dl.fedoraproject.org/pub/epel/epel-release-latest-$major.noarch.rpm" || return
    fi
    find_repositories '^epel'
    if ((${#repositories[@]})); then
        set_repositories "$([[ $1 == enabled ]] && echo 1 || echo 0)" "${repositories[@]}"
    elif [[ $1 == enabled ]]; then
        echo "the package epel-release did not install a repository"
        return 1
    fi
}

set_crb() {
    find_repositories '([Cc]rb|CRB|[Pp]ower[Tt]ools|codeready)'
    if ((${#repositories[@]} == 0)); then
        echo "there is no repository crb, powertools or codeready"
        [[ $1 == disabled ]]
        return
    fi
    set_repositories "$([[ $1 == enabled ]] && echo 1 || echo 0)" "${repositories[@]}"
}

set_fips() {
    [[ $(</proc/sys/crypto/fips_enabled) == 1 ]] && return
    case $major in
        8 | 9)
            "${as_root[@]}" "$dnf" install -y crypto-policies-scripts dracut-fips grubby &&
                "${as_root[@]}" fips-mode-setup --enable || return
            ;;
        10)
            # A separate /boot must be named on the kernel command line, as the integrity check reads the kernel from
            # it.
            local boot=
            [[ $(stat -c %d /boot) == $(stat -c %d /) ]] || boot=" boot=UUID=$(findmnt -no uuid /boot)"
            "${as_root[@]}" "$dnf" install -y grubby &&
                "${as_root[@]}" grubby --update-kernel=ALL --args="fips=1$boot" &&
                "${as_root[@]}" update-crypto-policies --set FIPS || return
            ;;
        *)
            echo "FIPS mode can be enabled on releases 8, 9 and 10 only, and this is release $major"
            return 1
            ;;
    esac
    reboot=yes
}

for word; do
    case $ID in
        rhel | centos) ;;
        *)
            [[ $word == fips=* ]] && {
                echo "FIPS mode can be enabled on Red Hat Enterprise Linux and CentOS Stream only, and this is $ID"
                exit 3
            }
            echo "$word changes nothing here: it is for Red Hat Enterprise Linux and CentOS Stream, and this is $ID"
            continue
            ;;
    esac
    "set_${word%%=*}" "${word#*=}" || {
        echo "could not set $word"
        exit 3
    }
done
[[ $reboot ]] && exit 10
exit 0
