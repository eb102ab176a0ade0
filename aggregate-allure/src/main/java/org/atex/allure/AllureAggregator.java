package org.atex.allure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.atex.artifacts.BrokenResultsException;
import org.atex.artifacts.WriterLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes results as files of Allure: {@code <uuid>-result.json} for each attempt at a test, and {@code
 * <uuid>-attachment.<extension>} for each of its files. The command {@code allure generate} makes a report of the
 * directory, at any time.
 *
 * <p>When {@link #ingest} returns, the results are in the directory and survive a crash of this program; they are not
 * synced to the disk. Files appear as a whole, and the result after its attachments. A killed program may leave
 * attachments without a result, which reports do not contain. A lock on the file {@code <directory>.lock} prevents other
 * writers while the aggregator is open. {@link #files} is empty, as the files of all attempts are in one directory.
 *
 * <p>Attempts at a test share their history: Allure shows the last one as the result and earlier ones as retries.
 * Memory use does not depend on the number of tests, nor on their output.
 *
 * <p>Lifecycle: open from the return of {@link #open} until {@link #close()}. {@link #flush()} has nothing to do.
 *
 * <p>Thread safety: all methods are thread-safe, and tests are stored in parallel. No method reacts to interrupts.
 */
public final class AllureAggregator implements Aggregator {
    private final ResultsDirectory directory;
    private final AllureOptions options;
    private final WriterLock writerLock;
    /** Replaced before the first attempt if an earlier run is resumed. */
    private volatile UUID run = UUID.randomUUID();

    /** The results of a resumed run that this aggregator has written itself; null if no run was resumed. */
    private volatile @Nullable Set<UUID> written;

    private final EarlierAttempts earlier = new EarlierAttempts();

    /** The results that are being written. */
    private final Set<UUID> ingesting = ConcurrentHashMap.newKeySet();

    /** Held shared by each {@link #ingest}: {@link #close()} waits for them, as the next writer may follow. */
    private final ReadWriteLock open = new ReentrantReadWriteLock();

    private final AtomicReference<@Nullable AggregationException> deleteFailure = new AtomicReference<>();

    /** Guarded by {@link #open}. */
    private boolean closed;

    private AllureAggregator(ResultsDirectory directory, AllureOptions options, WriterLock writerLock) {
        this.directory = directory;
        this.options = options;
        this.writerLock = writerLock;
    }

    @Override
    public void resume() {
        UUID left = leftRun();
        writerLock.resumeRun(left.toString());
        run = left;
        written = ConcurrentHashMap.newKeySet();
    }

    /** Returns the run that did not close the directory; a new one if that has stored nothing. */
    private UUID leftRun() {
        try {
            return UUID.fromString(writerLock.note());
        } catch (IllegalArgumentException e) {
            return run;
        }
    }

    /** Returns whether the run that this one resumes has stored an attempt. */
    private boolean isStored(AttemptId id) {
        Set<UUID> own = written;
        return own != null && own.add(id.uuid()) && directory.has(id.result());
    }

    /**
     * {@return an aggregator with the {@linkplain AllureOptions#defaults() default options}}
     *
     * @param directory the directory, such as {@code allure-results}: missing, without results, or of a run that did
     *     not close it
     * @throws AggregationException if the directory has other content, another aggregator writes it, or it cannot be
     *     created
     */
    public static AllureAggregator open(Path directory) {
        return open(directory, AllureOptions.defaults());
    }

    /**
     * {@return an aggregator}
     *
     * <p>Without {@link AllureOptions#withResume()}, the directory of a run that did not close it, because its program
     * was killed or ended before, is renamed to {@code <directory>.1}, or the next number that is free. A warning is
     * logged.
     *
     * @param directory the directory: missing, without results, or of a run that did not close it; any directory of
     *     results with {@link AllureOptions#withResume()}. It may already contain {@code history}, {@code
     *     categories.json}, {@code executor.json} and {@code environment.properties}.
     * @param options the options
     * @throws AggregationException if the directory has other content, another aggregator writes it, or it cannot be
     *     created
     */
    public static AllureAggregator open(Path directory, AllureOptions options) {
        Path path = directory.toAbsolutePath().normalize();
        try {
            return WriterLock.open(
                    path, lock -> new AllureAggregator(prepared(path, options, lock.isLeft()), options, lock));
        } catch (IOException e) {
            throw new AggregationException("could not open " + path + " to write results: " + e.getMessage(), e);
        }
    }

    private static ResultsDirectory prepared(Path path, AllureOptions options, boolean unclosed) throws IOException {
        if (Files.exists(path) && !Files.isDirectory(path)) {
            throw new NotDirectoryException(path + " is not a directory; choose another path");
        }
        ResultsDirectory directory = new ResultsDirectory(path);
        if (options.resume()) {
            directory.sweep();
        } else {
            if (unclosed) {
                directory.rename();
            }
            if (!directory.isEmpty()) {
                throw new AggregationException(
                        "could not open " + path + " to write results: it is not empty; choose another directory,"
                                + " delete it, or continue it with AllureOptions.withResume()",
                        null);
            }
        }
        directory.create(options.environment());
        return directory;
    }

    @Override
    public void ingest(TestRecord record, Artifacts artifacts) {
        // Without the lock: this is code of the user.
        TestDetails details = details(record);
        open.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("the aggregator for " + directory + " is closed");
            }
            writerLock.beginRun(run.toString());
            if (isStored(AttemptId.of(run, record, record.name()))) {
                earlier.add(record);
            } else {
                storeReserved(record, details, artifacts);
            }
        } finally {
            open.readLock().unlock();
        }
        delete(artifacts);
    }

    private void storeReserved(TestRecord record, TestDetails details, Artifacts artifacts) {
        AttemptId id = reserve(record);
        try {
            store(id, record, details, artifacts);
        } catch (IOException | BrokenResultsException e) {
            throw new AggregationException(
                    "could not store the results of " + record.name() + " on " + record.platform() + " in "
                            + directory + ": " + e.getMessage()
                            + "; no part of them was stored: fix the cause, and ingest " + artifacts + " again",
                    e);
        } finally {
            ingesting.remove(id.uuid());
        }
    }

    private void store(AttemptId id, TestRecord record, TestDetails details, Artifacts artifacts) throws IOException {
        try (Attachments files = new Attachments(directory, id, artifacts, options.maxAttachmentBytes());
                Rendering rendering = new Rendering(id, record, details, earlier, files)) {
            rendering.read(artifacts);
            directory.write(id.result(), rendering::writeTo);
            files.keep();
        }
        earlier.add(record);
    }

    private TestDetails details(TestRecord record) {
        try {
            return Objects.requireNonNull(options.details().apply(record), "the function returned null");
        } catch (RuntimeException e) {
            log().warn(
                            "could not get the details of {} on {}: {}; its results are stored without details",
                            record.name(),
                            record.platform(),
                            e);
            return TestDetails.none();
        }
    }

    // Not a constant: without a provider, the first logger makes SLF4J print a warning.
    static Logger log() {
        return LoggerFactory.getLogger(AllureAggregator.class);
    }

    /** {@return the identifiers of an attempt, which no other call uses until they are removed from the reserved ones} */
    private AttemptId reserve(TestRecord record) {
        String name = record.name();
        for (int i = 1; ; i++) {
            AttemptId id = AttemptId.of(run, record, name);
            if (ingesting.add(id.uuid())) {
                if (!directory.has(id.result())) {
                    return id;
                }
                ingesting.remove(id.uuid());
            }
            if (!options.duplicates()) {
                throw new AggregationException(
                        "could not store the results of " + name + " on " + record.platform() + ", attempt "
                                + record.attempt()
                                + ": results of a test with this name are already stored; rename one of the tests, or"
                                + " allow duplicates with AllureOptions.withDuplicates()",
                        null);
            }
            name = record.name() + " (" + i + ")";
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

    @Override
    public void close() {
        open.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            writerLock.close();
        } catch (IOException e) {
            throw new AggregationException(
                    "could not mark " + directory + " as closed: " + e.getMessage() + "; all results are stored", e);
        } finally {
            open.writeLock().unlock();
        }
        AggregationException failure = deleteFailure.get();
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public String toString() {
        return "results in " + directory;
    }
}
