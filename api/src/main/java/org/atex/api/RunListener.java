package org.atex.api;

/**
 * Told of everything that happens in a run, in the order in which it happens, on one thread of the run's. A slow
 * listener delays other listeners and the end of the run, not the tests. One that throws is reported among the run's
 * problems, once, and told nothing more.
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
