package org.atex.api;

/**
 * Receives the {@linkplain RunEvent events} of a run, for a progress display, a log or statistics.
 *
 * <p>Thread safety: an orchestrator calls a listener from one thread of the run, one event at a time, in the order in
 * which the events happened. A slow listener delays the other listeners and the end of the run, but not the tests.
 *
 * <p>A listener that throws an exception, or does not return within the limit of the orchestrator, is reported once
 * among the problems of the run and receives no further events.
 */
@FunctionalInterface
public interface RunListener {
    /**
     * Receives one event.
     *
     * @param event the event
     */
    void on(RunEvent event);
}
