package org.atex.testingfarm;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The state of a request. */
public enum RequestState {
    /** Stored, but not dispatched yet. */
    NEW,
    /** Dispatched to the scheduler; no worker has started on it. */
    QUEUED,
    /** A worker provisions or uses a machine for it. */
    RUNNING,
    /** The pipeline has ended; the result says how. */
    COMPLETE,
    /** The service failed; the notes or the summary have the reason. */
    ERROR,
    /** The cancellation was requested; the machine can no longer be used, but may still exist. */
    CANCEL_REQUESTED,
    /** The cancellation is complete. */
    CANCELED,
    /** A state that this version does not know. */
    UNKNOWN;

    /** {@return whether the state is final} */
    public boolean isOver() {
        return this == COMPLETE || this == ERROR || this == CANCELED;
    }

    /** {@return whether the request is waiting or in use} */
    public boolean isAlive() {
        return this == NEW || this == QUEUED || this == RUNNING;
    }

    /** {@return the name of the state in the API} */
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
