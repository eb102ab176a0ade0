package org.atex.local;

import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.atex.api.Command;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.local.LauncherProgram.Redirections;
import org.atex.support.Closeables;

/**
 * The standard streams of a command that a shell starts: files, or named pipes to this program.
 *
 * <p>Lifecycle: the constructor opens the pipes, and {@link #connected} is called when the command has opened its ends.
 * {@link #close} closes and removes the pipes.
 *
 * <p>Thread safety: one thread creates and connects the streams; any thread may close them.
 */
final class ShellStreams implements Closeable {
    private final List<Path> pipes;
    private final List<Closeable> bothEnds = new ArrayList<>();
    private final List<Closeable> ends = new ArrayList<>();
    private final Redirections redirections;
    private OutputStream stdin = OutputStream.nullOutputStream();
    private InputStream stdout = InputStream.nullInputStream();
    private InputStream stderr = InputStream.nullInputStream();

    /**
     * Opens the pipes.
     *
     * @param command the command
     * @param pipes as many pipes as {@link #pipesOf} returns
     * @throws IOException if a pipe cannot be opened; none is left open
     */
    ShellStreams(Command command, List<Path> pipes) throws IOException {
        this.pipes = pipes;
        Deque<Path> unused = new ArrayDeque<>(pipes);
        try {
            Path in = input(command.stdin(), unused);
            Path out = output(command.stdout(), unused, end -> stdout = end);
            redirections = new Redirections(
                    in,
                    out,
                    command.stderr().equals(Output.merge())
                            ? null
                            : output(command.stderr(), unused, end -> stderr = end));
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** {@return the number of pipes that a command needs} */
    static int pipesOf(Command command) {
        Input in = command.stdin();
        return (in.equals(Input.pipe()) || in instanceof Input.Bytes ? 1 : 0)
                + (command.stdout().equals(Output.pipe()) ? 1 : 0)
                + (command.stderr().equals(Output.pipe()) ? 1 : 0);
    }

    private Path input(Input input, Deque<Path> unused) throws IOException {
        return switch (input) {
            case Input.Empty none -> Redirections.NULL;
            case Input.FromFile file -> file.path().toAbsolutePath();
            case Input.Bytes bytes -> inputPipe(unused.remove());
            case Input.Piped piped -> inputPipe(unused.remove());
        };
    }

    private Path inputPipe(Path pipe) throws IOException {
        openBothEnds(pipe);
        stdin = new FileOutputStream(pipe.toFile());
        ends.add(stdin);
        return pipe;
    }

    private Path output(Output output, Deque<Path> unused, Consumer<InputStream> stream) throws IOException {
        if (!output.equals(Output.pipe())) {
            return output instanceof Output.ToFile file ? file.path().toAbsolutePath() : Redirections.NULL;
        }
        Path pipe = unused.remove();
        openBothEnds(pipe);
        InputStream end = new FileInputStream(pipe.toFile());
        ends.add(end);
        stream.accept(end);
        return pipe;
    }

    // Opening one end of a named pipe blocks until the other end is open, so that both are opened first. This must not
    // create a file if another program has removed the pipe.
    private void openBothEnds(Path pipe) throws IOException {
        bothEnds.add(FileChannel.open(pipe, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    /** {@return the files that the command opens} */
    Redirections redirections() {
        return redirections;
    }

    OutputStream stdin() {
        return stdin;
    }

    InputStream stdout() {
        return stdout;
    }

    InputStream stderr() {
        return stderr;
    }

    /** Closes the additional ends. From here on each side sees when the other closes its end. */
    void connected() {
        bothEnds.forEach(Closeables::closeQuietly);
    }

    @Override
    public void close() {
        connected();
        ends.forEach(Closeables::closeQuietly);
        for (Path pipe : pipes) {
            try {
                Files.deleteIfExists(pipe);
            } catch (IOException e) {
                // Removed with the directory when the connection is closed.
            }
        }
    }
}
