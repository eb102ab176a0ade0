package org.atex.jsonl;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.atex.artifacts.AppendFile;
import org.atex.artifacts.BrokenResultsException;
import org.atex.artifacts.FailedAttempts;
import org.atex.artifacts.TempBuffer;
import org.atex.artifacts.WriterLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes each result as a JSON array on a line of its own, {@code [platform, status, test, subtest|null, [files],
 * note|null]}, and moves the files of the tests to {@code <platform>/<test>/} in a directory.
 *
 * <p>Stores all results of a test or none. Memory use does not depend on their number. When {@link #ingest} returns,
 * the results survive a crash of this program; to survive a crash of the machine, use {@link
 * JsonLinesOptions#withSync()}. A killed program may leave an incomplete line at the end of the file. The next {@link
 * #open} removes it, and either {@linkplain JsonLinesOptions#withResume() continues the file} or renames it.
 *
 * <p>A lock on the file {@code <results>.lock} prevents other writers while the aggregator is open.
 *
 * <p>If the test did not report how it ended, a result of the runner is added; the README says when. Attempts that were
 * followed by another one are stored under the name {@code <test> (attempt 1)} and so on. The note of a test that passed
 * after it had failed begins with {@code flaky}. Failures that are {@linkplain org.atex.api.KnownFailure known} have the
 * status {@code warn}.
 *
 * <p>Lifecycle: open from the return of {@link #open} until {@link #close()}.
 *
 * <p>Thread safety: all methods are thread-safe. Tests are read and rendered in parallel; only the moves of files and
 * the writes of lines are serialized. No method reacts to interrupts.
 */
public final class JsonLinesAggregator implements Aggregator {
    private final Path results;
    private final Path files;
    private final JsonLinesOptions options;
    private final TestNames names;
    private final WriterLock lock;
    private final AppendFile file;
    private final FileTree tree;
    private final FailedAttempts failed = new FailedAttempts();
    private final Map<Attempt, Path> directories = new ConcurrentHashMap<>();
    private final ReentrantLock appending = new ReentrantLock();
    private final AtomicReference<@Nullable AggregationException> deleteFailure = new AtomicReference<>();
    private volatile boolean closed;

    /** True if files must be copied to the target file system or compressed, so that a rename is not enough. */
    private volatile boolean copiesFirst;

    private record Attempt(String platform, String test, int number) {
        static Attempt of(TestRecord record) {
            return new Attempt(record.platform(), record.name(), record.attempt());
        }
    }

    private JsonLinesAggregator(Path results, Path files, JsonLinesOptions options, WriterLock lock)
            throws IOException {
        this.results = results;
        this.files = files;
        this.options = options;
        this.lock = lock;
        names = new TestNames(options.duplicates(), firstLeft(lock));
        tree = new FileTree(files);
        copiesFirst = options.fileCompression() != Compression.NONE;
        file = new ResultsFile(results, files, options).open(names);
    }

    /** Returns how many names are in the file before those of the run that did not close it. */
    private static int firstLeft(WriterLock lock) {
        return lock.note().matches("\\d{1,9}") ? Integer.parseInt(lock.note()) : Integer.MAX_VALUE;
    }

    @Override
    public void resume() {
        checkOpen();
        lock.resumeRun(Integer.toString(Math.min(firstLeft(lock), names.count())));
        names.resume();
    }

    /**
     * {@return an aggregator with the {@linkplain JsonLinesOptions#defaults() default options}}
     *
     * @param results the file for the results: missing, empty, or of a run that did not close it
     * @param files the directory for the files of the tests: likewise
     * @throws AggregationException if file or directory have other content, another aggregator writes them, or they
     *     cannot be created
     */
    public static JsonLinesAggregator open(Path results, Path files) {
        return open(results, files, JsonLinesOptions.defaults());
    }

    /**
     * {@return an aggregator}
     *
     * <p>Without {@link JsonLinesOptions#withResume()}, results and files of a run that did not close them, because its
     * program was killed or ended before, are completed and renamed to {@code <results>.1} and {@code <files>.1}, or
     * the next number that is free for both. A warning is logged.
     *
     * @param results the file for the results: missing, empty, or of a run that did not close it; any file of this
     *     format with {@link JsonLinesOptions#withResume()}
     * @param files the directory for the files of the tests: likewise
     * @param options the options
     * @throws AggregationException if file or directory have other content, another aggregator writes them, the file to
     *     continue cannot be read, or they cannot be created
     */
    public static JsonLinesAggregator open(Path results, Path files, JsonLinesOptions options) {
        Path file = results.toAbsolutePath().normalize();
        Path directory = files.toAbsolutePath().normalize();
        try {
            Files.createDirectories(file.getParent());
            WriterLock lock = WriterLock.of(file);
            try {
                if (!options.resume()) {
                    UnclosedResults left = new UnclosedResults(file, directory);
                    if (lock.isLeft()) {
                        lock = left.rename(lock);
                    }
                    checkEmpty(left, file);
                    checkEmpty(left, directory);
                }
                Files.createDirectories(directory);
                StagedFiles.sweep(directory);
                return new JsonLinesAggregator(file, directory, options, lock);
            } catch (IOException | RuntimeException e) {
                // Keeps the lock file of an unclosed run, so that the next attempt still recognizes it.
                lock.release();
                throw e;
            }
        } catch (IOException e) {
            throw new AggregationException(
                    "could not open " + file + " and " + directory + " to write results: " + e.getMessage(), e);
        }
    }

    @Override
    public void ingest(TestRecord record, Artifacts artifacts) {
        checkOpen();
        lock.beginRun(Integer.toString(names.count()));
        if (!record.last() && !options.earlierAttempts()) {
            failed.add(record);
        } else {
            TestNames.Reservation reservation = names.reserve(record);
            boolean stored = false;
            try {
                if (reservation.isStored()) {
                    stored = true;
                    failed.add(record);
                    delete(artifacts);
                    return;
                }
                Remarks remarks = Remarks.on(record, failed.before(record));
                Path directory = store(new Rendering(record, reservation.name(), artifacts, remarks));
                if (directory != null) {
                    directories.put(Attempt.of(record), directory);
                }
                stored = true;
                failed.add(record);
            } catch (IOException | BrokenResultsException e) {
                throw failure(record, artifacts, e);
            } finally {
                if (!stored) {
                    names.release(reservation);
                }
            }
        }
        delete(artifacts);
    }

    @Override
    public Optional<Path> files(TestRecord record) {
        return Optional.ofNullable(directories.get(Attempt.of(record)));
    }

    /**
     * Completes the file for readers. The file is complete after each {@link #ingest}, with two exceptions: an
     * incomplete end that could not be cut off after a disk was full, and a compressed file without results, which
     * needs an empty member.
     */
    @Override
    public void flush() {
        appending.lock();
        try {
            if (!closed) {
                complete();
            }
        } catch (IOException e) {
            throw incomplete(e);
        } finally {
            appending.unlock();
        }
    }

    @Override
    public void close() {
        appending.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            // Resources are closed in reverse order: the file before its lock.
            try (lock;
                    file) {
                complete();
            }
        } catch (IOException e) {
            throw incomplete(e);
        } finally {
            appending.unlock();
        }
        AggregationException failure = deleteFailure.get();
        if (failure != null) {
            throw failure;
        }
    }

    private void complete() throws IOException {
        file.repair();
        if (file.length() == 0 && options.compression() != Compression.NONE) {
            try (TempBuffer nothing = new TempBuffer(files)) {
                options.compression().compress(nothing, 0).close();
                file.append(nothing);
            }
        }
    }

    private AggregationException incomplete(IOException why) {
        return new AggregationException(
                "could not complete " + results + ": " + why.getMessage() + "; all ingested results are in it", why);
    }

    /** {@return the directory of the files, or null if the test left none} */
    private @Nullable Path store(Rendering test) throws IOException {
        // Renders everything before files are moved: invalid results must leave the artifacts unchanged.
        Path source = test.files();
        Path target = files.resolve(test.directory());
        try (TempBuffer lines = render(test, target, Map.of())) {
            if (source == null) {
                append(lines);
                return null;
            }
            if (!copiesFirst) {
                try {
                    return append(test, lines, new Move(source, target));
                } catch (AtomicMoveNotSupportedException e) {
                    // Nothing was moved yet. This and all later tests are copied to the target file system first.
                    copiesFirst = true;
                }
            }
            try (StagedFiles stage = StagedFiles.of(source, files, options.fileCompression())) {
                return append(test, lines, new Move(stage.files(), target));
            }
        }
    }

    private record Move(Path source, Path target) {}

    private TempBuffer render(Rendering test, Path target, Map<Path, Path> instead) throws IOException {
        FileListing listing = new FileListing(target, options.fileCompression().suffix(), instead);
        return test.render(options, listing, files);
    }

    /**
     * Moves the files and appends the lines.
     *
     * @return the directory of the files
     */
    private Path append(Rendering test, TempBuffer lines, Move move) throws IOException {
        appending.lock();
        try {
            checkOpen();
            // Files first: a crash in between leaves files without lines, but no lines that refer to missing files.
            FileTree.Moved moved = tree.move(move.source(), move.target());
            try {
                if (moved.instead().isEmpty()) {
                    append(lines);
                } else {
                    // A path was occupied: render again, so that the lines have the actual paths.
                    try (TempBuffer again = render(test, move.target(), moved.instead())) {
                        append(again);
                    }
                }
                return moved.instead().getOrDefault(move.target(), move.target());
            } catch (IOException | RuntimeException e) {
                moved.undo(e);
                throw e;
            }
        } finally {
            appending.unlock();
        }
    }

    private void append(TempBuffer lines) throws IOException {
        appending.lock();
        try {
            checkOpen();
            file.append(lines);
            if (options.sync()) {
                file.sync();
            }
        } finally {
            appending.unlock();
        }
    }

    private void delete(Artifacts artifacts) {
        try {
            artifacts.delete();
        } catch (IOException e) {
            // The results are stored, so ingest has succeeded. close() reports the first failure to delete.
            deleteFailure.compareAndSet(
                    null,
                    new AggregationException(
                            "could not delete " + artifacts + ": " + e.getMessage()
                                    + "; all results are stored, delete it by hand",
                            e));
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the aggregator for " + results + " is closed");
        }
    }

    private AggregationException failure(TestRecord record, Artifacts artifacts, Exception why) {
        return new AggregationException(
                "could not store the results of " + record.name() + " on " + record.platform() + " in " + results + ": "
                        + why.getMessage() + "; no part of them was stored: fix the cause, and ingest " + artifacts
                        + " again",
                why);
    }

    private static void checkEmpty(UnclosedResults left, Path path) throws IOException {
        if (!left.isEmpty(path)) {
            throw new AggregationException(
                    "could not open " + path + " to write results: it is not empty; choose another path, delete it, or"
                            + " continue it with JsonLinesOptions.withResume()",
                    null);
        }
    }

    @Override
    public String toString() {
        return "results in " + results;
    }
}
