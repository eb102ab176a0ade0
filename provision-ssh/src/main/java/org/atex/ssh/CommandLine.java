package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.atex.api.Command;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.support.CommandScript;
import org.jspecify.annotations.Nullable;

/**
 * The request that starts a command: a line for the login shell of the user, and bytes for stdin that precede the input
 * of the command. Immutable.
 *
 * <p>The line runs a script for {@code sh}. The script prints the id of its process to stdout and stderr, so that the
 * output of start-up files before it can be removed. Then it changes to the directory of the command, reads the
 * variables, exports the mark of the command and replaces itself by the command.
 *
 * <p>Login shells differ from {@code sh}: fish interprets backslashes in single quotes, csh does not allow line breaks
 * in quotes. They get a line that all shells read alike; it starts {@code sh}, which reads the script from stdin. For a
 * login shell that is known to be compatible with {@code sh}, the line is the script itself, which starts two programs
 * fewer.
 *
 * <p>The line becomes an argument of the login shell, and every user of the system can see it in the list of processes.
 * Passwords and the values of variables are therefore sent through stdin.
 *
 * @param line the line for the login shell
 * @param input the bytes to send before the input of the command; they can contain a password and the values of
 *     variables
 */
@SuppressWarnings("ArrayRecordComponent") // records of this type are never compared
record CommandLine(String line, byte[] input) {
    /** The variable that contains the mark of a command. Descendants inherit it, by which they are found and ended. */
    static final String VARIABLE = "ATEX_COMMAND";

    /** The text before the process id in the announcement. */
    static final String ANNOUNCEMENT = "atex-process ";

    /**
     * The first lines of every script. They undo changes of start-up files to the shell, and announce the process.
     *
     * <p>A {@code bash} that finds the variables of sshd reads {@code ~/.bashrc} if {@code SHLVL} is below 2. A bash of
     * the command must not do that. The value is 2 because {@code exec} decreases it by one.
     */
    static final String BEGINNING = """
            { set +aeuvx; trap - DEBUG; unset -f cd dd echo eval exec exit export read; } 2>/dev/null
            SHLVL=2
            \\export SHLVL
            \\echo "%1$s$$"
            \\echo "%1$s$$" >&2
            """.formatted(ANNOUNCEMENT);

    /**
     * Two arguments in quotes that fish and csh read differently from {@code sh}. A script compares its arguments with
     * {@link #AS_QUOTED} to find out whether the login shell is compatible with {@code sh}.
     */
    private static final String QUOTED = "'\\\\' '\\!'";

    /** The value of {@code $*} if the login shell has read {@link #QUOTED} as {@code sh} does. */
    static final String AS_QUOTED = "\\\\ \\!";

    /**
     * The limit of a line in bytes; a longer script is sent through stdin. Linux limits a single argument to 128 KiB,
     * and the whole line is one argument of the login shell. The difference is left for the text around the script.
     */
    private static final int MAX_LINE_BYTES = 100_000;

    /** The line after a script that the shell reads from stdin line by line. */
    private static final String END_OF_SCRIPT = "#atex-end-of-script";

    private static final String END_OF_PASSWORD = "atex-end-of-password";

    /**
     * {@return the request that starts a command}
     *
     * @param command the command
     * @param mark the mark of the command, unique on the connection
     * @param context the context on the system
     */
    static CommandLine of(Command command, String mark, Context context) {
        Variables variables = new Variables();
        variables.addAll(context.environment());
        variables.addAll(command.environment());
        return context.line(script(command, mark, variables), variables.input());
    }

    /**
     * The context in which the commands of a connection run.
     *
     * @param posix whether the login shell is known to be compatible with {@code sh}
     * @param sudo the user to run as by sudo, or null for the login user
     * @param sudoPassword the password for sudo, or null if sudo must not ask for one
     * @param environment variables of every command; variables of the command itself take precedence
     */
    @SuppressWarnings("ArrayRecordComponent") // records of this type are never compared
    record Context(
            boolean posix, @Nullable String sudo, char @Nullable [] sudoPassword, Map<String, String> environment) {
        /**
         * {@return the request that starts a script}
         *
         * @param script the script for {@code sh}
         * @param variables the bytes that the script reads from stdin before the command does
         */
        CommandLine line(String script, byte[] variables) {
            CommandLine request = new CommandLine(script, variables);
            int length = (sudo == null ? script : quoted(script)).getBytes(UTF_8).length;
            if (length > MAX_LINE_BYTES) {
                request = request.fromStdin();
            }
            if (sudo != null) {
                // -k: sudo always asks, even within the time-out of an earlier password. -S: it reads stdin, not a
                // terminal.
                request = sudoPassword == null
                        ? request.by("exec sudo -n -u " + quoted(sudo))
                        : request.withPassword(sudoPassword).by("exec sudo -k -S -p '' -u " + quoted(sudo));
            }
            return posix ? request : request.fromStdin().forAnyShell();
        }
    }

    /**
     * {@return a request with its script in the input} {@code dd} reads exactly the bytes of the script, so that the
     * input of the command is left. Without {@code dd} the shell reads line by line, which is slow for long scripts.
     *
     * <p>The line must not contain a line break, which csh does not allow in quotes; <code>${IFS#??}</code> stands for
     * one, as {@code IFS} is a space, a tab and a line break.
     */
    private CommandLine fromStdin() {
        byte[] script = (line + "\n" + END_OF_SCRIPT + "\n").getBytes(UTF_8);
        String reading = "if command -v dd >/dev/null; then _atex_all=$(" + bytes(script.length) + "); else _atex_all=;"
                + " while IFS= read -r _atex_line; do [ \"$_atex_line\" = \"" + END_OF_SCRIPT + "\" ] && break;"
                + " _atex_all=\"$_atex_all$_atex_line${IFS#??}\"; done; fi; eval \"$_atex_all\"; exit 125";
        return new CommandLine(reading, joined(script, input));
    }

    /**
     * {@return a request with the password of sudo at the beginning of its input} The script skips the input up to a
     * mark, in case sudo did not ask and left the password: it must not become input of the command.
     */
    private CommandLine withPassword(char[] password) {
        String skip = "while IFS= read -r _atex_line && [ \"$_atex_line\" != " + END_OF_PASSWORD + " ]; do :; done\n";
        byte[] lines = (new String(password) + "\n" + END_OF_PASSWORD + "\n").getBytes(UTF_8);
        return new CommandLine(skip + line, joined(lines, input));
    }

    /** {@return a request that runs the line by sudo} */
    private CommandLine by(String sudo) {
        return new CommandLine(sudo + " -- sh -c " + quoted(line) + " sh \"$@\"", input);
    }

    /**
     * {@return a request that every login shell reads alike} The line must not contain single quotes or line breaks, as
     * that of {@link #fromStdin} does not.
     */
    private CommandLine forAnyShell() {
        return new CommandLine("exec /bin/sh -c '" + line + "' sh " + QUOTED, input);
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    /**
     * {@return a command that copies a number of bytes from stdin to stdout} It reads no byte more: the rest of stdin
     * belongs to the command. {@code fullblock} makes {@code dd} go on after a short read of a pipe.
     */
    static String bytes(int count) {
        return "dd bs=" + count + " count=1 iflag=fullblock";
    }

    private static String script(Command command, String mark, Variables variables) {
        StringBuilder script = new StringBuilder(BEGINNING);
        String directory = command.directory();
        if (directory != null) {
            // CDPATH would make cd search other directories first, and print the one that it found.
            script.append("CDPATH= \\cd -- ").append(quoted(directory)).append(" || exit 126\n");
        }
        List<String> words = variables.words();
        script.append(variables.reading());
        // Appended to the mark of an outer command: a process can be found by the mark of each command that it descends
        // from.
        script.append("\\export ")
                .append(VARIABLE)
                .append("=\"$")
                .append(VARIABLE)
                .append(mark)
                .append("\"\n");
        script.append("\\exec ");
        // env sets variables with names that the shell does not accept, and exec would take a leading dash for an
        // option.
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

    /** {@return a text in quotes, as one literal word for {@code sh}} */
    static String quoted(String word) {
        return CommandScript.posixQuoted(word);
    }
}
