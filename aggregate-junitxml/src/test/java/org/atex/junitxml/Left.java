package org.atex.junitxml;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
        return file(name, text.getBytes(StandardCharsets.UTF_8));
    }

    Left file(String name, byte[] bytes) throws IOException {
        Path file = directory.resolve("files").resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
        return this;
    }

    Artifacts artifacts() {
        return Artifacts.in(directory);
    }
}
