package org.atex.testingfarm;

/** The effect of a cancellation. */
public enum Cancellation {
    /** The service has accepted it; the machine is gone when the state is {@link RequestState#CANCELED}. */
    REQUESTED,
    /** The request was cancelled before. */
    ALREADY_CANCELED,
    /** The request had ended before. */
    ALREADY_OVER,
    /** There is no such request. */
    UNKNOWN
}
