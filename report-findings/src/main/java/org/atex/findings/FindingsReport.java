package org.atex.findings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.AggregationException;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.api.Verdict;
import org.atex.support.Refresher;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Writes the findings of a run to {@code findings.json} and {@code findings.md}, as a listener of the run:
 *
 * {@snippet :
 * try (FindingsReport findings = FindingsReport.open(Path.of("out"));
 *         AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
 *                 .on(systems)
 *                 .with(executors)
 *                 .into(results)
 *                 .listener(findings)
 *                 .build()) {
 *     run.run();
 * }
 * }
 *
 * <p>The files are written when the run starts, 5 s after a test that did not pass, and when the run ends, in any way. If
 * the program is killed, they are those of the last write, with {@code "ended": false}; {@link Findings#of} makes
 * complete ones of a kept run. Each file is replaced as a whole.
 *
 * <p>A write that fails does not make the run fail. It is logged once, and tried again by {@link #close()}.
 *
 * <p>Lifecycle: open from the return of {@link #open} until {@link #close()}. Uses one daemon thread. An instance serves
 * one run at a time.
 *
 * <p>Thread-safe. No method reacts to interrupts.
 */
public final class FindingsReport implements RunListener, AutoCloseable {
    private static final Duration PAUSE = Duration.ofSeconds(5);

    private final Path directory;
    private final FindingsCollector collector;
    private final Refresher refresher;

    /** Serializes the writes, so that an older state does not replace a newer one. */
    private final ReentrantLock writing = new ReentrantLock();

    // All below is guarded by the lock.
    private @Nullable AggregationException failure;
    private boolean isLogged;
    private boolean isComplete = true;
    private boolean isClosed;

    private FindingsReport(Path directory, FindingsOptions options) {
        this.directory = directory;
        this.collector = FindingsCollector.of(options);
        this.refresher = new Refresher("findings in " + directory.getFileName(), PAUSE, this::refresh);
    }

    /**
     * {@return a report with the {@linkplain FindingsOptions#defaults() default options}}
     *
     * @param directory the directory, created if missing; findings of an earlier run in it are deleted
     * @throws AggregationException if it cannot be created
     */
    public static FindingsReport open(Path directory) {
        return open(directory, FindingsOptions.defaults());
    }

    /**
     * {@return a report}
     *
     * @param directory the directory, created if missing; findings of an earlier run in it are deleted
     * @param options the options
     * @throws AggregationException if it cannot be created
     */
    public static FindingsReport open(Path directory, FindingsOptions options) {
        Path absolute = directory.toAbsolutePath().normalize();
        try {
            Files.createDirectories(absolute);
            // Of a program that ends before its run starts, nothing must remain that looks like its findings.
            Files.deleteIfExists(absolute.resolve(Findings.JSON));
            Files.deleteIfExists(absolute.resolve(Findings.MARKDOWN));
        } catch (IOException e) {
            throw new AggregationException("could not open " + absolute + " to write findings: " + e, e);
        }
        return new FindingsReport(absolute, options);
    }

    /** Adds an event of the run. After {@link #close()} it has no effect. */
    @Override
    public void on(RunEvent event) {
        switch (event) {
            case RunEvent.Heartbeat pulse -> {}
            case RunEvent.RunStarted started -> add(event, true);
            case RunEvent.RunEnded ended -> add(event, true);
            case RunEvent.TestFinished finished -> {
                add(event, false);
                if (finished.record().end().outcome().verdict() != Verdict.PASSED) {
                    refresher.changed();
                }
            }
            default -> add(event, false);
        }
    }

    private void add(RunEvent event, boolean isWritten) {
        if (!isWritten) {
            collector.on(event);
            return;
        }
        writing.lock();
        try {
            if (!isClosed) {
                collector.on(event);
                isComplete = false;
                write();
                isComplete = event instanceof RunEvent.RunEnded && failure == null;
            }
        } finally {
            writing.unlock();
        }
    }

    private void refresh() {
        writing.lock();
        try {
            // The end of the run may have written all.
            if (!isComplete) {
                write();
            }
        } finally {
            writing.unlock();
        }
    }

    private void write() {
        try {
            collector.findings().ifPresent(findings -> findings.write(directory));
            failure = null;
        } catch (AggregationException e) {
            failure = e;
            if (!isLogged) {
                isLogged = true;
                LoggerFactory.getLogger(FindingsReport.class).warn("{}", e.getMessage());
            }
        }
    }

    /**
     * Writes the findings if that has failed before, or if the run has not ended. Calling this method again has no effect.
     *
     * @throws AggregationException if they cannot be written
     */
    @Override
    public void close() {
        refresher.close();
        writing.lock();
        try {
            if (isClosed) {
                return;
            }
            isClosed = true;
            if (!isComplete) {
                write();
            }
            if (failure != null) {
                throw failure;
            }
        } finally {
            writing.unlock();
        }
    }

    @Override
    public String toString() {
        return "findings in " + directory;
    }
}
