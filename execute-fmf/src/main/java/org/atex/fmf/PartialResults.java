package org.atex.fmf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Results that a test keeps open, by name; the empty name stands for the test itself. Each new piece is merged into what
 * is kept: null deletes, scalars replace, arrays append, objects merge, and another type replaces.
 */
final class PartialResults {
    private final Map<String, Map<String, @Nullable Object>> open = new LinkedHashMap<>();

    /** Merges a piece into what is kept, and goes on keeping it. */
    void keep(String name, Map<String, @Nullable Object> piece) {
        merge(open.computeIfAbsent(name, n -> new LinkedHashMap<>()), piece);
    }

    /** {@return the piece merged into what was kept, which is no longer} */
    Map<String, @Nullable Object> close(String name, Map<String, @Nullable Object> piece) {
        Map<String, @Nullable Object> kept = open.remove(name);
        if (kept == null) {
            return piece;
        }
        merge(kept, piece);
        return kept;
    }

    @Nullable
    Map<String, @Nullable Object> remove(String name) {
        return open.remove(name);
    }

    boolean isEmpty() {
        return open.isEmpty();
    }

    /** {@return all that is still kept, in the order of first appearance} */
    List<Map<String, @Nullable Object>> rest() {
        return new ArrayList<>(open.values());
    }

    @SuppressWarnings("unchecked") // what Json reads has no other maps and lists
    private static void merge(Map<String, @Nullable Object> into, Map<String, @Nullable Object> piece) {
        piece.forEach((key, value) -> {
            Object old = into.get(key);
            if (value == null) {
                into.remove(key);
            } else if (old instanceof List<?> a && value instanceof List<?> b) {
                List<@Nullable Object> both = new ArrayList<>(a);
                both.addAll(b);
                into.put(key, both);
            } else if (old instanceof Map<?, ?> a && value instanceof Map<?, ?> b) {
                Map<String, @Nullable Object> both = new LinkedHashMap<>((Map<String, @Nullable Object>) a);
                merge(both, (Map<String, @Nullable Object>) b);
                into.put(key, both);
            } else {
                into.put(key, value);
            }
        });
    }
}
