package org.atex.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The test JVM to which a part of the lab belongs, as text in labels and names. It has the start time besides the process
 * id, since process ids are reused.
 */
final class LabOwner {
    private LabOwner() {}

    /** {@return the text of this JVM: two numbers and a hyphen} */
    static String current() {
        return of(ProcessHandle.current());
    }

    private static String of(ProcessHandle process) {
        return process.pid() + "-"
                + process.info()
                        .startInstant()
                        .map(start -> start.toEpochMilli())
                        .orElse(0L);
    }

    /** {@return whether the JVM has ended} */
    static boolean hasEnded(String owner) {
        Optional<ProcessHandle> process = ProcessHandle.of(Long.parseLong(owner.replaceAll("-.*", "")));
        return process.map(LabOwner::of).filter(owner::equals).isEmpty();
    }

    /** {@return the directories of JVMs that have ended, whose names are the prefix, the owner, and any further text} */
    static List<Path> orphans(Path parent, String prefix) throws IOException {
        try (Stream<Path> files = Files.list(parent)) {
            return files.filter(file -> {
                        String name = file.getFileName().toString();
                        return name.startsWith(prefix)
                                && name.substring(prefix.length()).matches("\\d{1,18}-\\d+.*")
                                && hasEnded(name.substring(prefix.length()).replaceAll("^(\\d+-\\d+).*", "$1"));
                    })
                    .toList();
        }
    }
}
