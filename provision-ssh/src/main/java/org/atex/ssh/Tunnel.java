package org.atex.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import org.jspecify.annotations.Nullable;

/** A program of this machine as a socket: what it reads and writes goes to a host and comes from there. */
final class Tunnel extends Socket {
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
        // What it has to say, it says to whoever reads our errors, as with ssh.
        process = new ProcessBuilder("sh", "-c", "exec " + command)
                .redirectError(Redirect.INHERIT)
                .start();
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
