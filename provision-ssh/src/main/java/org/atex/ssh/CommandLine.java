package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.atex.api.Command;
import org.atex.api.Input;
import org.atex.api.Output;
import org.jspecify.annotations.Nullable;

/**
 * What is sent for a command: a line for the login shell of the user who logs in, and the bytes that go before the
 * command's own input. Immutable.
 *
 * <p>The script of a command announces its process, on the output and on the errors, so that what start-up files say before
 * is not taken for the command's. It goes to its directory, reads its variables, sets its mark, and becomes the command.
 *
 * <p>Not every login shell understands what {@code sh} does: fish takes back-slashes in quotes in its own way, and csh has no
 * quoted line breaks. Theirs is a line that all of them take alike, by which {@code sh} reads the script from the input.
 * Where the login shell is known to read as {@code sh} does, the line is the script itself, which saves two programs.
 *
 * <p>The line is an argument of the login shell, which every user of the system can see in the list of processes.
 * Passwords and the values of variables are therefore part of the input.
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

    /**
     * Undoes what start-up files may have changed, and announces the process. No {@code bash} that the command starts reads
     * start-up files because of sshd: it does so where {@code SHLVL} is below 2, and {@code exec} takes one away.
     */
    static final String BEGINNING = """
            { set +aeuvx; trap - DEBUG; unset -f cd dd echo eval exec exit export read; } 2>/dev/null
            SHLVL=2
            \\export SHLVL
            \\echo "%1$s$$"
            \\echo "%1$s$$" >&2
            """.formatted(ANNOUNCEMENT);

    /** Two words that fish and csh, but not {@code sh}, read as something else: {@link #AS_QUOTED}. */
    private static final String QUOTED = "'\\\\' '\\!'";

    /** What {@code $*} is after {@code sh} has read {@link #QUOTED}. */
    static final String AS_QUOTED = "\\\\ \\!";

    /** A program can be given 128 KiB in one argument, and the whole line is one of the login shell. */
    private static final int LONGEST = 100_000;

    /** The last line of a script that is read from the input. */
    private static final String END = "#atex-end-of-script";

    private static final String AFTER_PASSWORD = "atex-end-of-password";

    /**
     * {@return what is sent for a command}
     *
     * @param command the command
     * @param mark its mark
     * @param as how things are run there
     */
    static CommandLine of(Command command, String mark, Context as) {
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
    record Context(boolean posix, @Nullable String sudo, char @Nullable [] sudoPassword, Map<String, String> environment) {
        /**
         * {@return what is sent for a script}
         *
         * @param script text for {@code sh}
         * @param variables the bytes that the script reads before its command does
         */
        CommandLine line(String script, byte[] variables) {
            CommandLine all = new CommandLine(script, variables);
            int length = (sudo == null ? script : quoted(script)).getBytes(UTF_8).length;
            if (length > LONGEST) {
                all = all.fromInput();
            }
            if (sudo != null) {
                all = sudoPassword == null
                        ? all.by("exec sudo -n -u " + quoted(sudo))
                        : all.after(sudoPassword).by("exec sudo -k -S -p '' -u " + quoted(sudo));
            }
            return posix ? all : all.fromInput().byAnyShell();
        }
    }

    /**
     * {@return the same for a shell that reads the script from its input} By itself where there is no {@code dd}, which is
     * slow for long ones; {@code IFS} ends with a line break, which not every login shell allows in a word.
     */
    private CommandLine fromInput() {
        byte[] script = (line + "\n" + END + "\n").getBytes(UTF_8);
        String reading = "if command -v dd >/dev/null; then _atex_all=$(" + bytes(script.length) + "); else _atex_all=;"
                + " while IFS= read -r _atex_line; do [ \"$_atex_line\" = \"" + END + "\" ] && break;"
                + " _atex_all=\"$_atex_all$_atex_line${IFS#??}\"; done; fi; eval \"$_atex_all\"; exit 125";
        return new CommandLine(reading, joined(script, input));
    }

    /** {@return the same with sudo's password before} Whether sudo asks for it or not: what it leaves is read away. */
    private CommandLine after(char[] password) {
        String away = "while IFS= read -r _atex_line && [ \"$_atex_line\" != " + AFTER_PASSWORD + " ]; do :; done\n";
        byte[] lines = (new String(password) + "\n" + AFTER_PASSWORD + "\n").getBytes(UTF_8);
        return new CommandLine(away + line, joined(lines, input));
    }

    private CommandLine by(String sudo) {
        return new CommandLine(sudo + " -- sh -c " + quoted(line) + " sh \"$@\"", input);
    }

    /** {@return the same as a line that every login shell understands} The script of it has no quotes or line breaks. */
    private CommandLine byAnyShell() {
        return new CommandLine("exec /bin/sh -c '" + line + "' sh " + QUOTED, input);
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    /** {@return a command that reads so many bytes of its input, and no more} */
    static String bytes(int count) {
        return "dd bs=" + count + " count=1 iflag=fullblock";
    }

    private static String script(Command command, String mark, Variables variables) {
        StringBuilder script = new StringBuilder(BEGINNING);
        String directory = command.directory();
        if (directory != null) {
            // CDPATH would say where it went, and lead elsewhere.
            script.append("CDPATH= \\cd -- ").append(quoted(directory)).append(" || exit 126\n");
        }
        List<String> words = variables.words();
        script.append(variables.reading());
        script.append("\\export ")
                .append(VARIABLE)
                .append("=\"$")
                .append(VARIABLE)
                .append(mark)
                .append("\"\n");
        script.append("\\exec ");
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
