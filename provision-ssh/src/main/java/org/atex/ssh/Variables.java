package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The variables of one command as text for a shell. Their values go to the shell's input, before the command's own:
 * arguments are visible to every user of the system, a shell's input is not.
 *
 * <p>Short ones are one line, which {@code read} takes byte by byte, so that nothing of the command's input is lost.
 * Byte by byte is slow, so that longer ones are read by {@code dd}, which costs a process. {@code head} would
 * do for GNU, but that of busybox reads more than it is told to, which is then missing from the command's input.
 *
 * <p>Thread safety: for one thread.
 */
final class Variables {
    /** Up to how many bytes reading byte by byte is cheaper than starting a program. */
    private static final int SHORT = 4096;

    /** Names that shells keep for themselves. */
    private static final Set<String> KEPT =
            Set.of("_", "BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID");

    private static final String TEXT = "_atex_variables";
    private static final String NEWLINE = "_atex_newline";

    private final StringBuilder exports = new StringBuilder();
    private final List<String> words = new ArrayList<>();

    /**
     * Adds variables, which replace those added before.
     *
     * @param variables names and values
     */
    void addAll(Map<String, String> variables) {
        variables.forEach((name, value) -> {
            if (name.matches("[A-Za-z_][A-Za-z0-9_]*") && !KEPT.contains(name)) {
                String quoted = CommandLine.quoted(value).replace("\n", "'\"$" + NEWLINE + "\"'");
                exports.append("\\export ")
                        .append(name)
                        .append('=')
                        .append(quoted)
                        .append("; ");
            } else {
                words.add(CommandLine.quoted(name + "=" + value));
            }
        });
    }

    /** {@return arguments of {@code env} for the variables whose names no shell can set} */
    List<String> words() {
        return words;
    }

    private byte[] line() {
        // Its end shows that it arrived as a whole.
        return (exports + "\\unset " + TEXT + " " + NEWLINE + "\n").getBytes(UTF_8);
    }

    /** {@return the bytes that {@link #reading} reads} */
    byte[] input() {
        return exports.isEmpty() ? new byte[0] : line();
    }

    /** {@return text for {@code sh} that reads and sets the variables} */
    String reading() {
        if (exports.isEmpty()) {
            return "";
        }
        int length = line().length;
        String read = length <= SHORT
                ? "IFS= read -r " + TEXT
                : TEXT + "=$(" + CommandLine.bytes(length) + " 2>/dev/null)\n[ \"${" + TEXT + "%" + NEWLINE
                        + "}\" != \"$" + TEXT + "\" ]";
        read += " || { echo 'atex: the variables of the command did not arrive' >&2; exit 125; }\n";
        return NEWLINE + "='\n'\n" + read + "eval \"$" + TEXT + "\"\n";
    }
}
