package org.atex.console;

import java.io.PrintStream;
import java.nio.charset.CharsetEncoder;
import java.util.List;
import java.util.function.Supplier;
import org.atex.artifacts.CiCommands;

/**
 * Prints complete lines. Several runs may share one stream: lines that belong together are printed by one call, and
 * the lines of a run begin with its prefix. Lines that a CI service would read as commands are escaped. Errors of the
 * stream, such as a broken pipe, are ignored.
 *
 * @param out the stream
 * @param changing whether to keep a status line below all other lines, on a terminal
 * @param prefix the beginning of each line; empty for a single run
 */
record Console(PrintStream out, boolean changing, String prefix) {
    private static final String ERASE = "\r\033[K";
    /** Disables line wrapping: ERASE clears only one row of the terminal. */
    private static final String UNWRAPPED = "\033[?7l";

    private static final String WRAPPED = "\033[?7h";

    Console(PrintStream out, boolean changing) {
        this(out, changing, "");
    }

    Console withPrefix(String other) {
        return new Console(out, changing, other);
    }

    /** Prints lines and, on a terminal, the status line below them. */
    void print(List<String> lines, Supplier<String> status) {
        if (changing) {
            print(ERASE + whole(lines) + UNWRAPPED + CiCommands.escape(prefix + status.get()) + WRAPPED);
        } else {
            print(lines);
        }
    }

    /** Prints lines without a status line. */
    void print(List<String> lines) {
        if (!lines.isEmpty()) {
            print((changing ? ERASE : "") + whole(lines));
        }
    }

    private String whole(List<String> lines) {
        StringBuilder whole = new StringBuilder();
        lines.forEach(line ->
                whole.append(CiCommands.escape((prefix + line).stripTrailing())).append('\n'));
        return whole.toString();
    }

    private void print(String text) {
        // The default charset of minimal containers is ASCII, which would print question marks.
        CharsetEncoder encoder = out.charset().newEncoder();
        String known = encoder.canEncode('…') ? text : text.replace("…", "...");
        out.print(encoder.canEncode('×') ? known : known.replace('×', 'x'));
        out.flush();
    }
}
