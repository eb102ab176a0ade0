package org.atex.podman;

import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.atex.api.Command;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.TransferException;
import org.atex.support.Closeables;
import org.atex.support.OutputFile;
import org.atex.support.OutputFiles;
import org.atex.support.PipeOutput;
import org.jspecify.annotations.Nullable;

/**
 * The streams of a command in a container of this machine: the named pipes themselves.
 *
 * <p>The container side reports on the status pipe: first a line with the process id of the command, then a line with
 * the exit code and the last process id that was assigned in the container. The end of the pipe without the second line
 * means that the command is lost.
 */
final class LocalStreams implements CommandStreams {
    private final PipeDirectory directory;
    private final PipeNames names;
    private final Command command;
    private final Executor threads;
    private final @Nullable InputStream source;
    private final OutputFiles files;
    private final List<Closeable> bothEnds = new ArrayList<>();
    private final List<Closeable> open = new ArrayList<>();
    private @Nullable PipeOutput in;
    private @Nullable PipeInput out;
    private @Nullable PipeInput err;
    private @Nullable SeekableByteChannel statusBothEnds;
    private @Nullable SeekableByteChannel status;
    private volatile boolean connected;
    private boolean ended;

    /**
     * Opens the files of this machine to which the command is redirected.
     *
     * @throws TransferException if a file cannot be opened
     */
    LocalStreams(PipeDirectory directory, Command command, PipeNames names, Executor threads) {
        this.directory = directory;
        this.names = names;
        this.command = command;
        this.threads = threads;
        source = openSource(command.stdin());
        try {
            files = OutputFiles.of(command);
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

    @Override
    public void open(StatusListener listener) throws IOException {
        statusBothEnds = directory.openBothEnds(names.status());
        SeekableByteChannel statusPipe = directory.reader(names.status());
        status = statusPipe;
        if (hasInput()) {
            bothEnds.add(directory.openBothEnds(names.in()));
        }
        if (CommandStreams.isPiped(command.stdout())) {
            bothEnds.add(directory.openBothEnds(names.out()));
        }
        if (CommandStreams.isPiped(command.stderr())) {
            bothEnds.add(directory.openBothEnds(names.err()));
        }
        threads.execute(() -> readStatus(statusPipe, listener));
    }

    /** Reads the status pipe to its end, which comes even if the process that writes to it is killed. */
    private static void readStatus(ReadableByteChannel statusPipe, StatusListener listener) {
        ByteBuffer buffer = ByteBuffer.allocate(64);
        StringBuilder line = new StringBuilder();
        try {
            while (statusPipe.read(buffer.clear()) >= 0) {
                for (char c : StandardCharsets.US_ASCII.decode(buffer.flip()).array()) {
                    if (c == '\n') {
                        handleStatusLine(List.of(line.toString().split(" ", -1)), listener);
                        line.setLength(0);
                    } else if (c != 0) {
                        line.append(c);
                    }
                }
            }
            listener.failed(new IOException(PodmanCommand.PARENT_KILLED));
        } catch (IOException | NumberFormatException e) {
            listener.failed(new IOException("its end is unknown: " + e.getMessage(), e));
        } finally {
            listener.closed();
        }
    }

    private static void handleStatusLine(List<String> words, StatusListener listener) {
        if (words.size() == 1) {
            listener.started(Long.parseLong(words.get(0)));
        } else {
            listener.ended(Integer.parseInt(words.get(0)), Long.parseLong(words.get(1)));
        }
    }

    @Override
    public boolean reportsFirst() {
        return false;
    }

    @Override
    public void connect() throws IOException {
        if (hasInput()) {
            feed(registered(directory.writer(names.in())));
        }
        out = receive(command.stdout(), files.out(), names.out());
        err = receive(command.stderr(), files.err(), names.err());
        bothEnds.forEach(Closeables::closeQuietly);
        bothEnds.clear();
        connected = true;
    }

    @Override
    public void settled() {
        Closeables.closeQuietly(statusBothEnds);
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

    private @Nullable PipeInput receive(Output output, @Nullable OutputFile file, String name) throws IOException {
        if (!CommandStreams.isPiped(output)) {
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

    @Override
    public @Nullable PipeOutput in() {
        return in;
    }

    @Override
    public @Nullable PipeInput out() {
        return out;
    }

    @Override
    public @Nullable PipeInput err() {
        return err;
    }

    @Override
    public void awaitWritten() throws InterruptedException {
        files.awaitWritten();
    }

    @Override
    public boolean areReusable() {
        return !hasInput() && (out == null || out.atEnd()) && (err == null || err.atEnd()) && files.atEnd();
    }

    @Override
    public CompletableFuture<?> drain() {
        return connected ? CommandStreams.drained(files, out, err) : CompletableFuture.completedFuture(null);
    }

    @Override
    public void end() {
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
        Closeables.closeQuietly(statusBothEnds);
        Closeables.closeQuietly(status);
    }

    @Override
    public void abandon() {
        Closeables.closeQuietly(source);
        files.abandon();
        end();
    }
}
