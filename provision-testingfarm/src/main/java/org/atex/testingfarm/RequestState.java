package org.atex.testingfarm;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Where a request is in its life. */
public enum RequestState {
    /** Stored, and nothing more. */
    NEW,
    /** Handed to the scheduler; no worker has it yet. */
    QUEUED,
    /** A worker has it: a machine is made, then used. */
    RUNNING,
    /** It came to its end; its result says how. */
    COMPLETE,
    /** The service failed; notes and summary say why. */
    ERROR,
    /** Somebody wants it cancelled; it is of no use any more, and its machine is not gone yet. */
    CANCEL_REQUESTED,
    /** It was cancelled. */
    CANCELED,
    /** A word that this version does not know. */
    UNKNOWN;

    /** {@return whether nothing more will happen to it} */
    public boolean isOver() {
        return this == COMPLETE || this == ERROR || this == CANCELED;
    }

    /** {@return whether it is on its way or in use} */
    public boolean isAlive() {
        return this == NEW || this == QUEUED || this == RUNNING;
    }

    /** {@return the word of the service for it} */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static RequestState of(@Nullable String word) {
        for (RequestState state : values()) {
            if (state.word().equals(word)) {
                return state;
            }
        }
        return UNKNOWN;
    }
}
