package org.atex.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The process that started a system on a host, as text. The host may be another machine, hence the boot id of the machine
 * of the process stands before its identity.
 */
public final class SystemOwner {
    private static final String UNKNOWN = "unknown";

    private SystemOwner() {}

    /** {@return the owner that stands for this JVM} */
    public static String current() {
        return boot() + "-" + ProcessIdentity.current();
    }

    /** {@return the boot id of this machine, without hyphens, or {@code unknown}} */
    private static String boot() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/random/boot_id"))
                    .strip()
                    .replace("-", "");
        } catch (IOException e) {
            return UNKNOWN; // systems of unknown machines are removed at the end of their lease only
        }
    }

    /**
     * {@return whether the process has certainly ended; false for processes of another machine, boot or PID namespace,
     * and for texts in another format}
     *
     * @param owner the text of an owner
     */
    public static boolean hasEnded(String owner) {
        String machine = boot() + "-";
        return !machine.startsWith(UNKNOWN)
                && owner.startsWith(machine)
                && ProcessIdentity.hasEnded(owner.substring(machine.length()));
    }
}
