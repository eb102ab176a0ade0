package org.atex.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Artifacts;

/** Makes artifacts as a test leaves them, for trying aggregators. For one thread. */
public final class LeftArtifacts {
    private final Path directory;

    private LeftArtifacts(Path directory) {
        this.directory = directory;
    }

    /**
     * {@return artifacts without a result or a file}
     *
     * @param parent where their directory is made
     * @throws IOException if it cannot be made
     */
    public static LeftArtifacts below(Path parent) throws IOException {
        return new LeftArtifacts(Files.createTempDirectory(parent, "artifacts-"));
    }

    /**
     * {@return this, with results}
     *
     * @param lines JSON Lines, which need not be right
     * @throws IOException if they cannot be written
     */
    public LeftArtifacts results(String lines) throws IOException {
        Files.writeString(directory.resolve("results"), lines);
        return this;
    }

    /**
     * {@return this, with a file}
     *
     * @param name its path below {@code files}
     * @param text what is in it
     * @throws IOException if it cannot be written
     */
    public LeftArtifacts file(String name, String text) throws IOException {
        return file(name, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * {@return this, with a file}
     *
     * @param name its path below {@code files}
     * @param bytes what is in it
     * @throws IOException if it cannot be written
     */
    public LeftArtifacts file(String name, byte[] bytes) throws IOException {
        Path file = directory.resolve("files").resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
        return this;
    }

    /** {@return what was made so far} */
    public Artifacts artifacts() {
        return Artifacts.at(directory);
    }
}
