package org.atex.artifacts;

import java.util.HashMap;
import java.util.Map;

/**
 * Replaces equal immutable values by one of them, which saves memory: most tests of a run have the tags and the end of many
 * others. Not thread-safe.
 */
final class Shared {
    /** Values that are all different must not be kept here. */
    private static final int MAX = 1_000;

    private final Map<Object, Object> values = new HashMap<>();

    /** {@return an equal value of the same class} */
    @SuppressWarnings("unchecked") // sets and ends are equal to their own kind only
    <T> T of(T value) {
        Object known = values.get(value);
        if (known != null) {
            return (T) known;
        }
        if (values.size() < MAX) {
            values.put(value, value);
        }
        return value;
    }
}
