package org.atex.podman;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The process of this machine that started a container. Process ids are reused and differ between PID namespaces, hence
 * the start time and the namespace are part of the identity.
 *
 * @param namespace the inode number of the PID namespace, or {@code unknown}
 * @param process the process id in that namespace
 * @param startMillis the start time of the process in milliseconds since 1970; 0 if unknown
 */
record ContainerOwner(String namespace, long process, long startMillis) {
    /** The container label that holds {@link #toString()}. */
    static final String LABEL = "org.atex.owner";

    /** {@return the owner that stands for this JVM} */
    static ContainerOwner current() {
        return of(ProcessHandle.current());
    }

    private static ContainerOwner of(ProcessHandle handle) {
        String namespace = "unknown";
        try {
            namespace = Files.readSymbolicLink(Path.of("/proc/self/ns/pid"))
                    .toString()
                    .replaceAll("\\D", "");
        } catch (IOException e) {
            // Containers of unknown namespaces are never removed as leftovers, which is the safe choice.
        }
        long startMillis =
                handle.info().startInstant().map(start -> start.toEpochMilli()).orElse(0L);
        return new ContainerOwner(namespace, handle.pid(), startMillis);
    }

    /**
     * {@return whether the process named by a label has certainly ended; false for labels of another PID namespace or
     * in another format}
     */
    static boolean hasEnded(String label) {
        String[] parts = label.split("-", -1);
        ContainerOwner current = current();
        if (parts.length != 3 || !parts[0].equals(current.namespace) || parts[0].equals("unknown")) {
            return false;
        }
        Optional<ProcessHandle> handle = ProcessHandle.of(Long.parseLong(parts[1]));
        return handle.map(ContainerOwner::of)
                .filter(owner -> owner.toString().equals(label))
                .isEmpty();
    }

    /** {@return the value of the label: namespace, process id and start time, joined by hyphens} */
    @Override
    public String toString() {
        return namespace + "-" + process + "-" + startMillis;
    }
}
