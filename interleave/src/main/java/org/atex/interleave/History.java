package org.atex.interleave;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The points that actors have passed, in this order. Immutable.
 *
 * @param entries the points
 */
public record History(List<Entry> entries) {
    /**
     * A point that an actor has passed.
     *
     * @param point the point
     * @param planned whether it was the turn of this point in the plan; other points are passed at once
     */
    public record Entry(Point point, boolean planned) {}

    /** Copies the list. */
    public History {
        entries = List.copyOf(entries);
    }

    /** {@return the planned points} */
    public List<Point> planned() {
        return entries.stream().filter(Entry::planned).map(Entry::point).toList();
    }

    /**
     * Returns the planned points as string literals of Java, which can be pasted into {@link
     * Interleaving.Plan#withOrder(String...)}. Other points are in comments.
     *
     * @return the text, such as <code>"a:start", &#47;* a:opened *&#47; "a:written"</code>
     */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        boolean comma = false;
        for (Entry entry : entries) {
            if (entry.planned()) {
                text.append(comma ? ", " : separator(text)).append(literal(entry.point()));
                comma = true;
            } else {
                text.append(separator(text)).append(comment(entry.point()));
            }
        }
        return text.toString();
    }

    private static String separator(StringBuilder text) {
        return text.isEmpty() ? "" : " ";
    }

    /** {@return points as string literals of Java, separated by commas} */
    static String literals(List<Point> points) {
        return points.stream().map(History::literal).collect(Collectors.joining(", "));
    }

    private static String literal(Point point) {
        String escaped = point.toString()
                .chars()
                .mapToObj(c -> switch (c) {
                    case '"' -> "\\\"";
                    case '\\' -> "\\\\";
                    case '\n' -> "\\n";
                    case '\r' -> "\\r";
                    case '\t' -> "\\t";
                    default -> c < ' ' ? "\\%03o".formatted(c) : String.valueOf((char) c);
                })
                .collect(Collectors.joining());
        return '"' + escaped + '"';
    }

    /** A backslash before a u would begin a character, also in a comment, and an asterisk before a slash end it. */
    private static String comment(Point point) {
        return "/* " + point.toString().replace("\\", "\\ ").replace("*/", "* /") + " */";
    }
}
