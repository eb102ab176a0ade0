package org.atex.fmf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The open results of a test, by name; the empty name stands for the test itself. Further data for an open result is
 * merged into it: null deletes a value, scalars replace, arrays append, objects merge, and a value of another type
 * replaces. The rules are defined in {@code docs/test-control.md}. Not thread-safe.
 */
final class PartialResults {
    private final Map<String, Map<String, @Nullable Object>> open = new LinkedHashMap<>();

    /** Merges data into an open result, which is opened if necessary. */
    void add(String name, Map<String, @Nullable Object> data) {
        merge(open.computeIfAbsent(name, n -> new LinkedHashMap<>()), data);
    }

    /** Closes a result. {@return the result with the last data merged into it; the data alone if it was not open} */
    Map<String, @Nullable Object> close(String name, Map<String, @Nullable Object> data) {
        Map<String, @Nullable Object> result = open.remove(name);
        if (result == null) {
            return data;
        }
        merge(result, data);
        return result;
    }

    @Nullable
    Map<String, @Nullable Object> remove(String name) {
        return open.remove(name);
    }

    boolean isEmpty() {
        return open.isEmpty();
    }

    /** {@return the open results, in the order in which they were opened} */
    List<Map<String, @Nullable Object>> remaining() {
        return new ArrayList<>(open.values());
    }

    @SuppressWarnings("unchecked") // all maps come from Json, so their keys are strings
    private static void merge(Map<String, @Nullable Object> into, Map<String, @Nullable Object> data) {
        data.forEach((key, value) -> {
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
