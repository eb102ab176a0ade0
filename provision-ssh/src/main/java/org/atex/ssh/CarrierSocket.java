package org.atex.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import org.jspecify.annotations.Nullable;

/** A socket on the streams of a {@link Carrier}. Thread-safe. */
final class CarrierSocket extends Socket {
    private final Carrier carrier;
    private final int port;
    private Carrier.@Nullable Streams streams;
    private boolean closed;

    CarrierSocket(Carrier carrier, int port) {
        this.carrier = carrier;
        this.port = port;
    }

    @Override
    public void connect(@Nullable SocketAddress endpoint, int timeout) throws IOException {
        Carrier.Streams opened;
        try {
            // Without the lock: close() must not wait for it.
            opened = carrier.open();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the attempt was cancelled");
        }
        synchronized (this) {
            if (!closed) {
                streams = opened;
                return;
            }
        }
        opened.close();
        throw new SocketException("closed");
    }

    @Override
    public void connect(@Nullable SocketAddress endpoint) throws IOException {
        connect(endpoint, 0);
    }

    private synchronized Carrier.Streams streams() throws SocketException {
        Carrier.Streams opened = streams;
        if (opened == null) {
            throw new SocketException("not connected");
        }
        return opened;
    }

    /** {@return why the streams have ended, or an empty text} */
    String failure() {
        Carrier.Streams opened;
        synchronized (this) {
            opened = streams;
            if (opened == null || closed) {
                return "";
            }
        }
        return opened.failure();
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return streams().input();
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        return streams().output();
    }

    @Override
    public synchronized boolean isConnected() {
        return streams != null;
    }

    /** {@return the port by which the host key is looked up} */
    @Override
    public int getPort() {
        return port;
    }

    @Override
    public synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public void setSoTimeout(int timeout) {
        // The link has time limits of its own.
    }

    @Override
    public void setTcpNoDelay(boolean on) {
        // The carrier decides when it sends.
    }

    @Override
    public void close() throws IOException {
        Carrier.Streams opened;
        synchronized (this) {
            closed = true;
            opened = streams;
        }
        super.close();
        if (opened != null) {
            opened.close();
        }
    }
}
