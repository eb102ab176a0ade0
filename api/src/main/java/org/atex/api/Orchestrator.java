package org.atex.api;

/**
 * Runs tests on systems and stores their results.
 *
 * <p>Lifecycle: call {@link #run()} once. {@link #close()} stops a run that is still active, and releases the resources
 * of the orchestrator. The caller closes the provisioners and aggregators that it passed in.
 *
 * <p>Thread safety: {@link #stop} and {@link #close} may be called from any thread, at any time.
 *
 * <p>Any program may implement this interface. {@code OrchestratorContract} in the testkit checks an implementation.
 */
public interface Orchestrator extends AutoCloseable {
    /**
     * Runs every test to one final outcome. Blocks until all results are stored, the aggregator is flushed and all
     * systems are given back. Steps that exceed the limits of the orchestrator are abandoned and reported among the
     * {@linkplain RunSummary#problems() problems}.
     *
     * @return the final state of every planned test; the outcomes always add up to the number of planned tests
     * @throws InterruptedException if the thread is interrupted: the run is stopped as by {@link Stop#CANCEL}, and the
     *     results so far are stored
     * @throws RunFailedException if the run cannot continue, for example because there is no directory for artifacts
     * @throws IllegalStateException if this method was called before, or this orchestrator is closed
     */
    RunSummary run() throws InterruptedException;

    /**
     * Stops the run. Returns immediately. A stop before the run makes it end at its start; a stop after the run has no
     * effect.
     *
     * @param how which tests may still end, and which steps are left out
     */
    void stop(Stop how);

    /**
     * Stops the run as by {@link Stop#CANCEL}, waits for its end, and releases all resources. Calling this method again
     * has no effect.
     */
    @Override
    void close();
}
