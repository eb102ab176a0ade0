package org.atex.testingfarm;

/** What became of asking to cancel a request. */
public enum Cancellation {
    /** The service will do it; its machine is gone when the state is {@link RequestState#CANCELED}. */
    REQUESTED,
    /** It was cancelled before. */
    ALREADY_CANCELED,
    /** It had come to its end before. */
    ALREADY_OVER,
    /** There is no such request. */
    UNKNOWN
}
