package org.atex.api;

import java.util.List;

/**
 * What people want to see first of an attempt that did not pass. Text comes from tests: whoever prints it must escape
 * control characters. Immutable.
 *
 * @param parts the parts of the test that did not pass, in the order reported, a limited number
 * @param lastLines the last lines of the test's output, a limited number, each of limited length
 */
public record Excerpt(List<ReportedResult> parts, List<String> lastLines) {
    private static final Excerpt NONE = new Excerpt(List.of(), List.of());

    /** Copies the lists. */
    public Excerpt {
        parts = List.copyOf(parts);
        lastLines = List.copyOf(lastLines);
    }

    /** {@return the excerpt of an attempt that passed or left nothing} */
    public static Excerpt none() {
        return NONE;
    }
}
