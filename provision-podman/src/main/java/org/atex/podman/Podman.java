package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Runs the program {@code podman} of this machine. Immutable. */
final class Podman {
    /** What is told of a program that says too much. */
    private static final int LONGEST = 2000;

    private static final Duration GOODBYE = Duration.ofSeconds(10);

    private final List<String> program;

    Podman(List<String> program) {
        this.program = List.copyOf(program);
    }

    /** Podman ended with an error. */
    static final class FailedException extends IOException {
        private static final long serialVersionUID = 1L;
        private final String words;

        FailedException(String message, String words) {
            super(message);
            this.words = words;
        }

        /** {@return what podman said} */
        String words() {
            return words;
        }
    }

    /** {@return the line that runs podman with some arguments} */
    List<String> line(List<String> arguments) {
        List<String> line = new ArrayList<>(program);
        line.addAll(arguments);
        return line;
    }

    String run(Duration within, String... arguments) throws IOException, InterruptedException {
        return run(within, List.of(arguments), line -> {});
    }

    /**
     * Runs it. An interrupt ends it.
     *
     * @param within how long it may take
     * @param arguments its arguments
     * @param progress is told each line of its errors, which is where it tells of progress
     * @return its output, without the last line break
     * @throws FailedException if it ends with another code than 0
     * @throws IOException if it cannot be run, or takes longer
     */
    String run(Duration within, List<String> arguments, Consumer<String> progress)
            throws IOException, InterruptedException {
        return run(new ProcessBuilder(line(arguments)), within, arguments.get(0), progress);
    }

    /** Does the same, and tells its output too. */
    void runTelling(Duration within, List<String> arguments, Consumer<String> progress)
            throws IOException, InterruptedException {
        // The shell hands both to one stream; it takes the words as they are.
        List<String> line = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" >&2", "sh"));
        line.addAll(line(arguments));
        run(new ProcessBuilder(line), within, arguments.get(0), progress);
    }

    private static String run(ProcessBuilder builder, Duration within, String what, Consumer<String> progress)
            throws IOException, InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before running podman " + what);
        }
        Process process = builder.redirectInput(new File("/dev/null")).start();
        try {
            FutureTask<String> output = reading(() -> text(process.getInputStream()));
            FutureTask<String> errors = reading(() -> told(process, progress));
            if (!process.waitFor(TimeUnit.NANOSECONDS.convert(within), TimeUnit.NANOSECONDS)) {
                throw new IOException("'podman " + what + "' did not end within " + within.toSeconds() + " s");
            }
            String words = result(errors).strip();
            if (process.exitValue() != 0) {
                String message = "'podman " + what + "' ended with " + process.exitValue();
                throw new FailedException(words.isEmpty() ? message : message + ": " + shortened(words), words);
            }
            return result(output).strip();
        } finally {
            end(process);
        }
    }

    /** Asked to end, podman first finishes or undoes what would leave half a container; only then is it killed. */
    private static void end(Process process) {
        if (!process.isAlive()) {
            return;
        }
        process.destroy();
        if (Patience.done(process.onExit(), System.nanoTime() + GOODBYE.toNanos())) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }

    /** On a platform thread: a virtual one would hold its carrier. */
    private static FutureTask<String> reading(Callable<String> read) {
        FutureTask<String> task = new FutureTask<>(read);
        Thread.ofPlatform().daemon().name("atex-podman-reader").start(task);
        return task;
    }

    private static String text(InputStream stream) throws IOException {
        return new String(stream.readAllBytes(), UTF_8);
    }

    private static String told(Process process, Consumer<String> progress) throws IOException {
        StringBuilder all = new StringBuilder();
        for (String line : (Iterable<String>) process.errorReader(UTF_8).lines()::iterator) {
            progress.accept(line);
            all.append(line).append('\n');
            if (all.length() > 2 * LONGEST) {
                all.delete(0, all.length() - LONGEST); // what went wrong is said last
            }
        }
        return all.toString();
    }

    private static String result(FutureTask<String> task) throws IOException, InterruptedException {
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw new IOException("cannot read what podman says: " + Causes.of(e), Causes.of(e));
        }
    }

    private static String shortened(String words) {
        String line = words.replace("\n", "; ");
        return line.length() <= LONGEST ? line : "…" + line.substring(line.length() - LONGEST);
    }

    @Override
    public String toString() {
        return String.join(" ", program);
    }
}
