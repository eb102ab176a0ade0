package org.atex.jsonl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Artifacts;

/** Makes artifacts as a test leaves them. */
final class Left {
    private final Path directory;

    private Left(Path directory) {
        this.directory = directory;
    }

    static Left in(Path parent) throws IOException {
        return new Left(Files.createTempDirectory(parent, "artifacts-"));
    }

    Left results(String lines) throws IOException {
        Files.writeString(directory.resolve("results"), lines);
        return this;
    }

    Left file(String name, String text) throws IOException {
        Path file = directory.resolve("files").resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        return this;
    }

    Artifacts artifacts() {
        return Artifacts.in(directory);
    }
}
