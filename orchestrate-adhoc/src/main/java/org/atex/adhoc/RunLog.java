package org.atex.adhoc;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log of a run, written by its own thread: the program's logger may block, for example on a pipe that is not read.
 * At most 10,000 entries wait; further entries are dropped. Thread-safe.
 */
final class RunLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AdHocOrchestrator.class);
    private static final int MAX_WAITING = 10_000;

    private final BlockingQueue<Runnable> entries = new LinkedBlockingQueue<>(MAX_WAITING);
    private @Nullable Thread writer; // guarded by this
    private boolean closed; // guarded by this

    void warn(String what) {
        add(() -> LOG.warn("{}", what));
    }

    void warn(String what, Throwable e) {
        add(() -> Throwables.warn(what, e));
    }

    void error(String what, Throwable e) {
        add(() -> LOG.error("{}", what, e));
    }

    private synchronized void add(Runnable entry) {
        if (!closed && entries.offer(entry) && writer == null) {
            writer = Threads.startDaemon("log", this::write);
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
            // close() interrupts an idle writer; the queue is empty.
            Thread.currentThread().interrupt();
        }
    }

    private synchronized boolean isOver() {
        return closed && entries.isEmpty();
    }

    /** Ends the writer after it has written the queued entries. Does not wait for it. */
    @Override
    public synchronized void close() {
        closed = true;
        if (writer != null && entries.isEmpty()) {
            writer.interrupt();
        }
    }
}
