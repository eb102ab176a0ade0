package org.atex.adhoc;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings events to listeners, in order and on a thread of its own, so that none of them can hold tests up. */
final class Events implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AdHocOrchestrator.class);

    private final BlockingQueue<RunEvent> queue = new LinkedBlockingQueue<>();
    private final List<RunListener> listeners;
    private final Consumer<String> problems;
    private final Thread thread;

    Events(List<RunListener> listeners, Consumer<String> problems) {
        this.listeners = new ArrayList<>(listeners);
        this.problems = problems;
        this.thread = Threads.start("events", this::deliver);
    }

    /** Never blocks, so that it may be called under a lock: that is what keeps events in order. */
    void publish(RunEvent event) {
        queue.add(event);
    }

    private void deliver() {
        try {
            while (true) {
                RunEvent event = queue.take();
                listeners.removeIf(listener -> !told(listener, event));
                if (event instanceof RunEvent.RunEnded) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("listeners are told nothing more: interrupted");
        }
    }

    private boolean told(RunListener listener, RunEvent event) {
        try {
            listener.on(event);
            return true;
        } catch (RuntimeException e) {
            LOG.warn("listener {} failed and is told nothing more", listener, e);
            problems.accept(
                    "the listener " + listener.getClass().getName() + " failed and was told nothing more: " + e);
            return false;
        }
    }

    /** Publishes the last event, and waits until every listener has taken it. */
    void finish(RunEvent.RunEnded end) throws InterruptedException {
        publish(end);
        thread.join();
    }

    /** Tells nobody anything more: for a run that is never going to be. */
    @Override
    public void close() {
        thread.interrupt();
    }

    boolean isDeliveringHere() {
        return Thread.currentThread().equals(thread);
    }
}
