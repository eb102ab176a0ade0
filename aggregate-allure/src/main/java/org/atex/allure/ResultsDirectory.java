package org.atex.allure;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import org.atex.artifacts.ArtifactFiles;
import org.atex.artifacts.TempBuffer;
import org.atex.artifacts.WholeFile;

/**
 * The directory of the results. Each file appears in it as a whole: it is written under a temporary name, which readers
 * ignore, and renamed. Thread-safe.
 */
final class ResultsDirectory {
    private static final String CATEGORIES = "categories.json";
    private static final String ENVIRONMENT = "environment.properties";

    /** The end of temporary names. Allure 3 ignores all names that end with {@code .tmp}. */
    private static final String TEMPORARY = ".atex.tmp";

    /** Entries that are no results: users and CI services add them before or after a run. */
    private static final Set<String> EXTRAS = Set.of(CATEGORIES, ENVIRONMENT, "executor.json", "history");

    /**
     * Groups failures by the beginning of their messages, see {@link Words}. Allure puts all others into its own
     * categories. The expressions are for Java, which Allure 2 uses, and for JavaScript.
     */
    private static final String DEFAULT_CATEGORIES = """
            [
              {"name": "Known failures", "matchedStatuses": ["failed", "broken"],
               "messageRegex": "^known failure until [\\\\s\\\\S]*"},
              {"name": "Infrastructure", "matchedStatuses": ["broken"], "messageRegex": "^infrastructure: [\\\\s\\\\S]*"},
              {"name": "Time limits", "matchedStatuses": ["broken"], "messageRegex": "^time limit: [\\\\s\\\\S]*"},
              {"name": "Not run", "matchedStatuses": ["skipped"],
               "messageRegex": "^(cancelled|not run): [\\\\s\\\\S]*"},
              {"name": "Flaky tests", "matchedStatuses": ["passed"], "flaky": true}
            ]
            """;

    private final Path path;

    ResultsDirectory(Path path) {
        this.path = path;
    }

    /** {@return a buffer whose temporary file, if it needs one, is on the same file system} */
    TempBuffer buffer() {
        return new TempBuffer(path);
    }

    boolean has(String name) {
        return Files.exists(path.resolve(name), LinkOption.NOFOLLOW_LINKS);
    }

    void write(String name, WholeFile.Content content) throws IOException {
        WholeFile.write(path.resolve(name), path.resolve("." + name + TEMPORARY), content);
    }

    /** {@return whether a file now has this name, too} Other file systems and owners may forbid that. */
    boolean isLinked(Path file, String name) {
        return ArtifactFiles.isLinked(file, path.resolve(name));
    }

    /** Deletes a file. A failure is added to the given exception as a suppressed one. */
    void delete(String name, Exception failure) {
        delete(path.resolve(name), failure);
    }

    private static void delete(Path file, Exception failure) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** Creates the directory, and the files that do not belong to a test. */
    void create(Map<String, String> environment) throws IOException {
        Files.createDirectories(path);
        if (!has(CATEGORIES)) {
            write(CATEGORIES, out -> out.write(DEFAULT_CATEGORIES.getBytes(StandardCharsets.UTF_8)));
        }
        if (!environment.isEmpty()) {
            Properties properties = new Properties();
            properties.putAll(environment);
            write(ENVIRONMENT, out -> properties.store(out, null));
        }
    }

    /** {@return whether there are no results, nor other files of a user} */
    boolean isEmpty() throws IOException {
        if (Files.notExists(path)) {
            return true;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
            for (Path entry : entries) {
                if (!EXTRAS.contains(entry.getFileName().toString())) {
                    return false;
                }
            }
            return true;
        } catch (DirectoryIteratorException e) {
            throw Objects.requireNonNull(e.getCause());
        }
    }

    /** Deletes the files of attempts that a killed program had not stored completely. */
    void sweep() throws IOException {
        if (Files.notExists(path)) {
            return;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                String result = AttemptId.resultOf(name);
                if (name.startsWith(".") && name.endsWith(TEMPORARY) || result != null && !has(result)) {
                    Files.deleteIfExists(entry);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw Objects.requireNonNull(e.getCause());
        }
    }

    /** Renames results that their writer did not close, so that the next run can start with an empty directory. */
    void rename() throws IOException {
        sweep();
        if (isEmpty()) {
            return;
        }
        Path numbered = path;
        for (int i = 1; Files.exists(numbered, LinkOption.NOFOLLOW_LINKS); i++) {
            numbered = path.resolveSibling(path.getFileName() + "." + i);
        }
        Files.move(path, numbered);
        AllureAggregator.log()
                .warn(
                        "{} was not closed by the run that wrote it: it was renamed to {}, with all ingested results;"
                                + " use AllureOptions.withResume() to continue it instead",
                        path,
                        numbered);
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
