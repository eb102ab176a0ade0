package org.atex.api;

/**
 * Receives everything that happens in a run, in the order in which it happens, on one thread of the run. A slow listener
 * delays other listeners and the end of the run, not the tests. A listener that throws, or does not return within the
 * orchestrator's limit, is reported once among the run's problems and receives nothing more.
 */
@FunctionalInterface
public interface RunListener {
    /**
     * Takes one event.
     *
     * @param event what happened
     */
    void on(RunEvent event);
}
