package org.atex.slurm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.support.ProcessIdentity;
import org.jspecify.annotations.Nullable;

/**
 * The comment of a job, by which it is found if its program is killed: the run, and the process that submitted the job,
 * with its machine.
 *
 * @param run the tag of the run
 * @param machine the host name of the machine of the program
 * @param process the text of its {@link ProcessIdentity}
 */
record JobOwner(String run, String machine, String process) {
    private static final Pattern COMMENT =
            Pattern.compile("org\\.atex\\.run=(\\S+) org\\.atex\\.owner=([^/\\s]*)/(" + ProcessIdentity.PATTERN + ")");

    /** {@return the owner that stands for this JVM} */
    static JobOwner current(String run) {
        return new JobOwner(run, machineName(), ProcessIdentity.current().toString());
    }

    private static String machineName() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/hostname"))
                    .strip()
                    .replaceAll("[^\\w.-]", "_");
        } catch (IOException e) {
            return "unknown";
        }
    }

    /** {@return the owner of a job with this comment, or null if the job is not one of this library} */
    static @Nullable JobOwner parse(String comment) {
        Matcher matcher = COMMENT.matcher(comment);
        return matcher.matches() ? new JobOwner(matcher.group(1), matcher.group(2), matcher.group(3)) : null;
    }

    /** {@return whether the process has certainly ended; false for processes of other machines and namespaces} */
    boolean hasEnded() {
        return machine.equals(machineName()) && ProcessIdentity.hasEnded(process);
    }

    /** {@return the comment} */
    @Override
    public String toString() {
        return "org.atex.run=" + run + " org.atex.owner=" + machine + "/" + process;
    }
}
