package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.atex.api.Command;
import org.atex.api.Input;
import org.atex.api.Output;
import org.jspecify.annotations.Nullable;

/**
 * What is sent for a command: a line for the login shell of the user who logs in, and the bytes that go before the
 * command's own input. Every word of the line is quoted. Immutable.
 *
 * <p>The script of a command announces its process on the errors, goes to its directory, reads its variables, sets its
 * mark, and becomes the command. The line is an argument of the login shell, which every user of the system can see in
 * the list of processes. Passwords and the values of variables are therefore part of the input.
 *
 * @param line the line
 * @param input the bytes sent before the command's input; may hold a password and values of variables
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
record CommandLine(String line, byte[] input) {
    /** The variable with the marks of a command, by which all that it starts is found. */
    static final String VARIABLE = "ATEX_COMMAND";

    /** Goes before the number of the process. */
    static final String ANNOUNCEMENT = "atex-process ";

    /** A program can be given 128 KiB in one argument, and the whole line is one of the login shell. */
    private static final int LONGEST = 100_000;

    private static final String AFTER_PASSWORD = "atex-end-of-password";

    /**
     * {@return what is sent for a command}
     *
     * @param command the command
     * @param mark its mark
     * @param as how things are run there
     */
    static CommandLine of(Command command, String mark, As as) {
        Variables variables = new Variables();
        variables.addAll(as.environment());
        variables.addAll(command.environment());
        return as.line(script(command, mark, variables), variables.input());
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
         * @param variables the bytes that the script reads before its command does
         */
        CommandLine line(String script, byte[] variables) {
            byte[] bytes = script.getBytes(UTF_8);
            boolean isLong = bytes.length > LONGEST;
            String text = isLong ? "eval \"$(head -c " + bytes.length + ")\"" : script;
            ByteArrayOutputStream input = new ByteArrayOutputStream();
            if (sudo != null && sudoPassword != null) {
                // Whether sudo asks or not is its affair: whatever it leaves of the password is read away.
                text = "while IFS= read -r line && [ \"$line\" != " + AFTER_PASSWORD + " ]; do :; done\n" + text;
                input.writeBytes((new String(sudoPassword) + "\n" + AFTER_PASSWORD + "\n").getBytes(UTF_8));
            }
            if (isLong) {
                input.writeBytes(bytes);
            }
            input.writeBytes(variables);
            return new CommandLine(line(text), input.toByteArray());
        }

        private String line(String text) {
            if (sudo == null) {
                return posix ? text : "exec sh -c " + quoted(text);
            }
            String how = sudoPassword == null ? "-n" : "-k -S -p ''";
            return "exec sudo " + how + " -u " + quoted(sudo) + " -- sh -c " + quoted(text);
        }
    }

    private static String script(Command command, String mark, Variables variables) {
        StringBuilder script = new StringBuilder("echo ").append(ANNOUNCEMENT).append("$$ >&2\n");
        String directory = command.directory();
        if (directory != null) {
            // CDPATH would say where it went, and lead elsewhere.
            script.append("CDPATH= cd -- ").append(quoted(directory)).append(" || exit 126\n");
        }
        List<String> words = variables.words();
        script.append(variables.reading());
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
