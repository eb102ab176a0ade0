package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Runs the program {@code podman} on a host. Immutable. */
final class Podman {
    // The number of characters of error output that a message quotes; the end of the output is kept.
    private static final int MAX_QUOTED = 2000;
    private static final Pattern RETRIES =
            Pattern.compile("(?m)^time=\"[^\"]*\" level=warning msg=\"Failed, retrying.*\\n");

    private final PodmanHost host;
    private final List<String> program;

    /** Creates a runner on this machine. */
    Podman(List<String> program) {
        this(new ThisMachine(), program);
    }

    Podman(PodmanHost host, List<String> program) {
        this.host = host;
        this.program = List.copyOf(program);
    }

    PodmanHost host() {
        return host;
    }

    /** Thrown if podman ends with an exit code other than 0. */
    static final class FailedException extends IOException {
        private static final long serialVersionUID = 1L;
        private final String errorOutput;

        FailedException(String message, String errorOutput) {
            super(message);
            this.errorOutput = errorOutput;
        }

        /** {@return the error output of podman, without leading and trailing white space} */
        String errorOutput() {
            return errorOutput;
        }
    }

    /** {@return the command line that runs podman with these arguments} */
    List<String> commandLine(List<String> arguments) {
        List<String> line = new ArrayList<>(program);
        line.addAll(arguments);
        return line;
    }

    String run(Duration within, String... arguments) throws IOException, InterruptedException {
        return run(within, List.of(arguments), line -> {});
    }

    /**
     * Runs podman and waits for its end. An interrupt terminates it.
     *
     * @param within the time limit
     * @param arguments the arguments of podman
     * @param progress receives each line of the error output, to which podman writes its progress, in another thread
     * @return the standard output, without leading and trailing white space
     * @throws FailedException if podman ends with an exit code other than 0
     * @throws IOException if podman cannot be run, or exceeds the time limit; it was terminated then
     * @throws InterruptedException if interrupted; podman was terminated
     */
    String run(Duration within, List<String> arguments, Consumer<String> progress)
            throws IOException, InterruptedException {
        return run(commandLine(arguments), within, arguments.get(0), progress);
    }

    /**
     * Runs podman like {@link #run(Duration, List, Consumer)}, but passes its standard output to {@code progress} too.
     */
    void runWithOutput(Duration within, List<String> arguments, Consumer<String> progress)
            throws IOException, InterruptedException {
        // The shell merges standard output into standard error, which preserves the order of the lines.
        List<String> line = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" >&2", "sh"));
        line.addAll(commandLine(arguments));
        var unused = run(line, within, arguments.get(0), progress);
    }

    private String run(List<String> line, Duration within, String subcommand, Consumer<String> progress)
            throws IOException, InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before running podman " + subcommand);
        }
        PodmanHost.End end = host.run(line, subcommand, within, progress);
        String errors = end.errors().strip();
        if (end.code() != 0) {
            String message = "'podman " + subcommand + "' ended with exit code " + end.code();
            throw new FailedException(errors.isEmpty() ? message : message + ": " + shortened(errors), errors);
        }
        return end.output().strip();
    }

    static IOException timeout(String subcommand, Duration within) {
        return new IOException("'podman " + subcommand + "' did not end within " + within.toSeconds() + " s");
    }

    // Platform threads: a virtual thread that reads from a process blocks its carrier thread.
    static FutureTask<String> readAsync(Callable<String> read) {
        FutureTask<String> task = new FutureTask<>(read);
        Thread.ofPlatform().daemon().name("atex-podman-reader").start(task);
        return task;
    }

    static String text(InputStream stream) throws IOException {
        return new String(stream.readAllBytes(), UTF_8);
    }

    /** {@return the last lines of a stream, which contain the cause of a failure, after passing on all of them} */
    static String readLines(InputStream stream, Consumer<String> progress) throws IOException {
        StringBuilder all = new StringBuilder();
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, UTF_8))) {
            for (@Nullable String line; (line = reader.readLine()) != null; ) {
                progress.accept(line);
                all.append(line).append('\n');
                if (all.length() > 2 * MAX_QUOTED) {
                    all.delete(0, all.length() - MAX_QUOTED);
                }
            }
        }
        return all.toString();
    }

    static String result(FutureTask<String> task) throws IOException, InterruptedException {
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw new IOException(
                    "could not read the output of podman: " + Exceptions.causeOf(e), Exceptions.causeOf(e));
        }
    }

    private static String shortened(String text) {
        // Each retry of a download repeats the error, which the last line contains.
        String line = RETRIES.matcher(text).replaceAll("").replace("\n", "; ");
        return line.length() <= MAX_QUOTED ? line : "…" + line.substring(line.length() - MAX_QUOTED);
    }

    @Override
    public String toString() {
        return String.join(" ", program);
    }
}
