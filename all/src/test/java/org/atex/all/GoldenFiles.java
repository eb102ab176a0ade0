package org.atex.all;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A directory of test resources with agreed texts, one in each file.
 *
 * @param directory the directory
 * @param property the system property that makes a test write the files, such as {@code modules.mend}
 */
record GoldenFiles(Path directory, String property) {
    static GoldenFiles in(String name) {
        return new GoldenFiles(Sources.root().resolve("all/src/test/resources").resolve(name), name + ".mend");
    }

    /**
     * Reads the agreed texts. If the property is set, replaces them by the given texts first.
     *
     * @param found the texts that a test found, by the names of their files
     * @return the agreed texts, by the names of their files
     */
    Map<String, String> agreed(Map<String, String> found) throws IOException {
        if (Boolean.getBoolean(property)) {
            for (Path file : files()) {
                Files.delete(file);
            }
            for (var entry : found.entrySet()) {
                Files.writeString(directory.resolve(entry.getKey()), entry.getValue());
            }
        }
        Map<String, String> agreed = new TreeMap<>();
        for (Path file : files()) {
            agreed.put(file.getFileName().toString(), Files.readString(file));
        }
        return agreed;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    /** Names the directory and the command that writes the files, for the messages of a test. */
    String mending(Class<?> test) {
        return Sources.root().relativize(directory) + "; after an intended change, 'mvn -pl all -am test -Dtest="
                + test.getSimpleName() + " -D" + property
                + "=true -Dsurefire.failIfNoSpecifiedTests=false' writes the files";
    }
}
