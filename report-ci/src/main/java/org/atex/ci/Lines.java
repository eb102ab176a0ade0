package org.atex.ci;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.findings.FailedTest;
import org.atex.support.PrintableText;

/** Formats findings as lines of visible characters. */
final class Lines {
    static final int NAME = 200;
    private static final int TEXT = 500;

    private Lines() {}

    static String word(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    static String name(String name) {
        return PrintableText.of(name, NAME);
    }

    static String text(String text) {
        return PrintableText.of(text, TEXT);
    }

    /** {@return a colon and the reason, or an empty text} */
    static String because(String reason) {
        return reason.isBlank() ? "" : ": " + text(reason);
    }

    /** {@return the test, its outcome and the reason} */
    static String head(FailedTest test) {
        String word = test.known() == null ? word(test.end().outcome()) : "known";
        return name(test.name()) + " " + word + because(test.reason());
    }

    /** {@return the failed parts and the last lines} */
    static List<String> of(Excerpt excerpt) {
        List<String> lines = new ArrayList<>();
        for (ReportedResult part : excerpt.parts()) {
            Status status = part.status();
            String name = part.name() == null ? "the test itself" : name(part.name());
            lines.add((status == null ? "" : name(status.word()) + " ")
                    + name
                    + because(part.note() == null ? "" : part.note()));
        }
        excerpt.lastLines().forEach(line -> lines.add("| " + text(line)));
        return lines;
    }
}
