package org.atex.html;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.api.TestRecord;
import org.atex.artifacts.AppendFile;
import org.atex.artifacts.BrokenResultsException;
import org.atex.artifacts.PastRun;
import org.atex.artifacts.ReportFiles;
import org.atex.artifacts.WriterLock;
import org.atex.support.Refresher;
import org.jspecify.annotations.Nullable;

/**
 * Writes a run as one HTML file that opens offline, without a server and without requests. As an aggregator it gets the
 * results and files; as a listener of the same run it also gets the running tests, the systems and their times:
 *
 * {@snippet :
 * try (HtmlReport page = HtmlReport.open(Path.of("report.html"));
 *         AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
 *                 .on(systems)
 *                 .with(executors)
 *                 .into(page)
 *                 .listener(page)
 *                 .build()) {
 *     run.run();
 * }
 * }
 *
 * <p>During the run, a new page replaces the old one atomically, at most every 3 s, and for at most a fifth of the time. A
 * browser that shows it loads it again. Text of tests cannot become markup or a script.
 *
 * <p>For an attempt that did not pass, the page contains the failed parts, the last lines and the files. Files that are
 * large or are not text are in a directory beside the page, {@code report-files} for {@code report.html}. {@link #files}
 * is empty.
 *
 * <p>When {@link #ingest} returns, the results are in a journal beside the page, {@code <page>.journal}, and survive a
 * crash of this program. The page is completed from it by {@link #recover}, by the next {@link #open} of the same page,
 * and by {@linkplain HtmlOptions#withResume() continuing} it. {@link #close()} deletes the journal. A lock on the file {@code <page>.lock} prevents other writers while the
 * report is open. Memory use grows with the number of tests, not with their output.
 *
 * <p>Lifecycle: open from the return of {@link #open} until {@link #close()}. Uses one daemon thread.
 *
 * <p>Thread safety: all methods are thread-safe; one report may serve several runs. No method reacts to interrupts.
 */
public final class HtmlReport implements Aggregator, RunListener {
    /** The page is written at least this often while a run goes on, so that readers can tell when its program died. */
    private static final Duration MAX_AGE = Duration.ofSeconds(30);

    private final Path path;
    private final HtmlOptions options;
    private final WriterLock writerLock;
    private final AppendFile journal;
    private final ReportFiles store;
    private final Page page = Page.read();
    private final Refresher refresher;
    private final AtomicLong budget;
    private final AtomicReference<@Nullable AggregationException> deleteFailure = new AtomicReference<>();

    /** Guards the journal, the entries, the state and the attempts. Held for short writes only. */
    private final ReentrantLock lock = new ReentrantLock();

    /** Serializes the writes of the page. Acquired before {@link #lock}. */
    private final ReentrantLock rendering = new ReentrantLock();

    private final Entries entries;
    private final RunState state;
    private final Set<Entries.AttemptKey> attempts = new HashSet<>();

    /** The attempts of a page that is continued, in their order. */
    private final List<Entries.AttemptKey> left;

    /** The number of attempts in the page before the run that did not close it. */
    private final int firstLeft;

    /** The highest attempt at each test in former runs of a page that is continued. */
    private volatile Map<Entries.TestKey, Integer> before;

    /** The attempts that the run that goes on has stored before its program was killed. */
    private volatile Set<Entries.AttemptKey> stored = Set.of();

    /** Incremented by each change. Guarded by {@link #lock}. */
    private long version = 1;

    private volatile boolean closed;
    private volatile long writtenAt;

    /** The version of the page, 0 before the first write. Guarded by {@link #rendering}. */
    private long written;

    /** The running tests in the page. Guarded by {@link #rendering}. */
    private List<String> writtenRunning = List.of();

    private HtmlReport(Path path, HtmlOptions options, WriterLock writerLock) throws IOException {
        this.path = path;
        this.options = options;
        this.writerLock = writerLock;
        store = new ReportFiles(ReportFiles.beside(path));
        LeftEntries earlier = Files.exists(journalOf(path)) ? LeftEntries.read(journalOf(path)) : LeftEntries.none();
        left = List.copyOf(earlier.attempts());
        firstLeft = writerLock.note().matches("\\d{1,9}") ? Integer.parseInt(writerLock.note()) : left.size();
        before = highest(left);
        left.stream().filter(key -> key.attempt() > 0).forEach(attempts::add);
        budget = new AtomicLong(Math.max(0, options.maxTextBytes() - earlier.textBytes()));
        journal = AppendFile.open(journalOf(path));
        entries = new Entries(journal::append, new EarlierRuns(options));
        state = new RunState(entries);
        try {
            journal.truncate(earlier.length());
            entries.follow(earlier);
            render(true);
        } catch (IOException | RuntimeException e) {
            journal.close();
            if (earlier.length() == 0) {
                Files.deleteIfExists(journalOf(path));
            }
            throw e;
        }
        refresher = new Refresher("page " + path.getFileName(), options.pause(), this::refresh);
    }

    /**
     * {@return a report with the {@linkplain HtmlOptions#defaults() default options}}
     *
     * @param page the file, such as {@code report.html}: missing, empty, or of a run that did not close it
     * @throws AggregationException if the file has other content, another report writes it, or it cannot be created
     */
    public static HtmlReport open(Path page) {
        return open(page, HtmlOptions.defaults());
    }

    /**
     * {@return a report}
     *
     * <p>Without {@link HtmlOptions#withResume()}, the page of a run that did not close it, because its program was killed
     * or ended before, is completed and renamed: {@code report.html} to {@code report.1.html}, or the next number that is
     * free. A warning is logged.
     *
     * @param page the file, such as {@code report.html}: missing, empty, or of a run that did not close it
     * @param options the options
     * @throws AggregationException if the file has other content, another report writes it, the journal to continue is
     *     damaged, or the file cannot be created
     */
    public static HtmlReport open(Path page, HtmlOptions options) {
        Path file = page.toAbsolutePath().normalize();
        try {
            return WriterLock.open(file, lock -> {
                boolean isContinued = options.resume() && Files.exists(journalOf(file));
                if (!isContinued) {
                    new UnclosedPage(file).rename();
                    requireEmpty(file);
                }
                return new HtmlReport(file, options, lock);
            });
        } catch (IOException e) {
            throw new AggregationException("could not open " + file + " to write a page: " + e.getMessage(), e);
        }
    }

    private static void requireEmpty(Path file) throws IOException {
        Path files = ReportFiles.beside(file);
        boolean isUsed = Files.exists(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) > 0;
        if (isUsed || Files.exists(files, LinkOption.NOFOLLOW_LINKS)) {
            throw new AggregationException(
                    "could not open " + file + " to write a page: " + (isUsed ? "it is not empty" : files + " exists")
                            + "; choose another file, or delete it and " + files,
                    null);
        }
    }

    /**
     * Completes the page of a run that did not close it from its journal, which is left unchanged.
     *
     * @param page the file
     * @return true if there was a journal; false if the page was closed, or never written
     * @throws AggregationException if the journal is damaged, or the page cannot be written
     */
    public static boolean recover(Path page) {
        Path file = page.toAbsolutePath().normalize();
        if (Files.notExists(journalOf(file))) {
            return false;
        }
        try {
            new UnclosedPage(file).write(file);
            return true;
        } catch (IOException e) {
            throw new AggregationException(
                    "could not complete " + file + " from " + journalOf(file) + ": " + e.getMessage(), e);
        }
    }

    /**
     * Writes the page of a kept run, in place of an older page and its files. It has what the run has kept: the events of
     * systems are missing, and files as well if only the journal was kept.
     *
     * @param run the run
     * @param page the file, such as {@code report.html}
     * @throws AggregationException if the page cannot be written, or another report writes it
     */
    public static void write(PastRun run, Path page) {
        write(run, page, HtmlOptions.defaults());
    }

    /**
     * Writes the page of a kept run, in place of an older page and its files. It has what the run has kept: the events of
     * systems are missing, and files as well if only the journal was kept.
     *
     * @param run the run
     * @param page the file, such as {@code report.html}
     * @param options the options
     * @throws AggregationException if the page cannot be written, or another report writes it
     */
    public static void write(PastRun run, Path page, HtmlOptions options) {
        Path file = page.toAbsolutePath().normalize();
        try {
            Files.createDirectories(file.resolveSibling("."));
            WriterLock lock = WriterLock.of(file);
            try {
                if (Files.exists(journalOf(file))) {
                    throw new IOException("it belongs to a run that did not close it; choose another file, or complete"
                            + " it with HtmlReport.recover");
                }
                ReportFiles store = new ReportFiles(ReportFiles.beside(file));
                if (Files.exists(file)) {
                    store.delete();
                } else {
                    requireEmpty(file);
                }
                ByteArrayOutputStream lines = new ByteArrayOutputStream();
                new PastEntries(run, options, store, lines::writeBytes).add();
                String now = now(file, options.title(), false).end();
                Page.read().write(file, new ByteArrayInputStream(lines.toByteArray()), lines.size(), now);
            } finally {
                lock.release();
            }
        } catch (IOException e) {
            throw new AggregationException(
                    "could not write the run in " + run.directory() + " as " + file + ": " + e.getMessage(), e);
        }
    }

    static Path journalOf(Path page) {
        return page.resolveSibling(page.getFileName() + ".journal");
    }

    /** {@return the last entry of a page} */
    static Line now(Path page, String title, boolean isLive) {
        return Line.of(EntryKind.NOW)
                .put("t", System.currentTimeMillis())
                .put("n", title)
                .put("f", ReportFiles.beside(page).getFileName().toString())
                .mark("l", isLive);
    }

    @Override
    public void ingest(TestRecord record, Artifacts artifacts) {
        Entries.TestKey test = new Entries.TestKey(record.platform(), record.name());
        TestRecord numbered = numbered(record, before.getOrDefault(test, 0));
        Entries.AttemptKey key = new Entries.AttemptKey(test, numbered.attempt());
        if (stored.contains(key)) {
            delete(artifacts);
            return;
        }
        reserve(key);
        boolean isStored = false;
        try (ReportFiles.OfAttempt files = store.next()) {
            // Without the lock, so that attempts are read in parallel. The report may have been closed since.
            AttemptDetails details = AttemptDetails.read(record, artifacts, options, budget, files);
            lock.lock();
            try {
                checkOpen();
                entries.add(numbered, details);
                version++;
            } finally {
                lock.unlock();
            }
            files.keep();
            isStored = true;
        } catch (IOException | BrokenResultsException e) {
            throw new AggregationException(
                    "could not store the results of " + record.name() + " on " + record.platform() + " for " + path
                            + ": " + e.getMessage() + "; no part of them was stored: fix the cause, and ingest "
                            + artifacts + " again",
                    e);
        } finally {
            if (!isStored) {
                release(key);
            }
        }
        refresher.changed();
        delete(artifacts);
    }

    /** {@return a record whose attempt follows those of former runs in the page} */
    private static TestRecord numbered(TestRecord record, int highest) {
        return highest == 0 || record.attempt() == 0
                ? record
                : record.withAttempt(highest + record.attempt(), record.last());
    }

    private static Map<Entries.TestKey, Integer> highest(List<Entries.AttemptKey> attempts) {
        return attempts.stream()
                .collect(Collectors.toMap(Entries.AttemptKey::test, Entries.AttemptKey::attempt, Math::max));
    }

    private void reserve(Entries.AttemptKey key) {
        lock.lock();
        try {
            checkOpen();
            writerLock.beginRun(Integer.toString(left.size()));
            if (!attempts.add(key)) {
                throw new AggregationException(
                        "could not store the results of " + key.test().name() + " on "
                                + key.test().platform() + ", attempt "
                                + key.attempt() + ", for " + path
                                + ": results of this attempt are already stored; rename one of the tests, or give their"
                                + " runs different platforms",
                        null);
            }
        } finally {
            lock.unlock();
        }
    }

    private void release(Entries.AttemptKey key) {
        lock.lock();
        try {
            attempts.remove(key);
        } finally {
            lock.unlock();
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
    public void resume() {
        lock.lock();
        try {
            checkOpen();
            int first = Math.min(firstLeft, left.size());
            writerLock.resumeRun(Integer.toString(first));
            before = highest(left.subList(0, first));
            stored = Set.copyOf(left.subList(first, left.size()));
        } finally {
            lock.unlock();
        }
    }

    /** Adds an event of a run to the page. After {@link #close()} it has no effect. */
    @Override
    public void on(RunEvent event) {
        boolean isChange;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            isChange = state.on(event);
            if (isChange && !(event instanceof RunEvent.Heartbeat)) {
                version++;
            }
        } finally {
            lock.unlock();
        }
        if (isChange || System.nanoTime() - writtenAt > MAX_AGE.toNanos()) {
            refresher.changed();
        }
    }

    /** Completes the page with all results ingested so far. The journal is kept until {@link #close()}. */
    @Override
    public void flush() {
        if (closed) {
            return;
        }
        try {
            render(true);
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
            version++;
        } finally {
            lock.unlock();
        }
        // Ends the thread first: a later write of the page would need the journal, which is deleted below.
        refresher.close();
        try {
            try (journal) {
                render(false);
            }
            Files.delete(journalOf(path));
            writerLock.close();
        } catch (IOException e) {
            throw abandoned(incomplete(e));
        }
        AggregationException failure = deleteFailure.get();
        if (failure != null) {
            throw failure;
        }
    }

    private AggregationException incomplete(IOException why) {
        return new AggregationException(
                "could not complete " + path + ": " + why.getMessage() + "; all results are in " + journalOf(path)
                        + ", call HtmlReport.recover(path) to complete the page",
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
            render(true);
        } catch (IOException e) {
            // The old page is kept and all results are in the journal. Try again later; close() reports a lasting
            // failure.
            refresher.changed();
        }
    }

    /** Writes the page if there are changes, or output of running tests, or if it is old and a run goes on. */
    private void render(boolean isOpen) throws IOException {
        rendering.lock();
        try {
            List<RunState.Running> tests;
            String pending;
            Line now;
            long length;
            long current;
            boolean isOld;
            lock.lock();
            try {
                isOld = state.isOpen() && System.nanoTime() - writtenAt > MAX_AGE.toNanos();
                current = version;
                length = journal.length();
                now = now(path, options.title(), isOpen && state.isLive());
                state.addTo(now);
                tests = state.running();
                pending = entries.pending();
            } finally {
                lock.unlock();
            }
            // Without the lock: results can be ingested while files are read and the page is written.
            List<String> running = RunState.lines(tests);
            if (written == current && !isOld && running.equals(writtenRunning)) {
                return;
            }
            now.put("v", options.pause().toMillis()).putObjects("u", running);
            String last = pending + now.end();
            try (InputStream in = new FileInputStream(journalOf(path).toFile())) {
                page.write(path, in, length, last);
            }
            written = current;
            writtenRunning = running;
            writtenAt = System.nanoTime();
        } finally {
            rendering.unlock();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the page " + path + " is closed");
        }
    }

    @Override
    public String toString() {
        return "page " + path;
    }
}
