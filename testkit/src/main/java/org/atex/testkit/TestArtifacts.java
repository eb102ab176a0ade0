package org.atex.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Artifacts;

/**
 * A builder of artifacts, for tests of aggregators. It writes a directory like the one that a test leaves.
 *
 * {@snippet :
 * Artifacts artifacts = TestArtifacts.below(directory)
 *         .results("{\"status\": \"pass\", \"files\": [\"output.txt\"]}\n")
 *         .file("output.txt", "some output")
 *         .artifacts();
 * }
 *
 * <p>Thread safety: an instance may be used by one thread at a time.
 */
public final class TestArtifacts {
    private final Path directory;

    private TestArtifacts(Path directory) {
        this.directory = directory;
    }

    /**
     * {@return a builder of artifacts without results and files}
     *
     * @param parent the directory in which the directory of the artifacts is created
     * @throws IOException if that directory cannot be created
     */
    public static TestArtifacts below(Path parent) throws IOException {
        return new TestArtifacts(Files.createTempDirectory(parent, "artifacts-"));
    }

    /**
     * {@return this builder, after it wrote the results}
     *
     * @param lines JSON Lines; malformed lines are written, too
     * @throws IOException if the results cannot be written
     */
    public TestArtifacts results(String lines) throws IOException {
        Files.writeString(directory.resolve("results"), lines);
        return this;
    }

    /**
     * {@return this builder, after it added a file}
     *
     * @param name the path below {@code files}
     * @param text the content, written as UTF-8
     * @throws IOException if the file cannot be written
     */
    public TestArtifacts file(String name, String text) throws IOException {
        return file(name, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * {@return this builder, after it added a file}
     *
     * @param name the path below {@code files}
     * @param bytes the content
     * @throws IOException if the file cannot be written
     */
    public TestArtifacts file(String name, byte[] bytes) throws IOException {
        Path file = directory.resolve("files").resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
        return this;
    }

    /** {@return the artifacts written so far} */
    public Artifacts artifacts() {
        return Artifacts.at(directory);
    }
}
