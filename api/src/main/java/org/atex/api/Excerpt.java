package org.atex.api;

import java.util.List;

/**
 * The data of a failed attempt that a report shows first: the failed parts and the end of the output.
 *
 * <p>The text comes from tests: a program that prints it must escape control characters. Immutable.
 *
 * @param parts the results that did not pass, in the order reported; their number is limited
 * @param lastLines the last lines of the output of the test, limited in number and length
 */
public record Excerpt(List<ReportedResult> parts, List<String> lastLines) {
    private static final Excerpt NONE = new Excerpt(List.of(), List.of());

    /** Copies the lists. */
    public Excerpt {
        parts = List.copyOf(parts);
        lastLines = List.copyOf(lastLines);
    }

    /** {@return the excerpt of an attempt that passed or left no output} */
    public static Excerpt none() {
        return NONE;
    }
}
