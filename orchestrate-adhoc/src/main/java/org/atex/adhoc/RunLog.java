package org.atex.adhoc;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log of a run, written on a thread of its own: where the program's logger writes to may be blocked, such as a pipe that
 * is not read. Entries beyond a number that waits are dropped. Thread-safe.
 */
final class RunLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AdHocOrchestrator.class);
    private static final int WAITING_AT_MOST = 10_000;

    private final BlockingQueue<Runnable> entries = new LinkedBlockingQueue<>(WAITING_AT_MOST);
    private @Nullable Thread writer; // guarded by this
    private boolean closed; // guarded by this

    void warn(String what) {
        add(() -> LOG.warn("{}", what));
    }

    void warn(String what, Throwable e) {
        add(() -> Words.warn(what, e));
    }

    void error(String what, Throwable e) {
        add(() -> LOG.error("{}", what, e));
    }

    private synchronized void add(Runnable entry) {
        if (!closed && entries.offer(entry) && writer == null) {
            writer = Threads.start("log", this::write);
        }
    }

    private void write() {
        try {
            while (true) {
                Runnable entry = entries.take();
                entry.run();
                if (isOver()) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            // It is closed, and nothing waits any more.
            Thread.currentThread().interrupt();
        }
    }

    private synchronized boolean isOver() {
        return closed && entries.isEmpty();
    }

    /** Lets the writer end when it has written what waits. Does not wait for it. */
    @Override
    public synchronized void close() {
        closed = true;
        if (writer != null && entries.isEmpty()) {
            writer.interrupt();
        }
    }
}
