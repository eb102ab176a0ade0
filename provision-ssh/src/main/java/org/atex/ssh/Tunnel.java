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

/** A program of this machine as a socket: what it reads and writes goes to a host and comes from there. */
final class Tunnel extends Socket {
    private static final Logger LOG = LoggerFactory.getLogger(Tunnel.class);
    private static final int MOST_WORDS = 4096;
    private static final int NOT_EXECUTABLE = 126;
    private static final int NOT_FOUND = 127;

    /** Its output ends a moment before itself, and what it says on its errors comes when it comes. */
    private static final long ENDING_MILLIS = 500;

    private final StringBuilder said = new StringBuilder();
    private final CompletableFuture<Boolean> heardAll = new CompletableFuture<>();
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
        Process started = new ProcessBuilder("sh", "-c", "exec " + command).start();
        process = started;
        Thread.ofVirtual().name("atex-ssh-proxy").start(() -> listen(started.getErrorStream()));
    }

    private void listen(InputStream errors) {
        byte[] piece = new byte[4096];
        try (errors) {
            for (int n; (n = errors.read(piece)) >= 0; ) {
                hear(new String(piece, 0, n, UTF_8));
            }
        } catch (IOException e) {
            // It was ended from here.
        } finally {
            heardAll.complete(true);
        }
    }

    private void hear(String words) {
        LOG.debug("the proxy command {} says: {}", program(), words.strip());
        synchronized (said) {
            said.append(words);
            said.delete(0, Math.max(0, said.length() - MOST_WORDS));
        }
    }

    /** {@return the program's name} The rest of the command may have a secret in it. */
    private String program() {
        return command.strip().replaceAll("\\s.*", "");
    }

    /** The program ended by itself. */
    static final class FailedException extends IOException {
        private static final long serialVersionUID = 1L;

        private final int code;

        FailedException(String message, int code) {
            super(message);
            this.code = code;
        }

        /** {@return its exit code; 0 means that the host hung up} */
        int code() {
            return code;
        }

        /** {@return whether the program was there: then it may have waited for the host in vain} */
        boolean isPassing() {
            return code != NOT_EXECUTABLE && code != NOT_FOUND;
        }
    }

    /** {@return how the program ended and what it said; or null if it goes on, or was ended from here} */
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
            heardAll.get(ENDING_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("something that {} has started still holds its errors", program());
        }
        int code = running.exitValue();
        synchronized (said) {
            String words = ProcessReaper.saying(said.toString());
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

    /** {@return where the host is, by which its key is known} */
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
        // The link has deadlines of its own.
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
            running.descendants().forEach(ProcessHandle::destroyForcibly);
            running.destroyForcibly();
        }
    }
}
