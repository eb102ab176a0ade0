package org.atex.fmf;

import org.atex.api.Command;
import org.atex.api.Connection;

/**
 * One life of a system, from when it was started until it goes down. A container keeps its kernel's boot id when it
 * is restarted, so when its first process was started counts, too.
 *
 * @param identity what tells it from any other; empty if the system does not say
 */
record Boot(String identity) {
    /** Prints it, and nothing where there is no {@code /proc}. */
    static final String SCRIPT = """
            if read -r boot </proc/sys/kernel/random/boot_id && read -r stat </proc/1/stat; then
                fields=(${stat##*) })
                printf '%s %s' "$boot" "${fields[19]}"
            fi 2>/dev/null
            """;

    /** {@return the present one} */
    static Boot of(Connection connection) throws InterruptedException {
        return new Boot(connection.run(Command.bash(SCRIPT)).stdout());
    }

    /** {@return how often the user space was restarted under the same kernel; -1 if the system does not say} */
    static long softReboots(Connection connection) throws InterruptedException {
        String said = connection
                .run(Command.of("systemctl", "show", "-p", "SoftRebootsCount", "--value"))
                .stdout()
                .strip();
        return said.matches("[0-9]{1,9}") ? Long.parseLong(said) : -1;
    }

    /** {@return whether the system went down between that one and this, as far as it can tell} */
    boolean isAfter(Boot before) {
        return identity.isEmpty() || !identity.equals(before.identity);
    }
}
