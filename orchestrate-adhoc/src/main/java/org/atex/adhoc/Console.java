package org.atex.adhoc;

import java.io.PrintStream;
import java.nio.charset.CharsetEncoder;
import java.util.List;
import org.atex.artifacts.CiCommands;

/**
 * Prints whole lines. Several runs may print to one stream: what belongs together is one call, and a run's lines begin
 * with its prefix. No line is a command to a CI service that reads along. A stream that has failed, such as a broken pipe, is none of a run's business.
 *
 * @param out where to print
 * @param changing whether a line that changes is kept below all others
 * @param prefix what each line begins with; empty if there is nothing to tell runs apart
 */
record Console(PrintStream out, boolean changing, String prefix) {
    private static final String ERASE = "\r\033[K";
    /** The line would not be erased as a whole if it were wrapped. */
    private static final String UNWRAPPED = "\033[?7l";

    private static final String WRAPPED = "\033[?7h";

    Console(PrintStream out, boolean changing) {
        this(out, changing, "");
    }

    Console withPrefix(String other) {
        return new Console(out, changing, other);
    }

    /** Prints lines; on a terminal, the status is the line below them. */
    void print(List<String> lines, String status) {
        if (changing) {
            print(ERASE + whole(lines) + UNWRAPPED + CiCommands.disarmed(prefix + status) + WRAPPED);
        } else {
            print(lines);
        }
    }

    /** Prints lines, with nothing below them. */
    void print(List<String> lines) {
        if (!lines.isEmpty()) {
            print((changing ? ERASE : "") + whole(lines));
        }
    }

    private String whole(List<String> lines) {
        StringBuilder whole = new StringBuilder();
        lines.forEach(line -> whole.append(CiCommands.disarmed((prefix + line).stripTrailing()))
                .append('\n'));
        return whole.toString();
    }

    private void print(String text) {
        CharsetEncoder encoder = out.charset().newEncoder();
        String known = encoder.canEncode('…') ? text : text.replace("…", "...");
        out.print(encoder.canEncode('×') ? known : known.replace('×', 'x'));
        out.flush();
    }
}
