package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.atex.support.Refresher;
import org.jspecify.annotations.Nullable;

/**
 * A file of results that is complete at any time, for aggregators. About 500 ms after a result, a new file is written
 * beside the old one and replaces it atomically. If writing takes long it is done less often, for at most a fifth of
 * the time.
 *
 * <p>When {@link #ingest} returns, the results are in a journal beside the file, {@code <file>.journal}, and survive a
 * crash of this program. The file is completed from the journal by {@link #recover}, by the next {@link #open} of the
 * same file, and by continuing it. {@link #flush()} completes the file; {@link #close()} also deletes the journal.
 * Neither file is synced to the disk. A lock on the file {@code <file>.lock} prevents other writers while the report is
 * open. Memory use grows with the number of attempts, not with their output.
 *
 * <p>Lifecycle: open from the return of {@link #open} until {@link #close()}. Uses one daemon thread.
 *
 * <p>Thread safety: all methods are thread-safe. Attempts are read and rendered in parallel; only writes to the journal
 * are serialized. No method reacts to interrupts.
 *
 * @param <A> the data of an attempt that are kept in memory
 */
public final class JournaledReport<A extends ReportAttempt> implements Aggregator {
    private static final Duration REFRESH_PAUSE = Duration.ofMillis(500);

    private final Path path;
    private final Path scratch;
    private final ReportFormat<A> format;
    private final boolean duplicates;
    private final WriterLock writerLock;
    private final ReportJournal<A> journal;
    private final Refresher refresher;

    /** Guards the journal, the report and the names in use. Held for short writes only. */
    private final ReentrantLock lock = new ReentrantLock();

    /**
     * Serializes the writes of the file, so that an older one cannot replace a newer one. Acquired before {@link
     * #lock}.
     */
    private final ReentrantLock rendering = new ReentrantLock();

    /** Guarded by {@link #lock}, except in the constructor. */
    private ReportAttempts<A> report;

    /** The number of attempts before the run that did not close the report. */
    private final long firstLeft;

    /** The attempts of the run that this one resumes; does not change. */
    private volatile @Nullable ReportAttempts<A> left;

    /** The names of the tests that are being ingested. */
    private final Set<String> ingesting = new HashSet<>();

    private final AtomicReference<@Nullable AggregationException> deleteFailure = new AtomicReference<>();
    private volatile boolean closed;

    /** Incremented by each change. Guarded by {@link #lock}. */
    private long version;

    /** The version of the file, -1 before the first write. Guarded by {@link #rendering}. */
    private long rendered = -1;

    private JournaledReport(
            ReportFormat<A> format, Path path, boolean resume, boolean duplicates, WriterLock writerLock)
            throws IOException {
        this.format = format;
        this.path = path;
        this.duplicates = duplicates;
        this.writerLock = writerLock;
        Path parent = path.getParent();
        scratch = parent == null ? path : parent;
        report = new ReportAttempts<>();
        Path beside = ReportJournal.beside(path);
        firstLeft = writerLock.note().matches("\\d{1,18}") ? Long.parseLong(writerLock.note()) : Long.MAX_VALUE;
        if (resume && Files.exists(beside) && !ReportJournal.isBlank(beside)) {
            ReportJournal.Contents contents = ReportJournal.read(format, beside, report::add);
            checkVariant(contents.variant());
            report.beginRun();
            journal = ReportJournal.resume(format, beside, contents.end());
        } else {
            journal = ReportJournal.create(format, beside);
        }
        try {
            render();
        } catch (IOException | RuntimeException e) {
            journal.close();
            throw e;
        }
        refresher = new Refresher("report " + path.getFileName(), REFRESH_PAUSE, this::refresh);
    }

    /**
     * {@return a report}
     *
     * <p>Unless it is continued, the report of a run that did not close it, because its program was killed or ended
     * before, is completed from its journal and renamed to {@code <file>.1}, or the next number that is free. A warning
     * is logged.
     *
     * @param format the format
     * @param path the file: missing, empty, or with the journal of a run that did not close it
     * @param resume whether to continue the report of a run that did not close it, if there is one
     * @param duplicates whether to accept a test again for the same platform, as {@code name (1)} and so on
     * @param <A> the data of an attempt that are kept in memory
     * @throws AggregationException if the file has other content, another aggregator writes it, the journal to continue
     *     cannot be read, or the file cannot be created
     */
    public static <A extends ReportAttempt> JournaledReport<A> open(
            ReportFormat<A> format, Path path, boolean resume, boolean duplicates) {
        Path file = path.toAbsolutePath().normalize();
        try {
            return WriterLock.open(file, lock -> {
                if (!resume) {
                    new UnclosedReport<>(format, file).rename();
                }
                checkEmpty(file);
                return new JournaledReport<>(format, file, resume, duplicates, lock);
            });
        } catch (IOException e) {
            throw new AggregationException("could not open " + file + " to write results: " + e.getMessage(), e);
        }
    }

    /**
     * Completes the file of a run that did not close it from its journal, which is left unchanged.
     *
     * @param format the format
     * @param path the file
     * @param <A> the data of an attempt that are kept in memory
     * @return true if there was a journal; false if the file was closed, or never written
     * @throws AggregationException if the journal cannot be read, or the file cannot be written
     */
    public static <A extends ReportAttempt> boolean recover(ReportFormat<A> format, Path path) {
        Path file = path.toAbsolutePath().normalize();
        Path journal = ReportJournal.beside(file);
        if (Files.notExists(journal)) {
            return false;
        }
        try {
            ReportAttempts<A> report = new ReportAttempts<>();
            ReportJournal.Contents contents = ReportJournal.read(format, journal, report::add);
            ReportFile.write(format.ofLeft(), contents.variant(), file, report.snapshot());
            return true;
        } catch (IOException e) {
            throw new AggregationException(
                    "could not complete " + file + " from " + journal + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void resume() {
        lock.lock();
        try {
            checkOpen();
            ReportAttempts<A> whole = new ReportAttempts<>();
            ReportAttempts<A> stored = new ReportAttempts<>();
            if (!ReportJournal.isBlank(ReportJournal.beside(path))) {
                ReportJournal.Contents unused = ReportJournal.read(format, ReportJournal.beside(path), attempt -> {
                    if (whole.size() == firstLeft) {
                        whole.beginRun();
                    }
                    whole.add(attempt);
                    if (whole.size() > firstLeft) {
                        stored.add(attempt);
                    }
                });
            }
            if (whole.size() <= firstLeft) {
                whole.beginRun();
            }
            writerLock.resumeRun(Long.toString(Math.min(firstLeft, whole.size())));
            report = whole;
            left = stored;
        } catch (IOException e) {
            throw new AggregationException("could not resume a run in " + path + ": " + e.getMessage(), e);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void ingest(TestRecord record, Artifacts artifacts) {
        ReportAttempts<A> before = left;
        if (before != null && before.isStored(record, record.name())) {
            delete(artifacts);
            return;
        }
        String name = reserveName(record);
        try (ReportFormat.Rendered one = format.render(record, name, artifacts, scratch)) {
            // Rendered without the lock, so that tests are rendered in parallel. The aggregator may have been closed
            // since.
            lock.lock();
            try {
                checkOpen();
                byte[] description = one.describe(report.number(record, name));
                report.add(journal.append(description, one.parts()));
                version++;
                one.stored();
            } finally {
                lock.unlock();
            }
        } catch (IOException | BrokenResultsException e) {
            throw new AggregationException(
                    "could not store the results of " + record.name() + " on " + record.platform() + " for " + path
                            + ": "
                            + e.getMessage() + "; no part of them was stored: fix the cause, and ingest " + artifacts
                            + " again",
                    e);
        } finally {
            releaseName(record, name);
        }
        refresher.changed();
        delete(artifacts);
    }

    /**
     * Completes the file with all results ingested so far. The journal is kept until {@link #close()}. If {@code close}
     * is never called, the file is nevertheless complete.
     */
    @Override
    public void flush() {
        if (closed) {
            return;
        }
        try {
            render();
        } catch (IOException e) {
            throw incomplete(e);
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
        } finally {
            lock.unlock();
        }
        // Ends the thread first: a later write of the file would need the journal, which is deleted below.
        refresher.close();
        try {
            try (journal) {
                render();
            }
            journal.delete();
            writerLock.close();
        } catch (IOException e) {
            throw abandoned(incomplete(e));
        }
        AggregationException failure = deleteFailure.get();
        if (failure != null) {
            throw failure;
        }
    }

    /** Requests a new file, as the format has another state: it is written about 500 ms later. */
    public void changed() {
        lock.lock();
        try {
            version++;
        } finally {
            lock.unlock();
        }
        refresher.changed();
    }

    private AggregationException incomplete(IOException why) {
        return new AggregationException(
                "could not complete " + path + ": " + why.getMessage() + "; all results are in "
                        + ReportJournal.beside(path) + ", call " + format.aggregator()
                        + ".recover(path) to complete the file",
                why);
    }

    private AggregationException abandoned(AggregationException failure) {
        try {
            writerLock.release();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
        return failure;
    }

    private void refresh() {
        try {
            render();
        } catch (IOException e) {
            // The old file is kept and all results are in the journal. Try again later; close() reports a lasting
            // failure.
            refresher.changed();
        }
    }

    /** Writes the file if attempts were added since it was last written. */
    private void render() throws IOException {
        rendering.lock();
        try {
            Map<String, List<List<A>>> snapshot;
            long current;
            lock.lock();
            try {
                snapshot = report.snapshot();
                current = version;
            } finally {
                lock.unlock();
            }
            // Without the lock: results can be ingested while the file is written.
            if (current != rendered) {
                ReportFile.write(format, format.variant(), path, snapshot);
                rendered = current;
            }
        } finally {
            rendering.unlock();
        }
    }

    /**
     * Reserves a name for a test.
     *
     * @return the name in the report
     */
    private String reserveName(TestRecord record) {
        lock.lock();
        try {
            checkOpen();
            writerLock.beginRun(Long.toString(report.size()));
            String name = record.name();
            for (int i = 1; isUsed(record, name); i++) {
                if (!duplicates) {
                    throw new AggregationException(
                            "could not store the results of " + name + " on " + record.platform()
                                    + ": results of a test with this name are already stored; rename one of the tests,"
                                    + " or allow duplicates with " + format.options() + ".withDuplicates()",
                            null);
                }
                name = record.name() + " (" + i + ")";
            }
            ingesting.add(key(record, name));
            return name;
        } finally {
            lock.unlock();
        }
    }

    private boolean isUsed(TestRecord record, String name) {
        return ingesting.contains(key(record, name)) || report.isStored(record, name);
    }

    private void releaseName(TestRecord record, String name) {
        lock.lock();
        try {
            ingesting.remove(key(record, name));
        } finally {
            lock.unlock();
        }
    }

    private static String key(TestRecord record, String name) {
        return record.platform().length() + ":" + record.platform() + name;
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
            throw new IllegalStateException("the aggregator for " + path + " is closed");
        }
    }

    private void checkVariant(String before) {
        if (!before.equals(format.variant())) {
            throw new AggregationException(
                    "could not continue " + path + ": it was written with the profile " + before + ", not "
                            + format.variant() + "; choose " + before + ", or another file",
                    null);
        }
    }

    private static void checkEmpty(Path file) throws IOException {
        boolean journal = Files.exists(ReportJournal.beside(file), LinkOption.NOFOLLOW_LINKS);
        if (!journal && Files.exists(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) > 0) {
            throw new AggregationException(
                    "could not open " + file + " to write results: it is not empty, and has no journal to continue"
                            + " from; choose another file, or delete it",
                    null);
        }
    }

    /** {@return the file} */
    @Override
    public String toString() {
        return "results in " + path;
    }
}
