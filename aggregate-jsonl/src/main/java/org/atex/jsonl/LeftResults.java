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

/** What a writer left that did not close its results: completed, and put aside, so that the next run can begin. */
final class LeftResults {
    private final Path results;
    private final Path files;

    LeftResults(Path results, Path files) {
        this.results = results;
        this.files = files;
    }

    /**
     * Renames both, to the same number where nothing is yet.
     *
     * @return the lock to hold on: another one if its file had to be renamed with them
     */
    WriterLock putAside(WriterLock lock) throws IOException {
        if (isEmpty(results) && isEmpty(files)) {
            return lock;
        }
        String problem = complete();
        int number = 1;
        while (isThere(aside(results, number)) || isThere(aside(files, number))) {
            number++;
        }
        move(files, aside(files, number));
        WriterLock held = lock;
        if (results.startsWith(files)) {
            // The results, and the lock, went with the directory.
            Files.delete(aside(files, number).resolve(files.relativize(lockOf(results))));
            lock.close();
            Files.createDirectories(Objects.requireNonNull(results.getParent()));
            held = WriterLock.of(results);
        } else {
            move(results, aside(results, number));
        }
        if (problem.isEmpty()) {
            log().warn(
                            "{} and {} are of a run that did not close them: they are complete, and kept with .{} at the end of"
                                    + " their names; JsonLinesOptions.withResume() would have continued them",
                            results,
                            files,
                            number);
        } else {
            log().warn(
                            "{} and {} are of a run that did not close them: they are kept as they are, with .{} at the end of"
                                    + " their names, but could not be completed: {}",
                            results,
                            files,
                            number,
                            problem);
        }
        return held;
    }

    /** {@return what hindered it, or nothing} */
    private String complete() {
        try {
            if (!isEmpty(results)) {
                ResultsFile.complete(results);
            }
            if (Files.isDirectory(files)) {
                Stage.sweep(files);
            }
            return "";
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Only when there is something to say: without a provider, SLF4J says something itself. */
    private static Logger log() {
        return LoggerFactory.getLogger(JsonLinesAggregator.class);
    }

    private static void move(Path from, Path to) throws IOException {
        if (isThere(from)) {
            Files.move(from, to);
        }
    }

    /** {@return where they are kept: out of the way of whoever looks for files by the end of their names} */
    private static Path aside(Path path, int number) {
        return path.resolveSibling(path.getFileName() + "." + number);
    }

    static Path lockOf(Path results) {
        return results.resolveSibling(results.getFileName() + ".lock");
    }

    private static boolean isThere(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }

    /** {@return whether there is nothing, or a file without a byte, or a directory without anything but the lock} */
    boolean isEmpty(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return !isThere(path) || Files.size(path) == 0;
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.allMatch(lockOf(results)::equals);
        }
    }
}
