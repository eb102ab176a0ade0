package org.atex.artifacts;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/**
 * Replaces equal immutable values by one of them, which saves memory: most tests of a run have the tags and the end of many
 * others. Not thread-safe.
 */
final class Shared {
    /** Values that are all different must not be kept here. */
    private static final int MAX = 1_000;

    private final Map<Object, Object> values = new HashMap<>();
    private final Times times = new Times();
    /** Sets of texts, by the JSON arrays that they were. */
    private final Map<Object, Set<String>> texts = new HashMap<>();
    /** Ends without a note on usable systems, by outcome and exit code. */
    private final Map<String, Map<@Nullable Integer, TestEnd>> ends = new HashMap<>();

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

    /** {@return the parser of times} */
    Times times() {
        return times;
    }

    /** {@return the set of the texts in a JSON array; an empty one for other values} */
    Set<String> texts(@Nullable Object json) {
        if (!(json instanceof List)) {
            return Set.of();
        }
        Set<String> known = texts.get(json);
        if (known == null) {
            known = RecordJson.texts(json);
            if (texts.size() < MAX) {
                texts.put(json, known);
            }
        }
        return known;
    }

    /**
     * {@return an end with these values} Compares less than {@link #of} if there is no note.
     *
     * @throws IllegalArgumentException if the outcome is unknown
     */
    TestEnd end(String outcome, @Nullable Integer exitCode, @Nullable String note, boolean systemUsable) {
        if (note != null || !systemUsable) {
            return of(new TestEnd(Outcome.valueOf(outcome), exitCode, note, systemUsable));
        }
        Map<@Nullable Integer, TestEnd> sameOutcome = ends.get(outcome);
        if (sameOutcome == null) {
            sameOutcome = new HashMap<>();
            ends.put(outcome, sameOutcome);
        }
        TestEnd known = sameOutcome.get(exitCode);
        if (known == null) {
            known = new TestEnd(Outcome.valueOf(outcome), exitCode, null, true);
            if (sameOutcome.size() < MAX) {
                sameOutcome.put(exitCode, known);
            }
        }
        return known;
    }
}
