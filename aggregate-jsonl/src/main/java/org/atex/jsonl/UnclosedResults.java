package org.atex.jsonl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.atex.artifacts.WriterLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Results that their writer did not close. They are completed and renamed, so that the next run can start. */
final class UnclosedResults {
    private final Path results;
    private final Path files;

    UnclosedResults(Path results, Path files) {
        this.results = results;
        this.files = files;
    }

    /**
     * Completes file and directory, and renames both with the first number that is free for both.
     *
     * @param lock the lock on the results
     * @return the lock to use from now on: a new one if the lock file was in the renamed directory
     */
    WriterLock rename(WriterLock lock) throws IOException {
        if (isEmpty(results) && isEmpty(files)) {
            return lock;
        }
        String problem = complete();
        int number = 1;
        while (exists(numbered(results, number)) || exists(numbered(files, number))) {
            number++;
        }
        move(files, numbered(files, number));
        WriterLock held = lock;
        if (results.startsWith(files)) {
            // The results and the lock file are in the directory that was renamed: a new lock file is needed.
            Files.delete(numbered(files, number).resolve(files.relativize(lockOf(results))));
            lock.close();
            Files.createDirectories(Objects.requireNonNull(results.getParent()));
            held = WriterLock.of(results);
        } else {
            move(results, numbered(results, number));
        }
        if (problem.isEmpty()) {
            log().warn(
                            "{} and {} were not closed by the run that wrote them: they were completed and renamed"
                                    + " with the suffix .{}; to continue them, use JsonLinesOptions.withResume()",
                            results,
                            files,
                            number);
        } else {
            log().warn(
                            "{} and {} were not closed by the run that wrote them: they were renamed with the suffix"
                                    + " .{}, but could not be completed: {}",
                            results,
                            files,
                            number,
                            problem);
        }
        return held;
    }

    /** {@return the reason if the results could not be completed, else an empty text} */
    private String complete() {
        try {
            if (!isEmpty(results)) {
                ResultsFile.complete(results);
            }
            if (Files.isDirectory(files)) {
                StagedFiles.sweep(files);
            }
            return "";
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    // Not a constant: without a provider, the first logger makes SLF4J print a warning.
    private static Logger log() {
        return LoggerFactory.getLogger(JsonLinesAggregator.class);
    }

    private static void move(Path from, Path to) throws IOException {
        if (exists(from)) {
            Files.move(from, to);
        }
    }

    /** {@return the new path; the number comes last, so that a search for {@code *.jsonl} does not find the file} */
    private static Path numbered(Path path, int number) {
        return path.resolveSibling(path.getFileName() + "." + number);
    }

    static Path lockOf(Path results) {
        return results.resolveSibling(results.getFileName() + ".lock");
    }

    private static boolean exists(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }

    /** {@return whether the path is missing, an empty file, or a directory that contains at most the lock file} */
    boolean isEmpty(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return !exists(path) || Files.size(path) == 0;
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.allMatch(lockOf(results)::equals);
        }
    }
}
