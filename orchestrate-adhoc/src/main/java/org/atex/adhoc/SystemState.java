package org.atex.adhoc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;

/**
 * What a test may have changed on a system: installed packages, failed units, mounts, listening sockets, kernel
 * parameters, the taint of the kernel, and used disk space.
 *
 * {@snippet :
 * SystemState before = SystemState.of(connection);
 * connection.run(Command.bash("dnf -y install tree"));
 * before.changesTo(SystemState.of(connection)).forEach(System.out::println); // package tree was added …
 * }
 *
 * <p>One command reads all of it, in less than 300 ms on a usual system. What the system does not have or does not let
 * the user read is left out. Files are not compared, apart from the used space.
 *
 * <p>Immutable and thread-safe.
 */
public final class SystemState {
    private static final long DISK_THRESHOLD_MIB = 256;
    private static final String DISK = "disk";

    /** A function for bash that prints a line for each package. */
    static final String PACKAGES = """
            packages() {
                dpkg-query -W -f 'package\\t${Package}:${Architecture}\\t${Version}\\n'
                rpm -qa --qf 'package\\t%{NAME}.%{ARCH}\\t%{VERSION}-%{RELEASE}\\n'
            }
            """;

    // One line for each item: kind, name and value, separated by tabs. Without kernel parameters that change by
    // themselves, or with the network interfaces of others.
    private static final Command QUERY = Command.bash(PACKAGES + """
            export LC_ALL=C
            {
                packages
                if [ -d /run/systemd/system ]; then
                    systemctl list-units --failed --plain --no-legend |
                        while read -r unit _; do printf 'failed unit\\t%s\\t\\n' "$unit"; done
                fi
                while read -r _ _ _ _ point _ rest; do
                    case $point in /run/user/*) continue ;; esac
                    read -r type source _ <<<"${rest#*- }"
                    printf 'mount\\t%s\\t%s %s\\n' "$point" "$type" "$source"
                done </proc/self/mountinfo
                for protocol in tcp tcp6 udp udp6; do
                    { read -r _; while read -r _ address _ state _; do
                        port=$((16#${address##*:}))
                        case $protocol$state in
                            tcp*0A) printf 'listener\\t%s port %s\\t\\n' "${protocol%6}" "$port" ;;
                            udp*07) ((port < 32768)) && printf 'listener\\t%s port %s\\t\\n' "${protocol%6}" "$port" ;;
                        esac
                    done; } </proc/net/$protocol
                done
                # sysctl would also visit the directories of all network interfaces, which may be thousands.
                parameters=$(cd /proc/sys && grep -s -d skip --exclude=stat_refresh . {fs,kernel,vm}/* net/ipv4/* \\
                    net/ipv[46]/conf/{all,default}/*)
                while IFS= read -r line; do
                    case $line in
                        kernel/ns_last_pid* | kernel/perf_event_max_sample_rate* | kernel/tainted* | fs/dentry-state* | \\
                        fs/file-nr* | fs/inode-* | fs/aio-nr* | vm/drop_caches*) ;;
                        *) printf 'sysctl\\t%s\\t%s\\n' "${line%%:*}" "${line#*:}" ;;
                    esac
                done <<<"$parameters" # reads from a pipe byte by byte
                read -r tainted </proc/sys/kernel/tainted && printf 'kernel\\ttaint\\t%s\\n' "$tainted"
                declare -A seen=()
                df -P -m -x tmpfs -x devtmpfs -x squashfs | { read -r _; while read -r device _ used _ _ point; do
                    # A bind mount shows its file system once more.
                    [ ! -d "$point" ] || [ "${seen[$device]}" ] || printf 'disk\\t%s\\t%s\\n' "$point" "$used"
                    seen[$device]=1
                done; }
            } 2>/dev/null
            echo end
            """);

    /** The values by kind and name. */
    private final Map<String, String> items = new TreeMap<>();

    private SystemState(String text) {
        for (String line : text.split("\n", -1)) {
            String[] parts = line.split("\t", -1);
            if (parts.length == 3) {
                items.put(parts[0] + " " + parts[1], parts[2]);
            }
        }
    }

    /**
     * Reads the state of a system.
     *
     * @param connection a connection to the system, which needs bash
     * @return the state
     * @throws ConnectionLostException if the connection is lost
     * @throws IllegalStateException if the state cannot be read
     * @throws InterruptedException if interrupted
     */
    public static SystemState of(Connection connection) throws InterruptedException {
        CommandResult result = connection.run(QUERY);
        if (!result.stdout().endsWith("end\n")) {
            throw new IllegalStateException("the state of the system could not be read: " + result);
        }
        return new SystemState(result.stdout());
    }

    /**
     * {@return the differences to a later state, each in one line for people; empty if there is none} Disk space counts
     * from 256 MiB.
     *
     * @param later a state of the same system
     */
    public List<String> changesTo(SystemState later) {
        List<String> changes = new ArrayList<>();
        items.forEach((name, value) -> {
            String now = later.items.get(name);
            if (now == null) {
                changes.add(name + " was removed");
            } else if (name.startsWith(DISK)) {
                addGrowth(changes, name, value, now);
            } else if (!now.equals(value)) {
                changes.add(name + " changed from " + value + " to " + now);
            }
        });
        later.items.forEach((name, value) -> {
            if (!items.containsKey(name)) {
                changes.add(name + " was added" + (value.isBlank() ? "" : " (" + value.strip() + ")"));
            }
        });
        return changes;
    }

    private static void addGrowth(List<String> changes, String name, String before, String after) {
        try {
            long growth = Long.parseLong(after) - Long.parseLong(before);
            if (Math.abs(growth) >= DISK_THRESHOLD_MIB) {
                changes.add(name + " has " + Math.abs(growth) + " MiB " + (growth > 0 ? "more" : "less") + " in use");
            }
        } catch (NumberFormatException e) {
            changes.add(name + " changed from " + before + " to " + after);
        }
    }

    /** {@return the number of items, for messages} */
    @Override
    public String toString() {
        return items.size() + " items";
    }
}
