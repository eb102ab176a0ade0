package org.atex.interleave;

import org.jspecify.annotations.Nullable;

/** Receives the progress of an {@link Actor}. Thread-safe. */
interface Gate {
    /**
     * Returns when the actor may pass a checkpoint.
     *
     * @throws InterruptedException if the stage is closed
     */
    void reach(String checkpoint) throws InterruptedException;

    /** Reports that the actor has ended, with its failure or null. */
    void ended(@Nullable Throwable failure);
}
