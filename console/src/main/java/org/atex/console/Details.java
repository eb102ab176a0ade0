package org.atex.console;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Excerpt;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.jspecify.annotations.Nullable;

/**
 * Formats the details that are printed below a test that did not pass.
 *
 * @param lastLines the maximum number of output lines
 */
record Details(int lastLines) {
    private static final String INDENT = "          ";
    private static final int PARTS = 20;
    private static final String OUTPUT = "output.txt";

    /** Returns the failed parts and the last lines of the output. */
    List<String> of(Excerpt excerpt) {
        List<String> lines = new ArrayList<>();
        excerpt.parts().stream().limit(PARTS).map(Details::part).forEach(lines::add);
        if (excerpt.parts().size() > PARTS) {
            lines.add(INDENT + "… and " + (excerpt.parts().size() - PARTS) + " more parts");
        }
        List<String> output = excerpt.lastLines();
        output.subList(Math.max(0, output.size() - lastLines), output.size())
                .forEach(line -> lines.add(INDENT + "| " + Text.line(line)));
        return lines;
    }

    private static String part(ReportedResult part) {
        Status status = part.status();
        String word = status == null ? "" : Text.name(status.word()) + " ";
        String name = part.name() == null ? "the test itself" : Text.name(part.name());
        return INDENT + word + name + Text.because(part.note());
    }

    /** Indents a line below a test. */
    static String below(String text) {
        return INDENT + text;
    }

    /** Returns a line with the path of the log, or no line if there are no files. */
    static List<String> log(@Nullable Path files) {
        return files == null ? List.of() : List.of(INDENT + "log: " + logOf(files));
    }

    static String logOf(Path files) {
        Path output = files.resolve(OUTPUT);
        return Text.reason((Files.exists(output) ? output : files).toString());
    }
}
