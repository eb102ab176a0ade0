package org.atex.console;

import java.util.ArrayList;
import java.util.List;

/** What a terminal with few columns shows. It knows the sequences that progress prints, and no others. */
final class NarrowTerminal {
    private final int width;
    private final List<StringBuilder> rows = new ArrayList<>(List.of(new StringBuilder()));
    private int column;
    private boolean wraps = true;

    private NarrowTerminal(int width) {
        this.width = width;
    }

    /** {@return the rows after a text} A row that continues the one before begins with {@code +}. */
    static List<String> rows(String text, int width) {
        NarrowTerminal terminal = new NarrowTerminal(width);
        int at = 0;
        while (at < text.length()) {
            at += terminal.print(text, at);
        }
        return terminal.rows.stream().map(StringBuilder::toString).toList();
    }

    private int print(String text, int at) {
        for (String sequence : List.of("\033[K", "\033[?7l", "\033[?7h")) {
            if (text.startsWith(sequence, at)) {
                switch (sequence) {
                    case "\033[K" -> row().setLength(Math.min(column, row().length()));
                    case "\033[?7l" -> wraps = false;
                    default -> wraps = true;
                }
                return sequence.length();
            }
        }
        char c = text.charAt(at);
        if (c == '\n') {
            next("");
        } else if (c == '\r') {
            column = 0;
        } else if (c < ' ') {
            throw new IllegalArgumentException("progress prints an unknown sequence at " + text.substring(at));
        } else {
            put(c);
        }
        return 1;
    }

    private void put(char c) {
        if (column == width && wraps) {
            next("+");
        }
        column = Math.min(column, width - 1);
        int from = row().indexOf("+") == 0 ? 1 : 0;
        row().setLength(Math.max(row().length(), column + from));
        row().replace(column + from, Math.min(row().length(), column + from + 1), Character.toString(c));
        column++;
    }

    private StringBuilder row() {
        return rows.get(rows.size() - 1);
    }

    private void next(String mark) {
        rows.add(new StringBuilder(mark));
        column = 0;
    }
}
