package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Converts the variables of a command to text for a shell. The values are sent to the standard input of the shell,
 * before that of the command: arguments are visible to all users of the system, input is not.
 *
 * <p>Short text is one line for {@code read}, which reads byte by byte, so that no input of the command is lost. That
 * is slow, so longer text is read by {@code dd}, at the cost of a process. {@code head -c} of GNU would do, but that of
 * busybox reads more than it is asked for, and takes it from the input of the command.
 *
 * <p>Not thread-safe.
 */
final class Variables {
    /** The length in bytes up to which {@code read} is faster than the start of a program. */
    private static final int SHORT = 4096;

    /** Names that shells reserve. */
    private static final Set<String> RESERVED =
            Set.of("_", "BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID");

    private static final String TEXT = "_atex_variables";
    private static final String NEWLINE = "_atex_newline";

    private final StringBuilder exports = new StringBuilder();
    private final List<String> words = new ArrayList<>();

    /**
     * Adds variables. They replace variables of the same name.
     *
     * @param variables the variables
     */
    void addAll(Map<String, String> variables) {
        variables.forEach((name, value) -> {
            if (name.matches("[A-Za-z_][A-Za-z0-9_]*") && !RESERVED.contains(name)) {
                // A line break would end the line that read takes. It is passed by a variable instead.
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

    /** {@return arguments of {@code env} for variables with names that a shell cannot set} */
    List<String> words() {
        return words;
    }

    private byte[] line() {
        // The name of the second variable is also the end mark, which shows that the text arrived completely.
        return (exports + "\\unset " + TEXT + " " + NEWLINE + "\n").getBytes(UTF_8);
    }

    /** {@return the bytes that the text of {@link #reading} reads} */
    byte[] input() {
        return exports.isEmpty() ? new byte[0] : line();
    }

    /** {@return shell commands that read and set the variables} */
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
