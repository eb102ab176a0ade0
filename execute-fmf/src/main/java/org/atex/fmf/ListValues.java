package org.atex.fmf;

import java.util.ArrayList;
import java.util.List;

/** Operations on lists. */
final class ListValues {
    private ListValues() {}

    /** {@return the elements of both lists; unmodifiable} */
    static <T> List<T> concat(List<T> list, List<T> other) {
        List<T> all = new ArrayList<>(list);
        all.addAll(other);
        return List.copyOf(all);
    }

    /** {@return the value itself if it is a list, or a list with the value} Metadata allow both forms for many keys. */
    static List<?> asList(Object value) {
        return value instanceof List<?> list ? list : List.of(value);
    }

    /** {@return labels and lists, in turn, as text for messages; without empty lists} */
    static String described(Object... labelsAndLists) {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < labelsAndLists.length; i += 2) {
            if (!((List<?>) labelsAndLists[i + 1]).isEmpty()) {
                parts.add(labelsAndLists[i] + " " + labelsAndLists[i + 1]);
            }
        }
        return String.join(", ", parts);
    }
}
