package org.atex.api;

/** How to stop a run before its end. Each is stronger than the one before; a weaker one after a stronger changes nothing. */
public enum Stop {
    /** Start no further test; let the running ones end. */
    DRAIN,
    /** End the running tests too; store what they reported, clean the systems up, give them back. */
    CANCEL,
    /**
     * As {@link #CANCEL}, but do not clean the systems up first; and wait for nothing longer than ten seconds in all. What
     * has not ended by then is abandoned and named among the run's problems.
     */
    NOW
}
