package org.atex.all;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Finds the source files of the project. */
final class Sources {
    private Sources() {}

    /** {@return the root directory of the project} */
    static Path root() {
        Path directory = Path.of("").toAbsolutePath();
        return Files.exists(directory.resolve("LICENSE"))
                ? directory
                : directory.resolveSibling("").normalize();
    }

    static List<Path> java() throws IOException {
        return files(".java");
    }

    static List<Path> files(String ending) throws IOException {
        try (Stream<Path> files = Files.walk(root())) {
            return files.filter(file -> file.toString().endsWith(ending))
                    .filter(file ->
                            !root().relativize(file).toString().matches("(.*/)?(target|\\.git|src/test/resources)/.*"))
                    .sorted()
                    .toList();
        }
    }
}
