package org.atex.fmf;

import org.atex.api.Command;
import org.atex.api.Connection;

/**
 * Identifies one boot of a system. It consists of the kernel's boot id and the start time of process 1: a restarted
 * container keeps the boot id of its host's kernel, but has a new process 1.
 *
 * @param identity the two values separated by a space; empty if the system has no {@code /proc}
 */
record BootId(String identity) {
    /** Prints the identity; prints nothing if there is no {@code /proc}. Field 22 of {@code stat} is the start time. */
    static final String SCRIPT = """
            if read -r boot </proc/sys/kernel/random/boot_id && read -r stat </proc/1/stat; then
                fields=(${stat##*) })
                printf '%s %s' "$boot" "${fields[19]}"
            fi 2>/dev/null
            """;

    /** {@return the identity of the current boot} */
    static BootId of(Connection connection) throws InterruptedException {
        return new BootId(connection.run(Command.bash(SCRIPT)).stdout());
    }

    /** {@return the number of soft reboots since the kernel was booted; -1 if systemd does not report it} */
    static long softRebootCount(Connection connection) throws InterruptedException {
        String count = connection
                .run(Command.of("systemctl", "show", "-p", "SoftRebootsCount", "--value"))
                .stdout()
                .strip();
        return count.matches("[0-9]{1,9}") ? Long.parseLong(count) : -1;
    }

    /**
     * {@return whether the system was booted since the given boot; true if this system does not report its identity}
     */
    boolean isAfter(BootId earlier) {
        return identity.isEmpty() || !identity.equals(earlier.identity);
    }
}
