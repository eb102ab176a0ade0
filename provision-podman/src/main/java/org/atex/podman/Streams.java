package org.atex.podman;

import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.atex.api.Command;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;

/**
 * What a command reads and writes, on this machine's side: files are opened before it starts, pipes are connected when it
 * has opened its ends.
 *
 * <p>Thread safety: one thread prepares and connects; {@link #end} is for any.
 */
final class Streams {
    private final Command command;
    private final Executor threads;
    private final @Nullable InputStream source;
    private final @Nullable Pump outFile;
    private final @Nullable Pump errFile;
    private final List<Closeable> keepers = new ArrayList<>();
    private final List<Closeable> open = new ArrayList<>();
    private @Nullable PipeOutput in;
    private @Nullable PipeInput out;
    private @Nullable PipeInput err;
    private boolean ended;

    /**
     * Opens files.
     *
     * @throws TransferException if one cannot be opened
     */
    Streams(Command command, Executor threads) {
        this.command = command;
        this.threads = threads;
        source = source(command.stdin());
        try {
            outFile = command.stdout() instanceof Output.ToFile file ? new Pump(file.path()) : null;
            errFile = command.stderr() instanceof Output.ToFile file ? new Pump(file.path()) : null;
        } catch (TransferException e) {
            Quiet.close(source);
            throw e;
        }
    }

    private static @Nullable InputStream source(Input input) {
        return switch (input) {
            case Input.Empty none -> null;
            case Input.Piped piped -> null;
            case Input.Bytes bytes -> bytes.open();
            case Input.FromFile file -> {
                try {
                    yield new FileInputStream(file.path().toFile());
                } catch (FileNotFoundException e) {
                    throw new TransferException(
                            "cannot read the command's input from " + file.path() + ": " + e.getMessage(), e);
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

    /** Keeps the command's pipes open, so that it does not wait when it opens them. */
    void prepare(PipeDirectory directory, PipeNames names) throws IOException {
        if (hasInput()) {
            keepers.add(directory.keeper(names.in()));
        }
        if (isPiped(command.stdout())) {
            keepers.add(directory.keeper(names.out()));
        }
        if (isPiped(command.stderr())) {
            keepers.add(directory.keeper(names.err()));
        }
    }

    /** Opens this side's ends, now that the command has its own; from here on the last to close one is seen to. */
    void connect(PipeDirectory directory, PipeNames names) throws IOException {
        if (hasInput()) {
            feed(opened(directory.writer(names.in())));
        }
        out = receive(command.stdout(), outFile, directory, names.out());
        err = receive(command.stderr(), errFile, directory, names.err());
        keepers.forEach(Quiet::close);
        keepers.clear();
    }

    private void feed(WritableByteChannel pipe) {
        InputStream from = source;
        if (from == null) {
            in = new PipeOutput(pipe, threads);
        } else {
            threads.execute(() -> copy(from, pipe));
        }
    }

    private static void copy(InputStream from, WritableByteChannel to) {
        byte[] piece = new byte[64 * 1024];
        try (from;
                to) {
            for (int n; (n = from.read(piece)) >= 0; ) {
                for (ByteBuffer bytes = ByteBuffer.wrap(piece, 0, n); bytes.hasRemaining(); ) {
                    to.write(bytes);
                }
            }
        } catch (IOException e) {
            // The command did not want it all, which is its right.
        }
    }

    private @Nullable PipeInput receive(Output output, @Nullable Pump file, PipeDirectory directory, String name)
            throws IOException {
        if (!isPiped(output)) {
            return null;
        }
        SeekableByteChannel pipe = opened(directory.reader(name));
        if (file != null) {
            file.start(pipe, threads);
            return null;
        }
        return new PipeInput(pipe, threads);
    }

    private synchronized SeekableByteChannel opened(SeekableByteChannel pipe) throws IOException {
        open.add(pipe);
        if (ended) {
            pipe.close();
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
     * Waits until files have what the command wrote.
     *
     * @throws TransferException if it cannot be written
     */
    void settle() throws InterruptedException {
        if (outFile != null) {
            outFile.settle();
        }
        if (errFile != null) {
            errFile.settle();
        }
    }

    /** {@return whether it is certain that nobody in the container has a pipe open} */
    boolean areFree() {
        return !hasInput()
                && (out == null || out.atEnd())
                && (err == null || err.atEnd())
                && (outFile == null || outFile.atEnd())
                && (errFile == null || errFile.atEnd());
    }

    /** Ends all of them: who reads sees the end. */
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
        all.forEach(Quiet::close);
        keepers.forEach(Quiet::close);
    }

    /** Closes the files: the command did not start. */
    void abandon() {
        Quiet.close(source);
        if (outFile != null) {
            outFile.abandon();
        }
        if (errFile != null) {
            errFile.abandon();
        }
        end();
    }
}
