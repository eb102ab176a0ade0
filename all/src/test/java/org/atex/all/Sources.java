package org.atex.all;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

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
        List<Path> found = new ArrayList<>();
        Files.walkFileTree(root(), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                // Directories of builds are not entered: other modules change them at the same time.
                String path = root().relativize(directory).toString();
                return path.matches("(.*/)?(target|\\.git|src/test/resources)")
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (file.toString().endsWith(ending)) {
                    found.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        Collections.sort(found);
        return found;
    }
}
