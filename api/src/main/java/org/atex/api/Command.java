package org.atex.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A program to run on a system, with its arguments, environment, working directory and redirections.
 *
 * {@snippet :
 * Command build = Command.of("make", "check")
 *         .withDirectory("/src/project")
 *         .withEnvironment("LANG", "C.UTF-8")
 *         .withStderr(Output.merge());
 * CommandResult result = connection.run(build).orThrow();
 * }
 *
 * <p>The program receives its arguments byte for byte: no shell reads or expands them. Use {@link #bash(String,
 * String...)} for shell text.
 *
 * <p>Thread safety: this class is immutable; each {@code with…} method returns a changed copy. Two commands are equal
 * if all their properties are equal.
 *
 * <p>Each method that creates a command throws {@link IllegalArgumentException} if the command has no program, an
 * argument or variable contains a NUL character, the name of a variable is empty or contains {@code =}, or standard
 * output is {@link Output#merge()}.
 */
public final class Command {
    private static final int MAX_SHOWN = 200;
    private static final int MAX_SHOWN_ARGUMENT = 80;

    private final List<String> arguments;
    private final Map<String, String> environment;
    private final @Nullable String directory;
    private final Input stdin;
    private final Output stdout;
    private final Output stderr;

    private Command(
            List<String> arguments,
            Map<String, String> environment,
            @Nullable String directory,
            Input stdin,
            Output stdout,
            Output stderr) {
        this.arguments = List.copyOf(arguments);
        this.environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        this.directory = directory;
        this.stdin = stdin;
        this.stdout = stdout;
        this.stderr = stderr;
        if (arguments.isEmpty() || arguments.get(0).isEmpty()) {
            throw new IllegalArgumentException("a command needs a program, but its first argument is missing or empty");
        }
        for (String argument : arguments) {
            refuseNul(argument, "an argument");
        }
        environment.forEach((name, value) -> {
            if (name.isEmpty() || name.indexOf('=') >= 0) {
                throw new IllegalArgumentException(
                        "'" + name + "' is not the name of an environment variable: it is empty or contains '='");
            }
            refuseNul(name, "the name of an environment variable");
            refuseNul(value, "the environment variable " + name);
        });
        if (stdout.equals(Output.merge())) {
            throw new IllegalArgumentException(
                    "standard output cannot be merged into itself; use Output.merge() for standard error only");
        }
    }

    /**
     * {@return the program and its arguments, at least one element; a program without a slash is looked up in the
     * {@code PATH} of the system}
     */
    public List<String> arguments() {
        return arguments;
    }

    /** {@return the variables that are added to the environment of the system, in this order} */
    public Map<String, String> environment() {
        return environment;
    }

    /**
     * {@return the working directory on the system, or null for the default of the connection (usually the home
     * directory of the user)}
     */
    public @Nullable String directory() {
        return directory;
    }

    /** {@return the source of standard input} */
    public Input stdin() {
        return stdin;
    }

    /** {@return the destination of standard output} */
    public Output stdout() {
        return stdout;
    }

    /** {@return the destination of standard error} */
    public Output stderr() {
        return stderr;
    }

    private static void refuseNul(String text, String what) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(what + " contains a NUL character, which no process can receive");
        }
    }

    /**
     * {@return a command with these arguments, no input, and both outputs piped to the caller}
     *
     * @param arguments the program and its arguments
     */
    public static Command of(String... arguments) {
        return of(List.of(arguments));
    }

    /**
     * {@return a command with these arguments, no input, and both outputs piped to the caller}
     *
     * @param arguments the program and its arguments
     */
    public static Command of(List<String> arguments) {
        return new Command(arguments, Map.of(), null, Input.empty(), Output.pipe(), Output.pipe());
    }

    /**
     * {@return a command in which bash runs a script}
     *
     * @param script the text of the script
     * @param arguments the positional parameters {@code $1}, {@code $2} … of the script
     */
    public static Command bash(String script, String... arguments) {
        List<String> all = new ArrayList<>(List.of("bash", "-c", script, "bash"));
        all.addAll(List.of(arguments));
        return of(all);
    }

    /**
     * {@return a copy of this command with other arguments}
     *
     * @param all the program and its arguments
     */
    public Command withArguments(List<String> all) {
        return new Command(all, environment, directory, stdin, stdout, stderr);
    }

    /**
     * {@return a copy of this command with one more environment variable, which replaces a variable of the same name}
     *
     * @param name the name of the variable
     * @param value the value of the variable
     */
    public Command withEnvironment(String name, String value) {
        return withEnvironment(Map.of(name, value));
    }

    /**
     * {@return a copy of this command with more environment variables, which replace variables of the same name}
     *
     * @param more the variables
     */
    public Command withEnvironment(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(environment);
        all.putAll(more);
        return new Command(arguments, all, directory, stdin, stdout, stderr);
    }

    /**
     * {@return a copy of this command with another working directory}
     *
     * @param path a directory of the system, or null for the default of the connection
     */
    public Command withDirectory(@Nullable String path) {
        return new Command(arguments, environment, path, stdin, stdout, stderr);
    }

    /**
     * {@return a copy of this command with another standard input}
     *
     * @param input the source of standard input
     */
    public Command withStdin(Input input) {
        return new Command(arguments, environment, directory, input, stdout, stderr);
    }

    /**
     * {@return a copy of this command with another standard output}
     *
     * @param output the destination of standard output
     */
    public Command withStdout(Output output) {
        return new Command(arguments, environment, directory, stdin, output, stderr);
    }

    /**
     * {@return a copy of this command with another standard error}
     *
     * @param output the destination of standard error
     */
    public Command withStderr(Output output) {
        return new Command(arguments, environment, directory, stdin, stdout, output);
    }

    /**
     * {@return the arguments and the names of the variables, for messages: of each argument the first line, at most 80
     * characters, and at most 200 characters in all; the values of variables may be secret and are left out}
     */
    @Override
    public String toString() {
        String line = begin(arguments.stream().map(Command::shown).collect(Collectors.joining(" ")), MAX_SHOWN);
        return environment.isEmpty()
                ? line
                : line + " (with " + begin(String.join(", ", environment.keySet()), MAX_SHOWN_ARGUMENT) + ")";
    }

    private static String begin(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length) + "…";
    }

    private static String shown(String argument) {
        int end = argument.indexOf('\n');
        String line = end < 0 ? argument : argument.substring(0, end);
        return end < 0 ? begin(line, MAX_SHOWN_ARGUMENT) : line.substring(0, Math.min(MAX_SHOWN_ARGUMENT, end)) + "…";
    }

    private List<@Nullable Object> properties() {
        return Arrays.asList(arguments, environment, directory, stdin, stdout, stderr);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Command that && properties().equals(that.properties());
    }

    @Override
    public int hashCode() {
        return properties().hashCode();
    }
}
