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
import org.atex.artifacts.Spool;
import org.atex.artifacts.WriterLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes one JSON array a result, {@code [platform, status, test, subtest|null, [files], note|null]}, each on a line of its
 * own, and moves the tests' files to {@code <platform>/<test>/} in a directory.
 *
 * <p>A test's results are all stored or none; memory does not grow with their number. When {@link #ingest} returns, they
 * survive the end of this program, however it ends; they are synced to the disk only if
 * {@linkplain JsonLinesOptions#withSync() so wished}. A program that is killed may leave one torn line at the end of the
 * file. The next opening drops it, and {@linkplain JsonLinesOptions#withResume() continues the file} or puts it aside.
 *
 * <p>While it is open, nobody else can write the same file: a file {@code <results>.lock} says so.
 *
 * <p>What the runner knows and the test did not say is a result too: see the README for when it is added. An attempt that
 * was followed by another is dropped, its artifacts deleted, unless
 * {@link JsonLinesOptions#withEarlierAttempts()} keeps it.
 *
 * <p>Lifecycle: ready when {@link #open} returns it, until {@link #close()}.
 *
 * <p>Thread safety: every method may be called from any thread. Tests are read and rendered side by side; only renaming
 * their files and appending their lines happens one after the other. No call reacts to interrupts.
 */
public final class JsonLinesAggregator implements Aggregator {
    private final Path results;
    private final Path files;
    private final JsonLinesOptions options;
    private final Names names;
    private final WriterLock lock;
    private final AppendFile file;
    private final FileTree tree;
    private final Map<Attempt, Path> directories = new ConcurrentHashMap<>();
    private final ReentrantLock appending = new ReentrantLock();
    private final AtomicReference<@Nullable AggregationException> leftOver = new AtomicReference<>();
    private volatile boolean closed;

    /** Whether renaming is known not to do. */
    private volatile boolean elsewhere;

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
        names = new Names(options.duplicates());
        tree = new FileTree(files);
        elsewhere = options.fileCompression() != Compression.NONE;
        file = new ResultsFile(results, files, options).open(names);
    }

    /**
     * {@return an aggregator with the {@linkplain JsonLinesOptions#defaults() usual options}}
     *
     * @param results the file for the results; new, or empty, or left by a run that did not close it
     * @param files the directory for the tests' files; likewise
     * @throws AggregationException if there is something else already, if another aggregator writes them, or if they
     *     cannot be made
     */
    public static JsonLinesAggregator open(Path results, Path files) {
        return open(results, files, JsonLinesOptions.defaults());
    }

    /**
     * {@return an aggregator}
     *
     * <p>Unless the options say to continue them, results and files of a run that did not close them (it was killed, or
     * its program ended before) are completed, renamed to {@code <results>.1} and {@code <files>.1}, or the next number
     * that is free, and a warning is logged.
     *
     * @param results the file for the results; new, or empty, or left by a run that did not close it, unless the options
     *     say to continue it
     * @param files the directory for the tests' files; likewise
     * @param options what it is to do otherwise
     * @throws AggregationException if there is something else already, if another aggregator writes them, if what is to
     *     be continued cannot be read, or if they cannot be made
     */
    public static JsonLinesAggregator open(Path results, Path files, JsonLinesOptions options) {
        Path file = results.toAbsolutePath().normalize();
        Path directory = files.toAbsolutePath().normalize();
        try {
            Files.createDirectories(file.getParent());
            WriterLock lock = WriterLock.of(file);
            try {
                if (!options.resume()) {
                    LeftResults left = new LeftResults(file, directory);
                    if (lock.isLeft()) {
                        lock = left.putAside(lock);
                    }
                    checkEmpty(left, file);
                    checkEmpty(left, directory);
                }
                Files.createDirectories(directory);
                Stage.sweep(directory);
                return new JsonLinesAggregator(file, directory, options, lock);
            } catch (IOException | RuntimeException e) {
                lock.release();
                throw e;
            }
        } catch (IOException e) {
            throw new AggregationException(
                    "could not open " + file + " and " + directory + " for results: " + e.getMessage(), e);
        }
    }

    @Override
    public void ingest(TestRecord record, Artifacts artifacts) {
        checkOpen();
        if (record.last() || options.earlierAttempts()) {
            Names.Taken taken = names.take(record);
            boolean stored = false;
            try {
                Path directory = store(new Rendering(record, taken.name(), artifacts));
                if (directory != null) {
                    directories.put(Attempt.of(record), directory);
                }
                stored = true;
            } catch (IOException | BrokenResultsException e) {
                throw failure(record, artifacts, e);
            } finally {
                if (!stored) {
                    names.giveBack(taken);
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
     * Completes the file for its readers: it is whole after each {@link #ingest} already, but for what a full disk has
     * torn and could not be cut off at once, and for a compressed file without any results, which needs an end.
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
            try (lock;
                    file) {
                complete();
            }
        } catch (IOException e) {
            throw incomplete(e);
        } finally {
            appending.unlock();
        }
        AggregationException left = leftOver.get();
        if (left != null) {
            throw left;
        }
    }

    private void complete() throws IOException {
        file.mend();
        if (file.length() == 0 && options.compression() != Compression.NONE) {
            try (Spool nothing = new Spool(files)) {
                options.compression().compress(nothing, 0).close();
                file.append(nothing);
            }
        }
    }

    private AggregationException incomplete(IOException why) {
        return new AggregationException(
                "could not complete " + results + ": " + why.getMessage() + "; what was ingested is in it", why);
    }

    /** {@return the directory that holds the files, or null if there are none} */
    private @Nullable Path store(Rendering test) throws IOException {
        Path source = test.files();
        Path target = files.resolve(test.directory());
        try (Spool lines = render(test, target, Map.of())) {
            if (source == null) {
                append(lines);
                return null;
            }
            if (!elsewhere) {
                try {
                    return append(test, lines, new Move(source, target));
                } catch (AtomicMoveNotSupportedException e) {
                    // Nothing was done; from now on the files are copied first.
                    elsewhere = true;
                }
            }
            try (Stage stage = Stage.of(source, files, options.fileCompression())) {
                return append(test, lines, new Move(stage.files(), target));
            }
        }
    }

    private record Move(Path source, Path target) {}

    private Spool render(Rendering test, Path target, Map<Path, Path> instead) throws IOException {
        Listing listing = new Listing(target, options.fileCompression().suffix(), instead);
        return test.render(options, listing, files);
    }

    /** {@return the directory that the files are in} */
    private Path append(Rendering test, Spool lines, Move move) throws IOException {
        appending.lock();
        try {
            checkOpen();
            FileTree.Moved moved = tree.move(move.source(), move.target());
            try {
                if (moved.instead().isEmpty()) {
                    append(lines);
                } else {
                    // Something was in the way of a file: the lines have to say where it is.
                    try (Spool again = render(test, move.target(), moved.instead())) {
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

    private void append(Spool lines) throws IOException {
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
            // The results are stored: that is no failure of ingest. But it should not go unseen.
            leftOver.compareAndSet(
                    null,
                    new AggregationException(
                            "all results are stored, but could not delete " + artifacts + ": " + e.getMessage()
                                    + "; delete it by hand",
                            e));
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the aggregator of " + results + " is closed");
        }
    }

    private AggregationException failure(TestRecord record, Artifacts artifacts, Exception why) {
        return new AggregationException(
                "could not store the results of " + record.name() + " on " + record.platform() + " in " + results + ": "
                        + why.getMessage() + "; nothing of them was stored, and " + artifacts
                        + " can be given again once that is mended",
                why);
    }

    private static void checkEmpty(LeftResults left, Path path) throws IOException {
        if (!left.isEmpty(path)) {
            throw new AggregationException(
                    "could not open " + path + " for results: there is something in it already; choose another, delete"
                            + " it, or continue it by JsonLinesOptions.withResume()",
                    null);
        }
    }

    @Override
    public String toString() {
        return "results in " + results;
    }
}
