package org.atex.podman;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Who started a container: a process of this machine, by its number, when it began, and the namespace of its number, so that
 * nobody is taken for another.
 *
 * @param namespace where the number counts
 * @param process its number
 * @param began when it began, in milliseconds since 1970
 */
record Owner(String namespace, long process, long began) {
    /** The label that says it. */
    static final String LABEL = "org.atex.owner";

    static Owner me() {
        return of(ProcessHandle.current());
    }

    private static Owner of(ProcessHandle handle) {
        String namespace = "unknown";
        try {
            namespace = Files.readSymbolicLink(Path.of("/proc/self/ns/pid"))
                    .toString()
                    .replaceAll("\\D", "");
        } catch (IOException e) {
            // Then nothing is swept away that others of this kind have started, which is the safe side.
        }
        long began =
                handle.info().startInstant().map(start -> start.toEpochMilli()).orElse(0L);
        return new Owner(namespace, handle.pid(), began);
    }

    /** {@return whether a process that started a container is certain to be gone} */
    static boolean isDead(String label) {
        String[] words = label.split("-", -1);
        Owner me = me();
        if (words.length != 3 || !words[0].equals(me.namespace) || words[0].equals("unknown")) {
            return false;
        }
        Optional<ProcessHandle> handle = ProcessHandle.of(Long.parseLong(words[1]));
        return handle.map(Owner::of)
                .filter(owner -> owner.toString().equals(label))
                .isEmpty();
    }

    @Override
    public String toString() {
        return namespace + "-" + process + "-" + began;
    }
}
