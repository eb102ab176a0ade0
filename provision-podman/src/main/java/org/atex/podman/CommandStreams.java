package org.atex.podman;

import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.atex.api.Command;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.TransferException;
import org.atex.support.Closeables;
import org.atex.support.OutputFile;
import org.atex.support.PipeOutput;
import org.jspecify.annotations.Nullable;

/**
 * This program's side of the standard streams of one command. Lifecycle: the constructor opens files of this machine,
 * {@link #prepare} is called before the command starts, {@link #connect} after it has opened its ends of the pipes, and
 * {@link #end} closes everything.
 *
 * <p>Thread safety: one thread prepares and connects; any thread may call {@link #end}.
 */
final class CommandStreams {
    private final Command command;
    private final Executor threads;
    private final @Nullable InputStream source;
    private final @Nullable OutputFile outFile;
    private final @Nullable OutputFile errFile;
    private final List<Closeable> bothEnds = new ArrayList<>();
    private final List<Closeable> open = new ArrayList<>();
    private @Nullable PipeOutput in;
    private @Nullable PipeInput out;
    private @Nullable PipeInput err;
    private boolean ended;

    /**
     * Opens the files of this machine to which the command is redirected.
     *
     * @throws TransferException if a file cannot be opened
     */
    CommandStreams(Command command, Executor threads) {
        this.command = command;
        this.threads = threads;
        source = openSource(command.stdin());
        try {
            outFile = command.stdout() instanceof Output.ToFile file ? new OutputFile(file.path()) : null;
            errFile = command.stderr() instanceof Output.ToFile file ? new OutputFile(file.path()) : null;
        } catch (TransferException e) {
            Closeables.closeQuietly(source);
            throw e;
        }
    }

    private static @Nullable InputStream openSource(Input input) {
        return switch (input) {
            case Input.Empty none -> null;
            case Input.Piped piped -> null;
            case Input.Bytes bytes -> bytes.open();
            case Input.FromFile file -> {
                try {
                    yield new FileInputStream(file.path().toFile());
                } catch (FileNotFoundException e) {
                    throw new TransferException(
                            "could not read the input of the command from " + file.path() + ": " + e.getMessage(), e);
                }
            }
        };
    }

    private boolean hasInput() {
        return !command.stdin().equals(Input.empty());
    }

    private static boolean isPiped(Output output) {
        return output.equals(Output.pipe()) || output instanceof Output.ToFile;
    }

    /** Opens both ends of the pipes, so that the command does not block when it opens its ends. */
    void prepare(PipeDirectory directory, PipeNames names) throws IOException {
        if (hasInput()) {
            bothEnds.add(directory.openBothEnds(names.in()));
        }
        if (isPiped(command.stdout())) {
            bothEnds.add(directory.openBothEnds(names.out()));
        }
        if (isPiped(command.stderr())) {
            bothEnds.add(directory.openBothEnds(names.err()));
        }
    }

    /**
     * Opens this program's ends and closes the channels of {@link #prepare}. From here on a reader sees the end of a
     * pipe when the last process in the container has closed it.
     */
    void connect(PipeDirectory directory, PipeNames names) throws IOException {
        if (hasInput()) {
            feed(registered(directory.writer(names.in())));
        }
        out = receive(command.stdout(), outFile, directory, names.out());
        err = receive(command.stderr(), errFile, directory, names.err());
        bothEnds.forEach(Closeables::closeQuietly);
        bothEnds.clear();
    }

    private void feed(WritableByteChannel pipe) {
        InputStream from = source;
        if (from == null) {
            in = new PipeOutput(Channels.newOutputStream(pipe), threads);
        } else {
            threads.execute(() -> copy(from, pipe));
        }
    }

    private static void copy(InputStream from, WritableByteChannel to) {
        byte[] buffer = new byte[64 * 1024];
        try (from;
                to) {
            for (int n; (n = from.read(buffer)) >= 0; ) {
                for (ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, n); bytes.hasRemaining(); ) {
                    to.write(bytes);
                }
            }
        } catch (IOException e) {
            // The command closed its input before reading all of it, which is not an error.
        }
    }

    private @Nullable PipeInput receive(Output output, @Nullable OutputFile file, PipeDirectory directory, String name)
            throws IOException {
        if (!isPiped(output)) {
            return null;
        }
        SeekableByteChannel pipe = registered(directory.reader(name));
        if (file != null) {
            file.start(Channels.newInputStream(pipe), threads);
            return null;
        }
        return new PipeInput(pipe, threads);
    }

    private synchronized SeekableByteChannel registered(SeekableByteChannel pipe) throws IOException {
        open.add(pipe);
        if (ended) {
            pipe.close(); // end() ran before this pipe was registered
        }
        return pipe;
    }

    @Nullable
    PipeOutput in() {
        return in;
    }

    @Nullable
    PipeInput out() {
        return out;
    }

    @Nullable
    PipeInput err() {
        return err;
    }

    /**
     * Waits until the output of the command has been written to the files.
     *
     * @throws TransferException if a file cannot be written
     */
    void awaitWritten() throws InterruptedException {
        if (outFile != null) {
            outFile.awaitWritten();
        }
        if (errFile != null) {
            errFile.awaitWritten();
        }
    }

    /**
     * {@return whether certainly no process in the container has a pipe open, so that another command may use the
     * pipes} This is never known for the pipe of standard input.
     */
    boolean areReusable() {
        return !hasInput()
                && (out == null || out.atEnd())
                && (err == null || err.atEnd())
                && (outFile == null || outFile.atEnd())
                && (errFile == null || errFile.atEnd());
    }

    /** Closes all pipes. Readers see the end of the stream. */
    void end() {
        List<Closeable> all;
        synchronized (this) {
            ended = true;
            all = List.copyOf(open);
        }
        if (out != null) {
            out.end();
        }
        if (err != null) {
            err.end();
        }
        all.forEach(Closeables::closeQuietly);
        bothEnds.forEach(Closeables::closeQuietly);
    }

    /** Closes the files and pipes of a command that did not start. */
    void abandon() {
        Closeables.closeQuietly(source);
        if (outFile != null) {
            outFile.abandon();
        }
        if (errFile != null) {
            errFile.abandon();
        }
        end();
    }
}
