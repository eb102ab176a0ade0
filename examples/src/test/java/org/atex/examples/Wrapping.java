package org.atex.examples;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Wraps long lines of Markdown without any other change to text or code. */
final class Wrapping {
    static final int WIDTH = 120;

    private static final Pattern ITEM = Pattern.compile("^ *(?:[-*]|\\d+\\.) ");
    private static final Pattern MARKUP = Pattern.compile("^(?: *\\||[#<]).*");
    private static final Pattern FENCE = Pattern.compile("^ *```.*");

    private Wrapping() {}

    /** {@return whether a line must be wrapped; tables cannot be wrapped} */
    static boolean isTooLong(String line) {
        return line.length() > WIDTH && !line.stripLeading().startsWith("|");
    }

    /** {@return the lines of a file, wrapped} */
    static List<String> wrapped(List<String> lines) {
        List<String> all = new ArrayList<>();
        boolean fenced = false;
        for (int i = 0; i < lines.size(); ) {
            String line = lines.get(i);
            fenced ^= FENCE.matcher(line).matches();
            if (fenced || !isText(line)) {
                all.add(line);
                i++;
                continue;
            }
            int end = i + 1;
            while (end < lines.size() && isContinued(lines.get(end), indent(line))) {
                end++;
            }
            all.addAll(paragraph(lines.subList(i, end)));
            i = end;
        }
        return all;
    }

    private static boolean isText(String line) {
        boolean isCode = line.startsWith("    ") && !ITEM.matcher(line).find();
        return !isCode
                && !line.isBlank()
                && !MARKUP.matcher(line).matches()
                && !FENCE.matcher(line).matches();
    }

    /** {@return the indentation of the further lines of a paragraph that begins with this line} */
    private static int indent(String line) {
        Matcher item = ITEM.matcher(line);
        return item.find() ? item.end() : line.length() - line.stripLeading().length();
    }

    private static boolean isContinued(String line, int indent) {
        return !line.isBlank()
                && !MARKUP.matcher(line).matches()
                && !FENCE.matcher(line).matches()
                && !ITEM.matcher(line).find()
                && line.length() - line.stripLeading().length() == indent;
    }

    /** Keeps the lines before the first long one, for a small change. */
    private static List<String> paragraph(List<String> lines) {
        int first = 0;
        while (first < lines.size() && !isTooLong(lines.get(first))) {
            first++;
        }
        List<String> all = new ArrayList<>(lines.subList(0, first));
        if (first == lines.size()) {
            return all;
        }
        int indent = indent(lines.get(0));
        String line = lines.get(first).substring(0, indent);
        boolean isEmpty = true;
        List<String> rest = new ArrayList<>(lines.subList(first, lines.size()));
        rest.set(0, rest.get(0).substring(indent));
        for (String word :
                words(String.join(" ", rest.stream().map(String::strip).toList()))) {
            if (!isEmpty && line.length() + 1 + word.length() > WIDTH) {
                all.add(line);
                line = " ".repeat(indent) + word;
            } else {
                line += isEmpty ? word : " " + word;
            }
            isEmpty = false;
        }
        all.add(line);
        return all;
    }

    /** {@return the words of a text; code between back-ticks is one} */
    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean isCode = false;
        for (char c : text.toCharArray()) {
            isCode ^= c == '`';
            if (c != ' ' || isCode) {
                word.append(c);
            } else if (!word.isEmpty()) {
                words.add(word.toString());
                word.setLength(0);
            }
        }
        if (!word.isEmpty()) {
            words.add(word.toString());
        }
        return words;
    }
}
