package org.atex.junit;

import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.atex.api.Orchestrator;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestSummary;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;

/**
 * The thread of a run, and the iterator over its tests. The thread starts with the first call of the iterator. The iterator
 * is for one thread; {@link #ended} may be called from any.
 */
final class RunThread implements Iterator<RunThread.Shown> {
    /** What a dynamic test shows. */
    sealed interface Shown permits EndedTest, EndedRun {}

    private final Orchestrator run;
    private final List<AutoCloseable> resources;
    private final BlockingQueue<Shown> queue = new LinkedBlockingQueue<>();
    private final Set<String> names = new HashSet<>(); // guarded by itself
    private @Nullable Thread thread;
    private @Nullable Shown next;
    private boolean isOver;

    RunThread(Orchestrator run, List<AutoCloseable> resources) {
        this.run = run;
        this.resources = resources;
    }

    /** Adds a test, unless it was added before. */
    void ended(EndedTest test) {
        synchronized (names) {
            if (names.add(test.record().name())) {
                queue.add(test);
            }
        }
    }

    private void run() {
        EndedRun end;
        try {
            RunSummary summary = run.run();
            for (TestSummary test : summary.tests()) {
                ended(EndedTest.of(test));
            }
            end = new EndedRun(summary, null);
        } catch (Throwable e) { // the dynamic test throws it again
            end = new EndedRun(null, e);
        }
        queue.add(end);
    }

    @Override
    public boolean hasNext() {
        if (next == null && !isOver) {
            if (thread == null) {
                thread = Threads.start("junit-run", this::run);
            }
            try {
                next = queue.take();
            } catch (InterruptedException e) {
                run.stop(Stop.CANCEL);
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while tests of the run were awaited", e);
            }
            isOver = next instanceof EndedRun;
        }
        return next != null;
    }

    @Override
    public Shown next() {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException();
        }
        Shown shown = next;
        next = null;
        return shown;
    }

    /** Ends the run, and closes the resources. */
    void close() {
        isOver = true;
        RuntimeException failure = null;
        try {
            run.close();
        } catch (RuntimeException e) {
            failure = e;
        }
        for (AutoCloseable resource : resources) {
            try {
                resource.close();
            } catch (Exception e) {
                if (e instanceof InterruptedException) {
                    Thread.currentThread().interrupt();
                }
                if (failure == null) {
                    failure = new IllegalStateException("could not close " + resource + ": " + e.getMessage(), e);
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
