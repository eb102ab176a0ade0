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
 * A program to start on a system, with what it gets. Immutable; each {@code with…} method gives a changed copy.
 *
 * <p>Arguments reach the program byte for byte: no shell reads them, and nothing in them is expanded. Use
 * {@link #bash(String, String...)} for shell text.
 */
public final class Command {
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
            throw new IllegalArgumentException("a command needs a program: its first argument is missing or empty");
        }
        for (String argument : arguments) {
            refuseNul(argument, "an argument");
        }
        environment.forEach((name, value) -> {
            if (name.isEmpty() || name.indexOf('=') >= 0) {
                throw new IllegalArgumentException(
                        "not a name of an environment variable: '" + name + "' (it must not be empty or hold '=')");
            }
            refuseNul(name, "an environment variable's name");
            refuseNul(value, "the environment variable " + name);
        });
        if (stdout.equals(Output.merge())) {
            throw new IllegalArgumentException(
                    "standard output cannot be merged into itself: Output.merge() is for stderr");
        }
    }

    /**
     * {@return the program and its arguments, at least one; a program without a slash is looked up in the {@code PATH} of the
     * system}
     */
    public List<String> arguments() {
        return arguments;
    }

    /** {@return variables added to those of the system, in this order} */
    public Map<String, String> environment() {
        return environment;
    }

    /** {@return where it runs, or null for the connection's own (usually the user's home)} */
    public @Nullable String directory() {
        return directory;
    }

    /** {@return what it reads} */
    public Input stdin() {
        return stdin;
    }

    /** {@return where its output goes} */
    public Output stdout() {
        return stdout;
    }

    /** {@return where its errors go} */
    public Output stderr() {
        return stderr;
    }

    private static void refuseNul(String text, String what) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(what + " holds a NUL character, which no program can be given");
        }
    }

    /**
     * {@return a command with nothing but arguments}
     *
     * @param arguments the program and its arguments
     */
    public static Command of(String... arguments) {
        return of(List.of(arguments));
    }

    /**
     * {@return a command with nothing but arguments}
     *
     * @param arguments the program and its arguments
     */
    public static Command of(List<String> arguments) {
        return new Command(arguments, Map.of(), null, Input.empty(), Output.pipe(), Output.pipe());
    }

    /**
     * {@return a command that has bash run a script}
     *
     * @param script the text of the script
     * @param arguments what it finds in {@code $1}, {@code $2} …
     */
    public static Command bash(String script, String... arguments) {
        List<String> all = new ArrayList<>(List.of("bash", "-c", script, "bash"));
        all.addAll(List.of(arguments));
        return of(all);
    }

    /**
     * {@return this command with other arguments}
     *
     * @param all the program and its arguments
     */
    public Command withArguments(List<String> all) {
        return new Command(all, environment, directory, stdin, stdout, stderr);
    }

    /**
     * {@return this command with one more variable}
     *
     * @param name its name
     * @param value its value
     */
    public Command withEnvironment(String name, String value) {
        return withEnvironment(Map.of(name, value));
    }

    /**
     * {@return this command with more variables; they replace those of the same name}
     *
     * @param more the variables
     */
    public Command withEnvironment(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(environment);
        all.putAll(more);
        return new Command(arguments, all, directory, stdin, stdout, stderr);
    }

    /**
     * {@return this command, run in another directory}
     *
     * @param path a directory of the system, or null for the connection's own
     */
    public Command withDirectory(@Nullable String path) {
        return new Command(arguments, environment, path, stdin, stdout, stderr);
    }

    /**
     * {@return this command with another input}
     *
     * @param input what it reads
     */
    public Command withStdin(Input input) {
        return new Command(arguments, environment, directory, input, stdout, stderr);
    }

    /**
     * {@return this command with its output elsewhere}
     *
     * @param output where its output goes
     */
    public Command withStdout(Output output) {
        return new Command(arguments, environment, directory, stdin, output, stderr);
    }

    /**
     * {@return this command with its errors elsewhere}
     *
     * @param output where its errors go
     */
    public Command withStderr(Output output) {
        return new Command(arguments, environment, directory, stdin, stdout, output);
    }

    /** {@return the arguments, the first line of each, for messages; values of variables may be secret and are left out} */
    @Override
    public String toString() {
        String line = arguments.stream().map(Command::shown).collect(Collectors.joining(" "));
        return environment.isEmpty() ? line : line + " (with " + String.join(", ", environment.keySet()) + ")";
    }

    private static String shown(String argument) {
        int end = argument.indexOf('\n');
        String line = end < 0 ? argument : argument.substring(0, end);
        return line.length() < argument.length() || line.length() > 80
                ? line.substring(0, Math.min(80, line.length())) + "…"
                : line;
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
