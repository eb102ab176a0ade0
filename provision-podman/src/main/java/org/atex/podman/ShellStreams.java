package org.atex.podman;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.atex.support.Closeables;
import org.atex.support.PipeOutput;

/**
 * The streams between this program and a {@link ResidentShell}.
 *
 * @param requests the standard input of the shell; the shell ends when it is closed
 * @param answers the standard output of the shell
 * @param errors the standard error of the shell
 * @param kill releases the local end if the shell does not end by itself: kills the client process or closes the pipes
 * @param bothEnds keeps both ends of the pipes open; closed once the shell has opened its own ends
 */
record ShellStreams(OutputStream requests, InputStream answers, InputStream errors, Runnable kill, Closeable bothEnds) {
    /** Starts the shell with a program of this machine, usually {@code podman exec}, and uses its standard streams. */
    static ShellStreams ofProcess(List<String> line) throws IOException {
        Process process = new ProcessBuilder(line).start();
        return new ShellStreams(
                process.getOutputStream(),
                process.getInputStream(),
                process.getErrorStream(),
                process::destroyForcibly,
                () -> {});
    }

    /** Connects to a shell that the first process of the container starts on two named pipes. */
    static ShellStreams ofPipes(PipeDirectory directory, Executor threads) throws IOException {
        // Opening one end of a named pipe blocks until the other end is open. A channel that is open for reading and
        // writing prevents that. It must be closed later, or this side would never see the end of the shell's output.
        List<Closeable> opened = new ArrayList<>();
        try {
            SeekableByteChannel requests = opened(directory.openBothEnds("requests"), opened);
            SeekableByteChannel answers = opened(directory.openBothEnds("answers"), opened);
            SeekableByteChannel to = opened(directory.writer("requests"), opened);
            SeekableByteChannel from = opened(directory.reader("answers"), opened);
            return new ShellStreams(
                    new PipeOutput(Channels.newOutputStream(to), threads),
                    Channels.newInputStream(from),
                    InputStream.nullInputStream(),
                    () -> {
                        Closeables.closeQuietly(to);
                        Closeables.closeQuietly(from);
                    },
                    () -> {
                        requests.close();
                        answers.close();
                    });
        } catch (IOException | RuntimeException e) {
            opened.forEach(Closeables::closeQuietly); // an interrupt may come between two of them
            throw e;
        }
    }

    private static SeekableByteChannel opened(SeekableByteChannel channel, List<Closeable> opened) {
        opened.add(channel);
        return channel;
    }
}
