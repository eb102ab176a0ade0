package org.atex.support;

import java.nio.file.Path;
import java.util.Collection;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes the line of Java with which a program runs again only the tests that did not pass. Thread-safe. */
public final class AgainLine {
    private static final int MAX_NAMES = 10;
    private static final int MAX_LENGTH = 2000;

    private AgainLine() {}

    /**
     * {@return the line, with {@code tests} for the tests of the program; empty if there is no test, or if the tests
     * are too many, or names too long, for a line}
     *
     * @param names the names of the tests to run again
     * @param run the directory of the run; null if it is not kept
     */
    public static String of(Collection<String> names, @Nullable Path run) {
        if (names.isEmpty() || run == null && names.size() > MAX_NAMES) {
            return "";
        }
        String line = run == null ? byNames(names) : byRun(run);
        return line.length() > MAX_LENGTH ? "" : line;
    }

    private static String byRun(Path run) {
        return "AdHocOrchestrator.builder(PastRun.read(Path.of(" + literal(run.toString()) + ")).notPassed(tests))";
    }

    private static String byNames(Collection<String> names) {
        return "tests.stream().filter(test -> Set.of("
                + names.stream().map(AgainLine::literal).collect(Collectors.joining(", "))
                + ").contains(test.name())).toList()";
    }

    /** {@return a literal of ASCII characters} A name cannot end it, or the line. */
    private static String literal(String text) {
        StringBuilder literal = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean isMark = c == '#' && i > 0 && text.charAt(i - 1) == '#';
            if (c == '"' || c == '\\') {
                literal.append('\\').append(c);
            } else if (c < ' ' || c == 0x7f || isMark) {
                // Two hash signs may begin a command of a CI service. The compiler replaces an escape with u before it
                // reads the literal: a line break would end it.
                literal.append(String.format("\\%03o", (int) c));
            } else if (c > 0x7f) {
                literal.append(String.format("\\u%04x", (int) c));
            } else {
                literal.append(c);
            }
        }
        return literal.append('"').toString();
    }
}
