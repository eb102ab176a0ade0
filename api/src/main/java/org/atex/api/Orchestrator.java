package org.atex.api;

/**
 * Runs tests on systems, and has their results stored.
 *
 * <p>Lifecycle: {@link #run()} once; {@link #close()} stops a run that is still going on, and frees what the
 * orchestrator made. Provisioners and aggregators stay their makers'.
 *
 * <p>Thread safety: {@code stop} and {@code close} may be called from any thread, at any time.
 */
public interface Orchestrator extends AutoCloseable {
    /**
     * Runs every test to one final outcome. Blocks until all results are stored, the aggregator is flushed, and all systems
     * are given back; what cannot be had within the orchestrator's limits is named among the problems.
     *
     * @return what became of every planned test; the outcomes add up to the number planned, always
     * @throws InterruptedException if interrupted: the run is stopped as by {@link Stop#CANCEL}, what is known is stored
     * @throws RunFailedException if the run could not go on, such as without a directory for artifacts
     * @throws IllegalStateException if it was run or closed before
     */
    RunSummary run() throws InterruptedException;

    /**
     * Stops the run; returns at once. Before the run, it makes the run end at its start; after it, nothing.
     *
     * @param how how much of a hurry there is
     */
    void stop(Stop how);

    /** Stops the run as by {@link Stop#CANCEL}, waits for its end, and frees everything. Idempotent. */
    @Override
    void close();
}
