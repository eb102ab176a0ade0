package org.atex.local;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;

/**
 * Starts processes, each in a session of its own (so that a Ctrl-C in the terminal is not for it, and so that it is found
 * again) and each with a mark.
 *
 * <p>Thread safety: from any thread.
 */
final class Launcher {
    private static final File NULL = new File("/dev/null");
    private static final Pattern ERROR = Pattern.compile("error[=:] ?(\\d+)");
    private static final int E2BIG = 7;

    private static final AtomicLong LAUNCHERS = new AtomicLong();

    private final String marks = ProcessTree.PROGRAM + "." + LAUNCHERS.incrementAndGet() + "-";
    private final AtomicLong count = new AtomicLong();
    private final String outerMarks;
    private final @Nullable String setsid;

    Launcher() {
        String outer = System.getenv(ProcessTree.VARIABLE);
        outerMarks = outer == null ? "" : outer;
        setsid = onPath("setsid");
    }

    /** {@return what the marks of all its processes begin with} */
    String marks() {
        return marks;
    }

    /**
     * A process that was started.
     *
     * @param process the process
     * @param tree it and all that it starts
     */
    record Started(Process process, ProcessTree tree) {}

    Started start(Command command) {
        String mark = marks + count.incrementAndGet() + ";";
        long now = System.nanoTime();
        Process process = start(AsciiOnly.unlessEncodable(command), mark);
        return new Started(process, new ProcessTree(process, mark, now));
    }

    private Process start(Command command, String mark) {
        try {
            return builder(command, mark).start();
        } catch (IOException e) {
            if (e.getCause() instanceof FileNotFoundException file) {
                throw new TransferException(
                        "could not start '" + command + "': a file it is redirected to or from cannot be opened here: "
                                + file.getMessage(),
                        e);
            }
            if (saysTooLong(e)) {
                // The system refuses that program, as it would refuse it to a shell: a shell says so in its place.
                String script = "echo 'cannot run it: the argument list is too long' >&2; exit 126";
                return start(standIn(command, script), mark);
            }
            throw new ConnectionLostException(
                    "could not start '" + command + "' on this machine: " + e.getMessage()
                            + " (is it out of processes, memory or open files?)",
                    e);
        }
    }

    private static Command standIn(Command command, String script) {
        return Command.of("sh", "-c", script)
                .withDirectory(command.directory())
                .withStdin(command.stdin())
                .withStdout(command.stdout())
                .withStderr(command.stderr());
    }

    private static boolean saysTooLong(IOException e) {
        Matcher error = ERROR.matcher(String.valueOf(e.getMessage()));
        return error.find() && Integer.parseInt(error.group(1)) == E2BIG;
    }

    private ProcessBuilder builder(Command command, String mark) {
        List<String> line = new ArrayList<>();
        if (setsid != null) {
            line.add(setsid);
        }
        ProcessBuilder builder = new ProcessBuilder(line);
        String directory = command.directory();
        if (directory != null) {
            File file = new File(directory);
            if (file.isDirectory() && file.canExecute()) {
                builder.directory(file);
            } else {
                line.addAll(List.of("env", "--chdir=" + directory)); // which says what is wrong with it
            }
        }
        line.addAll(command.arguments());
        builder.environment().putAll(command.environment());
        builder.environment().put(ProcessTree.VARIABLE, outerMarks + mark);
        return redirected(builder, command);
    }

    private static ProcessBuilder redirected(ProcessBuilder builder, Command command) {
        switch (command.stdin()) {
            case Input.Empty none -> builder.redirectInput(NULL);
            case Input.FromFile file -> builder.redirectInput(file.path().toFile());
            case Input.Bytes bytes -> builder.redirectInput(Redirect.PIPE);
            case Input.Piped pipe -> builder.redirectInput(Redirect.PIPE);
        }
        builder.redirectOutput(redirect(command.stdout()));
        if (command.stderr().equals(Output.merge())) {
            return builder.redirectErrorStream(true);
        }
        return builder.redirectError(redirect(command.stderr()));
    }

    private static Redirect redirect(Output output) {
        return switch (output) {
            case Output.ToFile file -> Redirect.appendTo(file.path().toFile());
            case Output.Special special -> special == Output.Special.PIPE ? Redirect.PIPE : Redirect.DISCARD;
        };
    }

    private static @Nullable String onPath(String program) {
        String path = System.getenv("PATH");
        return Stream.of((path == null ? "/usr/bin:/bin" : path).split(":", -1))
                .map(directory -> new File(directory, program))
                .filter(file -> file.isFile() && file.canExecute())
                .map(File::getAbsolutePath)
                .findFirst()
                .orElse(null);
    }
}
