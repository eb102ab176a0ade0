package org.atex.local;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.api.Command;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;

/**
 * Starts the processes of commands by means of the JVM.
 *
 * <p>Thread safety: safe for use from any thread.
 */
final class ProcessStarter {
    private static final File NULL = new File("/dev/null");
    private static final Pattern ERROR = Pattern.compile("error[=:] ?(\\d+)");
    private static final int E2BIG = 7;

    private final @Nullable String setsid;

    /**
     * Creates a starter.
     *
     * @param setsid the absolute path of the program, or null
     */
    ProcessStarter(@Nullable String setsid) {
        this.setsid = setsid;
    }

    /**
     * {@return the process of a command, in a session of its own if possible}
     *
     * @param command the command
     * @param marks the value of the variable for marks
     * @throws TransferException if a file to which the command is redirected cannot be opened
     * @throws ConnectionLostException if the process cannot be created
     */
    Process start(Command command, String marks) {
        return startEncoded(AsciiCommand.forThisJvm(command), marks);
    }

    private Process startEncoded(Command command, String marks) {
        try {
            return builder(command, marks).start();
        } catch (IOException e) {
            if (e.getCause() instanceof FileNotFoundException file) {
                throw cannotOpen(command, file);
            }
            if (isArgumentListTooLong(e)) {
                // Reported like a program that a shell cannot run: by an exit code of 126 and a message on its error
                // output.
                String script = "echo 'could not run the command: the argument list is too long' >&2; exit 126";
                return startEncoded(substitute(command, script), marks);
            }
            throw notCreated(command, String.valueOf(e.getMessage()), e);
        }
    }

    /** {@return the exception for a command with a file that cannot be opened} */
    static TransferException cannotOpen(Command command, IOException cause) {
        return new TransferException(
                "could not start '" + command + "': a file of its standard streams cannot be opened: "
                        + cause.getMessage(),
                cause);
    }

    /** {@return the exception for a command whose process cannot be created} */
    static ConnectionLostException notCreated(Command command, String why, Exception cause) {
        return new ConnectionLostException(
                "could not start '" + command + "' on this machine: " + why
                        + " (are processes, memory or open files exhausted?)",
                cause);
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

    private ProcessBuilder builder(Command command, String marks) {
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
        builder.environment().put(ProcessTree.VARIABLE, marks);
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
}
