#!/bin/bash
# Removes from a machine of Testing Farm what the service, Beaker and tmt have added to its image: with
# `examples/farm reserve --script examples/clean-machine.sh`, or in the set-up of an executor. Needs root. A step that
# does not apply to the distribution is skipped, one that fails is named at the end.

failed=()
step() {
    local name=$1
    shift
    echo "== $name"
    "$@" || failed+=("$name")
}

reservation_stays() {
    # The reserve test ends the reservation at its own time, unless this file exists.
    touch /var/tmp/.testing-farm-keep
}

tools() {
    rm -f /usr/local/bin/{tmt,rstrnt,rhts}-* /root/.reserved-until
    : >/etc/motd
}

repositories() {
    rm -f /etc/yum.repos.d/{tag-repository,beaker-,rcmtools,rcm-tools,qa-tools}*.repo \
        /etc/yum.repos.d/*beakerlib*.repo
}

# Packages that come from a repository that the image does not have.
foreign_packages() {
    dnf -q list --installed 2>/dev/null |
        awk '$3 ~ /^@(koji-override|testing-farm|epel|beaker|copr:|rcm)/ { print $1 }'
}

packages() {
    local names
    mapfile -t names < <(foreign_packages)
    ((${#names[@]})) || return 0
    dnf -y downgrade --skip-broken "${names[@]}" || true
    mapfile -t names < <(foreign_packages)
    ((${#names[@]})) || return 0
    dnf -y remove --noautoremove "${names[@]}"
}

mounts() {
    local mount
    while read -r mount; do
        umount -f "$mount" || return
    done < <(awk '$2 ~ /^\/mnt\// { print $2 }' /proc/mounts)
    sed -i '\|^[^#][^ \t]*[ \t][ \t]*/mnt/|d' /etc/fstab
    if [[ -e /usr/lib/tmpfiles.d/restraint.conf ]]; then
        # An empty file of the same name hides it, so that a reboot does not create its directories again.
        : >/etc/tmpfiles.d/restraint.conf
    fi
}

step "keep the reservation" reservation_stays
step "tools of tmt, restraint and Beaker" tools
if command -v dnf >/dev/null && [[ ! -e /run/ostree-booted ]]; then
    step "repositories" repositories
    step "packages of these repositories" packages
fi
step "mounts" mounts

if ((${#failed[@]})); then
    printf 'failed: %s\n' "${failed[@]}" >&2
    exit 1
fi
