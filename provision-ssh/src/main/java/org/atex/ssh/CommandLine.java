package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.atex.api.Command;
import org.atex.api.Input;
import org.atex.api.Output;
import org.jspecify.annotations.Nullable;

/**
 * What is sent for a command: a line for the login shell of whoever logs in, and what goes before the command's own
 * input. Every word of it is quoted. Immutable.
 *
 * <p>The script of a command announces its process on the errors, goes to its directory, sets its variables and its mark,
 * and becomes the command.
 *
 * @param line the line
 * @param input what is sent before the command's input; may hold a password
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
record CommandLine(String line, byte[] input) {
    /** The variable with the marks of a command, by which all that it starts is found. */
    static final String VARIABLE = "ATEX_COMMAND";

    /** Goes before the number of the process. */
    static final String ANNOUNCEMENT = "atex-process ";

    /** A program can be given 128 KiB in one argument, and the whole line is one of the login shell. */
    private static final int LONGEST = 100_000;

    private static final Set<String> KEPT =
            Set.of("_", "BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID");

    private static final String AFTER_PASSWORD = "atex-end-of-password";

    /**
     * {@return what is sent for a command}
     *
     * @param command the command
     * @param mark its mark
     * @param as how things are run there
     */
    static CommandLine of(Command command, String mark, As as) {
        return as.line(script(command, mark, as.environment()));
    }

    /**
     * How things are run on a system.
     *
     * @param posix whether the login shell understands what {@code sh} does
     * @param sudo another user, or null
     * @param sudoPassword what sudo asks for, or null if it asks for nothing
     * @param environment variables of every command
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares them
    record As(boolean posix, @Nullable String sudo, char @Nullable [] sudoPassword, Map<String, String> environment) {
        /**
         * {@return what is sent for a script}
         *
         * @param script text for {@code sh}
         */
        CommandLine line(String script) {
            byte[] bytes = script.getBytes(UTF_8);
            boolean isLong = bytes.length > LONGEST;
            String text = isLong ? "eval \"$(head -c " + bytes.length + ")\"" : script;
            byte[] input = isLong ? bytes : new byte[0];
            if (sudo == null) {
                return new CommandLine(posix ? text : "exec sh -c " + quoted(text), input);
            }
            if (sudoPassword == null) {
                return new CommandLine("exec sudo -n -u " + quoted(sudo) + " -- sh -c " + quoted(text), input);
            }
            // Whether sudo asks or not is its affair: whatever it leaves of the password is read away.
            String skip = "while IFS= read -r line && [ \"$line\" != " + AFTER_PASSWORD + " ]; do :; done\n";
            byte[] password = (new String(sudoPassword) + "\n" + AFTER_PASSWORD + "\n").getBytes(UTF_8);
            byte[] all = new byte[password.length + input.length];
            System.arraycopy(password, 0, all, 0, password.length);
            System.arraycopy(input, 0, all, password.length, input.length);
            return new CommandLine(
                    "exec sudo -k -S -p '' -u " + quoted(sudo) + " -- sh -c " + quoted(skip + text), all);
        }
    }

    private static String script(Command command, String mark, Map<String, String> environment) {
        StringBuilder script = new StringBuilder("echo ").append(ANNOUNCEMENT).append("$$ >&2\n");
        String directory = command.directory();
        if (directory != null) {
            // CDPATH would say where it went, and lead elsewhere.
            script.append("CDPATH= cd -- ").append(quoted(directory)).append(" || exit 126\n");
        }
        List<String> words = new ArrayList<>();
        export(script, words, environment);
        export(script, words, command.environment());
        script.append("export ")
                .append(VARIABLE)
                .append("=\"$")
                .append(VARIABLE)
                .append(mark)
                .append("\"\n");
        script.append("exec ");
        if (!words.isEmpty() || command.arguments().get(0).startsWith("-")) {
            script.append("env -- ").append(String.join(" ", words)).append(' ');
        }
        script.append(command.arguments().stream().map(CommandLine::quoted).collect(Collectors.joining(" ")));
        return script.append(redirections(command)).toString();
    }

    /** What no shell takes for a variable's name, or keeps for itself, env sets all the same. */
    private static void export(StringBuilder script, List<String> words, Map<String, String> variables) {
        variables.forEach((name, value) -> {
            if (name.matches("[A-Za-z_][A-Za-z0-9_]*") && !KEPT.contains(name)) {
                script.append("export ")
                        .append(name)
                        .append('=')
                        .append(quoted(value))
                        .append('\n');
            } else {
                words.add(quoted(name + "=" + value));
            }
        });
    }

    private static String redirections(Command command) {
        String redirections = command.stdin().equals(Input.empty()) ? " </dev/null" : "";
        if (command.stdout().equals(Output.discard())) {
            redirections += " >/dev/null";
        }
        if (command.stderr().equals(Output.merge())) {
            redirections += " 2>&1";
        } else if (command.stderr().equals(Output.discard())) {
            redirections += " 2>/dev/null";
        }
        return redirections;
    }

    /** {@return a word that every shell takes for just this text} */
    static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }
}
