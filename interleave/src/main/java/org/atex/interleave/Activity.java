package org.atex.interleave;

import java.util.List;

/**
 * The activity of a running actor at one moment. Two activities are equal if the actor has not moved in between, as far
 * as its stack shows.
 *
 * @param state the state, such as {@code BLOCKED, waits for java.lang.Object@1f}
 * @param waiting whether it waits for another thread without a time limit
 * @param holder the thread that holds the lock for which it waits, or -1 if unknown
 * @param stack its stack, empty if unknown
 */
record Activity(String state, boolean waiting, long holder, List<StackTraceElement> stack) {
    static final long UNKNOWN = -1;

    /** Copies the list. */
    Activity {
        stack = List.copyOf(stack);
    }
}
