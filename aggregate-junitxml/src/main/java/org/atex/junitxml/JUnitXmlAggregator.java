package org.atex.junitxml;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
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
import org.atex.artifacts.BrokenResultsException;
import org.atex.artifacts.WriterLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes a JUnit XML file that is whole at any time: about half a second after a result it is made anew beside the file,
 * and put in its place at once (less often where that takes long: it has a fifth of the time at most).
 *
 * <p>What {@link #ingest} returned for is in a journal beside the file, {@code <file>.journal}, and survives the end of this
 * program, however it ends; {@link #render}, {@linkplain JUnitXmlOptions#withResume() continuing}, or the next opening of
 * the same file completes the file from it. {@link #flush()} completes the file; {@link #close()} also deletes the journal.
 * Neither is synced to the disk. While it is open, nobody else can write the same file: a file {@code <file>.lock} says so.
 *
 * <p>Each platform is a suite, each test a case, and each of its subtests another; the attempts at a test are one case.
 * Memory grows with the number of tests, not with their output. The artifacts are deleted when their results are stored.
 *
 * <p>Lifecycle: ready when {@link #open} returns it, until {@link #close()}. It has one daemon thread.
 *
 * <p>Thread safety: every method may be called from any thread. Tests are read and rendered side by side; only appending to
 * the journal happens one after the other. No call reacts to interrupts.
 */
public final class JUnitXmlAggregator implements Aggregator {
    private final Path path;
    private final Path scratch;
    private final JUnitXmlOptions options;
    private final WriterLock writerLock;
    private final Journal journal;
    private final Renderer renderer;
    private final Refresher refresher;
    private final ReentrantLock lock = new ReentrantLock();

    /** Held while the file is made; taken before the other. */
    private final ReentrantLock rendering = new ReentrantLock();

    private final Report report;
    private final Set<String> underWay = new HashSet<>();
    private final AtomicReference<@Nullable AggregationException> leftOver = new AtomicReference<>();
    private volatile boolean closed;

    /** How many attempts the file has; changed while rendering only. */
    private long rendered = -1;

    private JUnitXmlAggregator(Path path, JUnitXmlOptions options, WriterLock writerLock) throws IOException {
        this.path = path;
        this.options = options;
        this.writerLock = writerLock;
        Path parent = path.getParent();
        scratch = parent == null ? path : parent;
        report = new Report();
        Path beside = Journal.beside(path);
        if (options.resume() && Files.exists(beside) && !Journal.isBlank(beside)) {
            Journal.Contents contents = Journal.read(beside, report::add);
            checkProfile(contents.profile());
            report.beginRun();
            journal = Journal.resume(beside, contents.end());
        } else {
            journal = Journal.create(beside, options.profile());
        }
        renderer = new Renderer(path, beside, options.profile());
        try {
            render();
        } catch (IOException | RuntimeException e) {
            journal.close();
            throw e;
        }
        refresher = new Refresher("report " + path.getFileName(), this::refresh);
    }

    /**
     * {@return an aggregator with the {@linkplain JUnitXmlOptions#defaults() usual options}}
     *
     * @param path the file; new, or empty, or left by a run that did not close it
     * @throws AggregationException if there is something else already, if another aggregator writes it, or if it cannot be
     *     made
     */
    public static JUnitXmlAggregator open(Path path) {
        return open(path, JUnitXmlOptions.defaults());
    }

    /**
     * {@return an aggregator}
     *
     * <p>Unless the options say to continue it, the report of a run that did not close it (it was killed, or its program
     * ended before) is completed from its journal, renamed to {@code <file>.1}, or the next number that is free, and a
     * warning is logged.
     *
     * @param path the file; new, or empty, or with the journal of a run that did not close it
     * @param options what it is to do otherwise
     * @throws AggregationException if there is something else already, if another aggregator writes it, if what is to be
     *     continued cannot be read, or if it cannot be made
     */
    public static JUnitXmlAggregator open(Path path, JUnitXmlOptions options) {
        Path file = path.toAbsolutePath().normalize();
        try {
            Files.createDirectories(file.resolveSibling("."));
            WriterLock lock = WriterLock.of(file);
            try {
                if (!options.resume()) {
                    new LeftReport(file).putAside();
                }
                checkEmpty(file);
                return new JUnitXmlAggregator(file, options, lock);
            } catch (IOException | RuntimeException e) {
                lock.release();
                throw e;
            }
        } catch (IOException e) {
            throw new AggregationException("could not open " + file + " for results: " + e.getMessage(), e);
        }
    }

    /**
     * Completes the file of a run that did not end properly from the journal that it left, which stays as it is.
     *
     * @param path the file
     * @return whether there was a journal; if not, the run ended properly, or never was
     * @throws AggregationException if the journal cannot be read, or the file cannot be written
     */
    public static boolean render(Path path) {
        Path file = path.toAbsolutePath().normalize();
        Path journal = Journal.beside(file);
        if (Files.notExists(journal)) {
            return false;
        }
        try {
            Report report = new Report();
            Journal.Contents contents = Journal.read(journal, report::add);
            new Renderer(file, journal, contents.profile()).render(report.snapshot());
            return true;
        } catch (IOException e) {
            throw new AggregationException(
                    "could not complete " + file + " from " + journal + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void ingest(TestRecord record, Artifacts artifacts) {
        String name = take(record);
        try (Case one = CaseRenderer.render(options, new CaseRenderer.Subject(record, name, artifacts), scratch)) {
            lock.lock();
            try {
                checkOpen();
                byte[] description = Attempt.describe(record, name, report.number(record, name), one);
                report.add(journal.append(description, one));
            } finally {
                lock.unlock();
            }
        } catch (IOException | BrokenResultsException e) {
            throw new AggregationException(
                    "could not store the results of " + record.name() + " on " + record.platform() + " for " + path
                            + ": "
                            + e.getMessage() + "; nothing of them was stored, and " + artifacts
                            + " can be given again once that is mended",
                    e);
        } finally {
            giveBack(record, name);
        }
        refresher.changed();
        delete(artifacts);
    }

    /**
     * Completes the file with all that was ingested so far. The journal stays until {@link #close()}: if that is never
     * called, the next opening finds a file that is complete.
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
        AggregationException left = leftOver.get();
        if (left != null) {
            throw left;
        }
    }

    private AggregationException incomplete(IOException why) {
        return new AggregationException(
                "could not complete " + path + ": " + why.getMessage() + "; all results are in " + Journal.beside(path)
                        + ", and JUnitXmlAggregator.render(path) completes it",
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
            // The file stays as it was, and all results are in the journal: the next time, or close(), may do better.
            refresher.changed();
        }
    }

    /** Makes the file anew, if there is anything that it has not. */
    private void render() throws IOException {
        rendering.lock();
        try {
            Map<String, List<Attempt[]>> snapshot;
            long size;
            lock.lock();
            try {
                snapshot = report.snapshot();
                size = report.size();
            } finally {
                lock.unlock();
            }
            if (size != rendered) {
                renderer.render(snapshot);
                rendered = size;
            }
        } finally {
            rendering.unlock();
        }
    }

    /** {@return the name that the test goes by, which is the caller's until it gives it back} */
    private String take(TestRecord record) {
        lock.lock();
        try {
            checkOpen();
            String name = record.name();
            for (int i = 1; isTaken(record, name); i++) {
                if (!options.duplicates()) {
                    throw new AggregationException(
                            "could not store the results of " + name + " on " + record.platform()
                                    + ": there are results of a test of that name already; name tests differently, or"
                                    + " allow duplicates by JUnitXmlOptions.withDuplicates()",
                            null);
                }
                name = record.name() + " (" + i + ")";
            }
            underWay.add(key(record, name));
            return name;
        } finally {
            lock.unlock();
        }
    }

    private boolean isTaken(TestRecord record, String name) {
        return underWay.contains(key(record, name)) || report.isTaken(record, name);
    }

    private void giveBack(TestRecord record, String name) {
        lock.lock();
        try {
            underWay.remove(key(record, name));
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
            throw new IllegalStateException("the aggregator of " + path + " is closed");
        }
    }

    private void checkProfile(Profile before) {
        if (before != options.profile()) {
            throw new AggregationException(
                    "could not continue " + path + ": it was begun with the profile " + before + ", not "
                            + options.profile() + "; choose that one, or another file",
                    null);
        }
    }

    private static void checkEmpty(Path file) throws IOException {
        boolean journal = Files.exists(Journal.beside(file), LinkOption.NOFOLLOW_LINKS);
        if (!journal && Files.exists(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) > 0) {
            throw new AggregationException(
                    "could not open " + file + " for results: there is something in it already, and no journal to"
                            + " continue from; choose another, or delete it",
                    null);
        }
    }

    @Override
    public String toString() {
        return "results in " + path;
    }
}
