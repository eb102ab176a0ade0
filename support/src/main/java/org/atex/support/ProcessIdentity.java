package org.atex.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A process of this machine, for the labels of what it has started: the next program finds out whether it has ended.
 * Process ids are reused and differ between PID namespaces, hence the start time and the namespace are part of the
 * identity.
 *
 * @param namespace the inode number of the PID namespace, or {@code unknown}
 * @param process the process id in that namespace
 * @param startMillis the start time of the process in milliseconds since 1970; 0 if unknown
 */
public record ProcessIdentity(String namespace, long process, long startMillis) {
    /** A regular expression that matches {@link #toString()}, without groups. */
    public static final String PATTERN = "\\w+-\\d{1,18}-\\d{1,18}";

    private static final String UNKNOWN = "unknown";
    private static final Pattern TEXT = Pattern.compile("(\\w+)-(\\d{1,18})-(\\d{1,18})");

    /** {@return the identity of this JVM} */
    public static ProcessIdentity current() {
        return of(ProcessHandle.current());
    }

    private static ProcessIdentity of(ProcessHandle handle) {
        long start =
                handle.info().startInstant().map(time -> time.toEpochMilli()).orElse(0L);
        return new ProcessIdentity(namespaceOfThisProcess(), handle.pid(), start);
    }

    private static String namespaceOfThisProcess() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/ns/pid"))
                    .toString()
                    .replaceAll("\\D", "");
        } catch (IOException e) {
            return UNKNOWN; // nothing of unknown namespaces is removed as a leftover, which is the safe choice
        }
    }

    /**
     * {@return whether the process has certainly ended; false for one of another PID namespace, and for a text in another
     * format}
     *
     * @param text the text of an identity
     */
    public static boolean hasEnded(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            return false;
        }
        ProcessIdentity named = new ProcessIdentity(
                matcher.group(1), Long.parseLong(matcher.group(2)), Long.parseLong(matcher.group(3)));
        return !named.namespace.equals(UNKNOWN)
                && named.namespace.equals(namespaceOfThisProcess())
                && ProcessHandle.of(named.process)
                        .map(ProcessIdentity::of)
                        .filter(named::equals)
                        .isEmpty();
    }

    /** {@return namespace, process id and start time, joined by hyphens} */
    @Override
    public String toString() {
        return namespace + "-" + process + "-" + startMillis;
    }
}
