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
 * Starts the processes of commands. Each has a mark in its environment and a session of its own. The session serves to
 * find background processes, and keeps the SIGINT of a Ctrl-C in the terminal away from them.
 *
 * <p>Thread safety: safe for use from any thread.
 */
final class Launcher {
    private static final File NULL = new File("/dev/null");
    private static final Pattern ERROR = Pattern.compile("error[=:] ?(\\d+)");
    private static final int E2BIG = 7;

    private static final AtomicLong LAUNCHERS = new AtomicLong();

    private final String markPrefix = ProcessTree.PROGRAM + "." + LAUNCHERS.incrementAndGet() + "-";
    private final AtomicLong count = new AtomicLong();
    private final String outerMarks;
    private final @Nullable String setsid;

    Launcher() {
        String outer = System.getenv(ProcessTree.VARIABLE);
        // If this program runs inside a command itself, its commands carry the marks of both.
        outerMarks = outer == null ? "" : outer;
        setsid = onPath("setsid");
    }

    /** {@return the common prefix of the marks of all its processes} */
    String markPrefix() {
        return markPrefix;
    }

    /**
     * A started process.
     *
     * @param process the process
     * @param tree the process and its descendants
     */
    record Started(Process process, ProcessTree tree) {}

    Started start(Command command) {
        String mark = markPrefix + count.incrementAndGet() + ";";
        long now = System.nanoTime();
        Process process = start(AsciiCommand.forThisJvm(command), mark);
        return new Started(process, new ProcessTree(process, mark, now));
    }

    private Process start(Command command, String mark) {
        try {
            return builder(command, mark).start();
        } catch (IOException e) {
            if (e.getCause() instanceof FileNotFoundException file) {
                throw new TransferException(
                        "could not start '" + command + "': a file of its standard streams cannot be opened: "
                                + file.getMessage(),
                        e);
            }
            if (isArgumentListTooLong(e)) {
                // Reported like a program that a shell cannot run: by an exit code of 126 and a message on its error
                // output.
                String script = "echo 'could not run the command: the argument list is too long' >&2; exit 126";
                return start(substitute(command, script), mark);
            }
            throw new ConnectionLostException(
                    "could not start '" + command + "' on this machine: " + e.getMessage()
                            + " (are processes, memory or open files exhausted?)",
                    e);
        }
    }

    private static Command substitute(Command command, String script) {
        return Command.of("sh", "-c", script)
                .withDirectory(command.directory())
                .withStdin(command.stdin())
                .withStdout(command.stdout())
                .withStderr(command.stderr());
    }

    private static boolean isArgumentListTooLong(IOException e) {
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
                // Fails with a message on the error output of the command.
                line.addAll(List.of("env", "--chdir=" + directory));
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
