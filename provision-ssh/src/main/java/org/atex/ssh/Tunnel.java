package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A socket on the input and output of a local program, the proxy command. Thread-safe. */
final class Tunnel extends Socket {
    private static final Logger LOG = LoggerFactory.getLogger(Tunnel.class);
    private static final int MAX_KEPT_CHARS = 4096;
    private static final int NOT_EXECUTABLE = 126;
    private static final int NOT_FOUND = 127;

    /** How long to wait for the exit and the last error output of the program after the end of its output. */
    private static final long ENDING_MILLIS = 500;

    private final StringBuilder errors = new StringBuilder();
    private final CompletableFuture<Boolean> errorsRead = new CompletableFuture<>();
    private final String command;
    private final int port;
    private volatile @Nullable Process process;
    private volatile boolean closed;

    Tunnel(String command, int port) {
        this.command = command;
        this.port = port;
    }

    @Override
    public synchronized void connect(@Nullable SocketAddress endpoint, int timeout) throws IOException {
        if (closed) {
            throw new SocketException("closed");
        }
        // exec replaces the shell, so that destroying the process ends the program.
        Process started = new ProcessBuilder("sh", "-c", "exec " + command).start();
        process = started;
        Thread.ofVirtual().name("atex-ssh-proxy").start(() -> readErrors(started.getErrorStream()));
    }

    private void readErrors(InputStream errors) {
        byte[] piece = new byte[4096];
        try (errors) {
            for (int n; (n = errors.read(piece)) >= 0; ) {
                appendErrors(new String(piece, 0, n, UTF_8));
            }
        } catch (IOException e) {
            // close() has ended the program.
        } finally {
            errorsRead.complete(true);
        }
    }

    private void appendErrors(String words) {
        LOG.debug("stderr of the proxy command {}: {}", program(), words.strip());
        synchronized (errors) {
            errors.append(words);
            errors.delete(0, Math.max(0, errors.length() - MAX_KEPT_CHARS));
        }
    }

    /** {@return the name of the program} The arguments may contain a secret, so they are in no message. */
    private String program() {
        return command.strip().replaceAll("\\s.*", "");
    }

    /** The program exited, not because of {@link #close}. */
    static final class FailedException extends IOException {
        private static final long serialVersionUID = 1L;

        private final int code;

        FailedException(String message, int code) {
            super(message);
            this.code = code;
        }

        /** {@return the exit code; 0 means that the host closed the connection} */
        int code() {
            return code;
        }

        /** {@return whether the failure may be temporary: the program was found, and may have waited for the host} */
        boolean isTemporary() {
            return code != NOT_EXECUTABLE && code != NOT_FOUND;
        }
    }

    /** {@return the exit code and error output of the program; null if it is running or was ended by {@link #close}} */
    @Nullable
    FailedException failure() {
        Process running = process;
        if (running == null || closed) {
            return null;
        }
        try {
            if (!running.waitFor(ENDING_MILLIS, TimeUnit.MILLISECONDS)) {
                return null;
            }
            errorsRead.get(ENDING_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("a child process of {} keeps its stderr open", program());
        }
        int code = running.exitValue();
        synchronized (errors) {
            String words = ProcessReaper.quoted(errors.toString());
            return new FailedException(
                    "the proxy command " + program() + " ended with exit code " + code + words, code);
        }
    }

    @Override
    public void connect(@Nullable SocketAddress endpoint) throws IOException {
        connect(endpoint, 0);
    }

    private Process process() throws SocketException {
        Process running = process;
        if (running == null) {
            throw new SocketException("not connected");
        }
        return running;
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return process().getInputStream();
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        return process().getOutputStream();
    }

    @Override
    public boolean isConnected() {
        return process != null;
    }

    /** {@return the port of the host, by which its key is looked up} */
    @Override
    public int getPort() {
        return port;
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public void setSoTimeout(int timeout) {
        // The link has time limits of its own.
    }

    @Override
    public void setTcpNoDelay(boolean on) {
        // A pipe has no delay.
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        super.close();
        Process running = process;
        if (running != null) {
            // The program may have started others, which would outlive it.
            running.descendants().forEach(ProcessHandle::destroyForcibly);
            running.destroyForcibly();
        }
    }
}
