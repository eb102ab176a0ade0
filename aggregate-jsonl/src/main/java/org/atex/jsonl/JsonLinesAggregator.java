package org.atex.jsonl;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.atex.artifacts.AppendFile;
import org.atex.artifacts.BrokenResultsException;
import org.atex.artifacts.Spool;
import org.jspecify.annotations.Nullable;

/**
 * Writes one JSON array a result, {@code [platform, status, test, subtest|null, [files], note|null]}, each on a line of its
 * own, and moves the tests' files to {@code <platform>/<test>/} in a directory.
 *
 * <p>A test's results are all stored or none; memory does not grow with their number. When {@link #ingest} returns, they
 * survive the end of this program, however it ends; they are synced to the disk only if
 * {@linkplain JsonLinesOptions#withSync() so wished}. A program that is killed may leave one torn line at the end of the
 * file, which the next opening {@linkplain JsonLinesOptions#withResume() to continue it} drops.
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
    private final AppendFile file;
    private final FileTree tree;
    private final ReentrantLock appending = new ReentrantLock();
    private final AtomicReference<@Nullable AggregationException> leftOver = new AtomicReference<>();
    private volatile boolean closed;

    /** Whether renaming is known not to do. */
    private volatile boolean elsewhere;

    private JsonLinesAggregator(Path results, Path files, JsonLinesOptions options) throws IOException {
        this.results = results;
        this.files = files;
        this.options = options;
        names = new Names(options.duplicates());
        tree = new FileTree(files);
        elsewhere = options.fileCompression() != Compression.NONE;
        file = new ResultsFile(results, files, options).open(names);
    }

    /**
     * {@return an aggregator with the {@linkplain JsonLinesOptions#defaults() usual options}}
     *
     * @param results the file for the results; new, or empty
     * @param files the directory for the tests' files; new, or empty
     * @throws AggregationException if there is something already, or they cannot be made
     */
    public static JsonLinesAggregator open(Path results, Path files) {
        return open(results, files, JsonLinesOptions.defaults());
    }

    /**
     * {@return an aggregator}
     *
     * @param results the file for the results; new or empty, unless the options say to continue it
     * @param files the directory for the tests' files; likewise
     * @param options what it is to do otherwise
     * @throws AggregationException if there is something already, if what is to be continued cannot be read, or if they
     *     cannot be made
     */
    public static JsonLinesAggregator open(Path results, Path files, JsonLinesOptions options) {
        Path file = results.toAbsolutePath().normalize();
        Path directory = files.toAbsolutePath().normalize();
        try {
            if (!options.resume()) {
                checkEmpty(file);
                checkEmpty(directory);
            }
            Files.createDirectories(file.getParent());
            Files.createDirectories(directory);
            Stage.sweep(directory);
            return new JsonLinesAggregator(file, directory, options);
        } catch (IOException e) {
            throw new AggregationException(
                    "could not open " + file + " and " + directory + " for results: " + e.getMessage(), e);
        }
    }

    @Override
    public void ingest(TestRecord record, Artifacts artifacts) {
        checkOpen();
        if (record.last() || options.earlierAttempts()) {
            String name = names.take(record);
            boolean stored = false;
            try {
                store(new Rendering(record, name, artifacts));
                stored = true;
            } catch (IOException | BrokenResultsException e) {
                throw failure(record, artifacts, e);
            } finally {
                if (!stored) {
                    names.giveBack(record.platform(), name);
                }
            }
        }
        delete(artifacts);
    }

    @Override
    public void close() {
        appending.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            file.close();
        } catch (IOException e) {
            throw new AggregationException("could not close " + results + ": " + e.getMessage(), e);
        } finally {
            appending.unlock();
        }
        AggregationException left = leftOver.get();
        if (left != null) {
            throw left;
        }
    }

    private void store(Rendering test) throws IOException {
        Path source = test.files();
        Path target = files.resolve(test.directory());
        try (Spool lines = render(test, target, Map.of())) {
            if (source == null) {
                append(lines);
            } else if (elsewhere || !isAppended(test, lines, new Move(source, target))) {
                elsewhere = true;
                try (Stage stage = Stage.of(source, files, options.fileCompression())) {
                    append(test, lines, new Move(stage.files(), target));
                }
            }
        }
    }

    private record Move(Path source, Path target) {}

    private Spool render(Rendering test, Path target, Map<Path, Path> instead) throws IOException {
        Listing listing = new Listing(target, options.fileCompression().suffix(), instead);
        return test.render(options, listing, files);
    }

    /** {@return whether the files could be renamed; if not, nothing was done} */
    private boolean isAppended(Rendering test, Spool lines, Move move) throws IOException {
        try {
            append(test, lines, move);
            return true;
        } catch (AtomicMoveNotSupportedException e) {
            return false;
        }
    }

    private void append(Rendering test, Spool lines, Move move) throws IOException {
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
                "could not store the results of " + record.test() + " on " + record.platform() + " in " + results + ": "
                        + why.getMessage() + "; nothing of them was stored, and " + artifacts
                        + " can be given again once that is mended",
                why);
    }

    private static void checkEmpty(Path path) throws IOException {
        boolean empty;
        if (Files.isDirectory(path)) {
            try (Stream<Path> entries = Files.list(path)) {
                empty = entries.findAny().isEmpty();
            }
        } else {
            empty = Files.notExists(path, LinkOption.NOFOLLOW_LINKS) || Files.size(path) == 0;
        }
        if (!empty) {
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
