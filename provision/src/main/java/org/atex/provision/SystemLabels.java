package org.atex.provision;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.atex.api.Capability;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;

/**
 * Reads the labels of a system from the system itself.
 *
 * {@snippet :
 * Remote machine = PlainRemote.builder("machine-1", connection)
 *         .labels(SystemLabels.of(connection))
 *         .label(Capability.REBOOT, "yes")
 *         .build();
 * }
 */
public final class SystemLabels {
    private static final List<String> NAMES = List.of(
            Capability.ARCH,
            Capability.DISTRO,
            Capability.DISTRO_VERSION,
            Capability.MEMORY,
            Capability.CPUS,
            Capability.ROOT,
            Capability.SYSTEMD,
            Capability.VIRTUALIZATION);

    // One line for each name. The control group of a container, of version 2 or 1, may allow less memory and processor
    // time than the machine has. Builtins where possible, as provisioners run this for each system.
    private static final Command QUERY = Command.bash("""
            yes() { if "$@"; then echo yes; else echo no; fi; }
            {
                uname -m
                . /etc/os-release
                echo "$ID${VERSION_ID:+-$VERSION_ID}"
                echo "$VERSION_ID"
                while read -r name memory _; do [[ $name == MemTotal: ]] && break; done </proc/meminfo
                group=/sys/fs/cgroup
                read -r limit <$group/memory.max || read -r limit <$group/memory/memory.limit_in_bytes
                [[ $limit =~ ^[0-9]+$ ]] && ((limit / 1024 < memory)) && memory=$((limit / 1024))
                echo "${memory:+$((memory / 1024)) MiB}"
                cpus=$(nproc)
                read -r quota period <$group/cpu.max ||
                    { read -r quota <$group/cpu/cpu.cfs_quota_us && read -r period <$group/cpu/cpu.cfs_period_us; }
                [[ $quota =~ ^[1-9][0-9]*$ ]] && limit=$(((quota + period - 1) / period)) && ((limit < cpus)) &&
                    cpus=$limit
                echo "$cpus"
                yes test "$EUID" = 0
                yes test -d /run/systemd/system
                yes test -w /dev/kvm
            } 2>/dev/null
            """);

    private SystemLabels() {}

    /**
     * Reads the labels {@link Capability#ARCH}, {@link Capability#DISTRO}, {@link Capability#DISTRO_VERSION}, {@link
     * Capability#MEMORY}, {@link Capability#CPUS}, {@link Capability#ROOT}, {@link Capability#SYSTEMD} and {@link
     * Capability#VIRTUALIZATION} with one command. Labels that the system does not know are missing; without bash, all
     * are.
     *
     * @param connection a connection to the system
     * @return the labels
     * @throws ConnectionLostException if the connection is lost
     * @throws InterruptedException if interrupted
     */
    public static Map<String, String> of(Connection connection) throws InterruptedException {
        String[] lines = connection.run(QUERY).stdout().split("\n", -1);
        Map<String, String> labels = new HashMap<>();
        for (int i = 0; i < NAMES.size() && lines.length > NAMES.size(); i++) {
            if (!lines[i].isEmpty()) {
                labels.put(NAMES.get(i), lines[i]);
            }
        }
        return Map.copyOf(labels);
    }
}
