package org.atex.podman;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * What leads to a resident shell and back.
 *
 * @param requests what it reads; its end is the shell's
 * @param answers what it says
 * @param errors what it complains of
 * @param kill ends what is left here if it does not end by itself
 * @param connected done when both sides have opened their ends
 */
record Talk(OutputStream requests, InputStream answers, InputStream errors, Runnable kill, Closeable connected) {
    /** Starts the shell by a program of this machine. */
    static Talk by(List<String> line) throws IOException {
        Process process = new ProcessBuilder(line).start();
        return new Talk(
                process.getOutputStream(),
                process.getInputStream(),
                process.getErrorStream(),
                process::destroyForcibly,
                () -> {});
    }

    /** Talks to a shell that the container's first process has started. */
    static Talk over(PipeDirectory directory, Executor threads) throws IOException {
        SeekableByteChannel requests = directory.keeper("requests");
        SeekableByteChannel answers = directory.keeper("answers");
        SeekableByteChannel to = directory.writer("requests");
        SeekableByteChannel from = directory.reader("answers");
        return new Talk(
                new PipeOutput(to, threads),
                Channels.newInputStream(from),
                InputStream.nullInputStream(),
                () -> {
                    Quiet.close(to);
                    Quiet.close(from);
                },
                () -> {
                    requests.close();
                    answers.close();
                });
    }
}
