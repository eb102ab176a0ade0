package org.atex.fmf;

import java.util.ArrayList;
import java.util.List;

/** What lists lack. */
final class Lists {
    private Lists() {}

    static <T> List<T> plus(List<T> list, List<T> more) {
        List<T> all = new ArrayList<>(list);
        all.addAll(more);
        return List.copyOf(all);
    }

    /** A single value is as good as a list of one, and nothing as an empty one. */
    static List<?> like(Object value) {
        return value instanceof List<?> list ? list : List.of(value);
    }
}
