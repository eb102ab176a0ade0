package org.atex.interleave;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The activity of a running actor at one moment. Two activities are equal if the actor has not moved in between, as far
 * as its details show.
 *
 * @param state the state, such as {@code BLOCKED, waits for java.lang.Object@1f}
 * @param waiting whether it waits for another thread without a time limit
 * @param holder the thread that holds the lock for which it waits, or -1 if unknown
 * @param details further lines for messages: its stack, or its last output
 */
record Activity(String state, boolean waiting, long holder, List<String> details) {
    static final long UNKNOWN = -1;

    /** Copies the list. */
    Activity {
        details = List.copyOf(details);
    }

    /** {@return lines as an indented part of a message} */
    static String text(List<String> details) {
        return details.stream().map(line -> "\n      " + line).collect(Collectors.joining());
    }
}
