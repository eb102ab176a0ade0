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
import org.jspecify.annotations.Nullable;

/**
 * Writes a JUnit XML file that is whole at any time: about half a second after a result it is made anew beside the file,
 * and put in its place at once (less often where that takes long: it has a fifth of the time at most).
 *
 * <p>What {@link #ingest} returned for is in a journal beside the file, {@code <file>.journal}, and survives the end of this
 * program, however it ends; {@link #render} or {@linkplain JUnitXmlOptions#withResume() continuing} completes the file from
 * it. {@link #close()} completes the file and deletes the journal. Neither is synced to the disk.
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
    private final Journal journal;
    private final Renderer renderer;
    private final Refresher refresher;
    private final ReentrantLock lock = new ReentrantLock();
    private final Report report;
    private final Set<String> underWay = new HashSet<>();
    private final AtomicReference<@Nullable AggregationException> leftOver = new AtomicReference<>();
    private volatile boolean closed;

    private JUnitXmlAggregator(Path path, JUnitXmlOptions options) throws IOException {
        this.path = path;
        this.options = options;
        Path parent = path.getParent();
        scratch = parent == null ? path : parent;
        report = new Report();
        Path beside = Journal.beside(path);
        if (options.resume() && Files.exists(beside)) {
            Journal.Contents contents = Journal.read(beside, report::add);
            checkProfile(contents.profile());
            journal = Journal.resume(beside, contents.end());
        } else {
            journal = Journal.create(beside, options.profile());
        }
        renderer = new Renderer(path, beside, options.profile());
        try {
            renderer.render(report.snapshot());
        } catch (IOException e) {
            journal.close();
            throw e;
        }
        refresher = new Refresher("report " + path.getFileName(), this::refresh);
    }

    /**
     * {@return an aggregator with the {@linkplain JUnitXmlOptions#defaults() usual options}}
     *
     * @param path the file; new, or empty
     * @throws AggregationException if there is something already, or it cannot be made
     */
    public static JUnitXmlAggregator open(Path path) {
        return open(path, JUnitXmlOptions.defaults());
    }

    /**
     * {@return an aggregator}
     *
     * @param path the file; new or empty, unless the options say to continue a run and its journal is there
     * @param options what it is to do otherwise
     * @throws AggregationException if there is something already, if what is to be continued cannot be read, or if it
     *     cannot be made
     */
    public static JUnitXmlAggregator open(Path path, JUnitXmlOptions options) {
        Path file = path.toAbsolutePath().normalize();
        try {
            checkEmpty(file, options);
            Files.createDirectories(file.resolveSibling("."));
            return new JUnitXmlAggregator(file, options);
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
        try (Case rendered = CaseRenderer.render(options, new CaseRenderer.Subject(record, name, artifacts), scratch)) {
            byte[] description = Attempt.describe(record, name, rendered);
            lock.lock();
            try {
                checkOpen();
                report.add(journal.append(description, rendered));
            } finally {
                lock.unlock();
            }
        } catch (IOException | BrokenResultsException e) {
            throw new AggregationException(
                    "could not store the results of " + record.test() + " on " + record.platform() + " for " + path
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
        try (journal) {
            renderer.render(report.snapshot());
            journal.delete();
        } catch (IOException e) {
            throw new AggregationException(
                    "could not complete " + path + ": " + e.getMessage() + "; all results are in "
                            + Journal.beside(path) + ", and JUnitXmlAggregator.render(path) completes it",
                    e);
        }
        AggregationException left = leftOver.get();
        if (left != null) {
            throw left;
        }
    }

    private void refresh() {
        Map<String, List<Attempt[]>> snapshot;
        lock.lock();
        try {
            snapshot = report.snapshot();
        } finally {
            lock.unlock();
        }
        try {
            renderer.render(snapshot);
        } catch (IOException e) {
            // The file stays as it was, and all results are in the journal: the next time, or close(), may do better.
            refresher.changed();
        }
    }

    /** {@return the name that the test goes by, which is the caller's until it gives it back} */
    private String take(TestRecord record) {
        lock.lock();
        try {
            checkOpen();
            String name = record.test();
            for (int i = 1; isTaken(record, name); i++) {
                if (!options.duplicates()) {
                    throw new AggregationException(
                            "could not store the results of " + name + " on " + record.platform()
                                    + ": there are results of a test of that name already; name tests differently, or"
                                    + " allow duplicates by JUnitXmlOptions.withDuplicates()",
                            null);
                }
                name = record.test() + " (" + i + ")";
            }
            underWay.add(key(record, name));
            return name;
        } finally {
            lock.unlock();
        }
    }

    private boolean isTaken(TestRecord record, String name) {
        return underWay.contains(key(record, name)) || report.isComplete(record.platform(), name);
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

    private static void checkEmpty(Path file, JUnitXmlOptions options) throws IOException {
        boolean journal = Files.exists(Journal.beside(file), LinkOption.NOFOLLOW_LINKS);
        if (journal && !options.resume()) {
            throw new AggregationException(
                    "could not open " + file + " for results: " + Journal.beside(file)
                            + " is of a run that did not end properly; complete its file by"
                            + " JUnitXmlAggregator.render(path) and delete it, continue it by"
                            + " JUnitXmlOptions.withResume(), or choose another file",
                    null);
        }
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
