package org.atex.api;

/**
 * The ways to stop a run before its end, from the weakest to the strongest. A weaker stop after a stronger one has no
 * effect.
 */
public enum Stop {
    /** Starts no further test, and lets the running tests end. */
    DRAIN,
    /** Ends the running tests, stores the results that they reported, cleans the systems up, and gives them back. */
    CANCEL,
    /**
     * Does the same as {@link #CANCEL}, but does not clean the systems up, and waits at most ten seconds in total.
     * Steps that have not ended by then are abandoned and reported among the problems of the run.
     */
    NOW
}
