package org.atex.scenario;

/** What happens when an occurrence of an event is due while an earlier one still runs. */
public enum Overlap {
    /** The occurrence that is due is skipped and counted; the default. */
    SKIP,
    /**
     * The occurrence starts when the earlier ones have ended. Any number may wait, as only their number is kept. Those
     * that have not started at the end of the scenario are counted as skipped.
     */
    QUEUE,
    /** Both run, up to {@link Event#maxParallel()}; beyond that, the occurrence is skipped and counted. */
    PARALLEL
}
