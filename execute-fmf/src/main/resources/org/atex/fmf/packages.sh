# Prints the versions of installed packages.
#
#   $1     the directory that paths are relative to
#   $2 …   package=NAME, where NAME may be the path of a package file; directory=PATH for all package files in a
# directory
#
# Prints one line for each installed package: name, version, repository and digest, separated by tabs. Unknown values
# are empty.

tree=$1
shift
query=
# The last match wins: rpm may also be installed on Alpine or Debian.
command -v rpm >/dev/null && query=rpm
command -v apk >/dev/null && query=apk
dpkg-query -W bash >/dev/null 2>&1 && query=dpkg

# Adds the name of the package in a file.
add_file() {
    local name
    case $query in
        rpm) name=$(rpm -qp --nosignature --qf '%{NAME}' -- "$1") ;;
        dpkg) name=$(dpkg-deb -f "$1" Package) ;;
    esac 2>/dev/null
    [[ $name ]] && names+=("$name")
}

names=()
for word; do
    value=${word#*=}
    case $word in
        package=*://*) add_file "${value##*/}" ;;
        package=*.rpm | package=*.deb)
            [[ $value == /* ]] || value=$tree/$value
            add_file "$value"
            ;;
        package=*) names+=("$value") ;;
        directory=*)
            [[ $value == /* ]] || value=$tree/$value
            for file in "$value"/*.{rpm,deb}; do [[ -e $file ]] && add_file "$file"; done
            ;;
    esac
done
((${#names[@]})) || exit 0

case $query in
    rpm)
        declare -A repositories
        manager=$(command -v dnf5 || command -v dnf) &&
            while IFS=' ' read -r name repository; do
                [[ $name ]] && repositories[$name]=$repository
            done < <("$manager" -C -q repoquery --installed --qf '%{name} %{from_repo}\n' 2>/dev/null </dev/null)
        format='%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}.%{ARCH}\t%|SHA256HEADER?{sha256:%{SHA256HEADER}}:{md5:%{SIGMD5}}|\n'
        for name in "${names[@]}"; do
            rpm -q --qf "$format" -- "$name" || rpm -q --qf "$format" --whatprovides -- "$name"
        done 2>/dev/null | grep -P '^[^\t]+\t[^\t]+\t[^\t]+$' | sort -u | while IFS=$'\t' read -r name version digest; do
            printf '%s\t%s\t%s\t%s\n' "$name" "$version" "${repositories[$name]}" "$digest"
        done
        ;;
    dpkg)
        for name in "${names[@]}"; do
            dpkg-query -W -f '${db:Status-Status}\t${Package}\t${Version}.${Architecture}\t${Version}\n' -- "$name"
        done 2>/dev/null | sort -u | while IFS=$'\t' read -r state name version plain; do
            [[ $state == installed ]] || continue
            repository=$(apt-cache policy -- "$name" 2>/dev/null | grep -A 1 -F ' *** ' | sed -n '2s/^ *[0-9]* *//p')
            digest=$(apt-cache show -- "$name=$plain" 2>/dev/null | sed -n 's/^SHA256: //p' | head -n 1)
            [[ $repository == /var/lib/dpkg/status ]] && repository=
            printf '%s\t%s\t%s\t%s\n' "$name" "$version" "$repository" "${digest:+sha256:$digest}"
        done
        ;;
    apk)
        for name in "${names[@]}"; do
            version=$(apk info -e -v -- "$name" 2>/dev/null) && printf '%s\t%s\t\t\n' "$name" "${version#"$name"-}"
        done
        ;;
esac
exit 0
