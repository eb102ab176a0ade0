package org.atex.findings;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.atex.artifacts.CiCommands;
import org.atex.support.PrintableText;

/**
 * Formats any text as code in Markdown, in which no part of it has a meaning. The marks around it are longer than any row
 * of backticks in it.
 */
final class Code {
    private static final Pattern BACKTICKS = Pattern.compile("`+");

    /** Colours, which would make the output of many programs hard to read if they were shown as numbers. */
    private static final Pattern COLOURS = Pattern.compile("\u001b\\[[0-9;:]*m");

    private Code() {}

    /**
     * {@return the text as a part of a line}
     *
     * @param text the text
     * @param limit the maximum number of characters
     */
    static String span(String text, int limit) {
        String shown = shown(text, limit);
        if (shown.isEmpty()) {
            return "(empty)";
        }
        String marks = "`".repeat(backticks(shown) + 1);
        // Readers remove one space on both sides.
        boolean isPadded = shown.startsWith("`") || shown.endsWith("`") || shown.startsWith(" ");
        return isPadded ? marks + " " + shown + " " + marks : marks + shown + marks;
    }

    /**
     * {@return the lines as a block}
     *
     * @param lines the lines
     * @param limit the maximum number of characters of a line
     */
    static String block(List<String> lines, int limit) {
        List<String> shown = lines.stream().map(line -> shown(line, limit)).toList();
        int most = shown.stream().mapToInt(Code::backticks).max().orElse(0);
        String marks = "`".repeat(Math.max(3, most + 1));
        return marks + "text\n" + String.join("\n", shown) + "\n" + marks + "\n";
    }

    private static String shown(String text, int limit) {
        // Only the beginning is searched: the text may be long.
        String beginning =
                text.length() > 4 * limit ? text : COLOURS.matcher(text).replaceAll("");
        return CiCommands.escape(PrintableText.of(beginning, limit));
    }

    private static int backticks(String text) {
        return BACKTICKS
                .matcher(text)
                .results()
                .map(MatchResult::group)
                .mapToInt(String::length)
                .max()
                .orElse(0);
    }
}
