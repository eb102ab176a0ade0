package org.atex.support;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.atex.api.Command;

/** Translates commands into bash scripts. The scripts consist of printable ASCII characters, so that no locale
 * changes them. */
public final class CommandScript {
    /** The environment variable that holds the marks of a command, by which its processes are found. */
    public static final String VARIABLE = "ATEX_COMMAND";

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern PLAIN_WORD = Pattern.compile("[A-Za-z0-9@%+=:,./_-]+");

    // Variables that bash sets itself or that change its behaviour. They are passed to env instead.
    private static final Set<String> RESERVED =
            Set.of("_", "BASHOPTS", "BASH_VERSINFO", "BASHPID", "EUID", "GROUPS", "IFS", "PPID", "SHELLOPTS", "UID");

    private CommandScript() {}

    /**
     * {@return a script that turns the shell into the command: it changes the directory, sets the variables and executes
     * the program} It does not redirect standard streams.
     *
     * @param command the command
     * @param mark text that is appended to the variable {@value #VARIABLE}: ASCII characters without a meaning for the
     *     shell in double quotes
     * @param prefix a program that executes the command, followed by a space, or an empty string
     */
    public static String of(Command command, String mark, String prefix) {
        StringBuilder script = new StringBuilder();
        String directory = command.directory();
        if (directory != null) {
            // With CDPATH, cd prints the directory and may enter another one; cd - enters the previous one.
            String path = directory.startsWith("/") ? directory : "./" + directory;
            script.append("CDPATH= builtin cd -P -- ").append(quoted(path)).append(" || exit 126\n");
        }
        StringBuilder exports = new StringBuilder();
        List<String> others = new ArrayList<>();
        command.environment().forEach((name, value) -> {
            if (NAME.matcher(name).matches() && !RESERVED.contains(name)) {
                // Not as arguments of env, which other users could read in the process list.
                exports.append(' ').append(name).append('=').append(quoted(value));
            } else {
                others.add(quoted(name + "=" + value));
            }
        });
        // Appended to an existing value, so that a process of nested commands carries the marks of all of them. bash
        // warns on standard error if a locale is unknown.
        script.append("builtin export")
                .append(exports)
                .append(' ')
                .append(VARIABLE)
                .append("=\"$")
                .append(VARIABLE)
                .append(mark)
                .append("\" 2>/dev/null\nbuiltin exec ")
                .append(prefix);
        if (!others.isEmpty() || command.arguments().get(0).startsWith("-")) {
            script.append("env -- ").append(String.join(" ", others)).append(' ');
        }
        return script.append(
                        command.arguments().stream().map(CommandScript::quoted).collect(Collectors.joining(" ")))
                .append('\n')
                .toString();
    }

    /**
     * {@return the text as a quoted word of bash, in printable ASCII}
     *
     * @param word the text
     */
    public static String quoted(String word) {
        return quoted(word.getBytes(UTF_8));
    }

    /**
     * {@return a local path as a quoted word of bash, in printable ASCII; the name keeps its bytes}
     *
     * @param path the path
     */
    public static String quoted(Path path) {
        return quoted(RawFileName.bytes(RawFileName.of(path)));
    }

    /**
     * {@return the text as a quoted word of any POSIX shell}
     *
     * @param word the text
     */
    public static String posixQuoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }

    /**
     * {@return a command line for a person to copy to any POSIX shell, with quotes only where they are needed}
     *
     * @param words the words of the command
     */
    public static String commandLine(List<String> words) {
        return words.stream()
                .map(word -> PLAIN_WORD.matcher(word).matches() ? word : posixQuoted(word))
                .collect(Collectors.joining(" "));
    }

    private static String quoted(byte[] word) {
        boolean plain = true;
        for (byte b : word) {
            plain &= isPrintable(b);
        }
        StringBuilder quoted = new StringBuilder(word.length + 8).append(plain ? "'" : "$'");
        for (byte b : word) {
            if (b == '\'') {
                quoted.append(plain ? "'\\''" : "\\'");
            } else if (b == '\\' && !plain) {
                quoted.append("\\\\");
            } else if (isPrintable(b)) {
                quoted.append((char) b);
            } else {
                // Octal with three digits, since bash would treat a following digit as part of a hexadecimal escape.
                quoted.append('\\').append(Integer.toOctalString(b & 0xff | 01000), 1, 4);
            }
        }
        return quoted.append('\'').toString();
    }

    // bash uses some control characters internally, and its builtin "read" counts these twice.
    private static boolean isPrintable(byte b) {
        return b >= ' ' && b < 0x7f || b == '\n' || b == '\t';
    }
}
