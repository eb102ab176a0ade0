package org.atex.ssh;

import java.io.IOException;
import net.schmizz.sshj.common.SSHException;
import net.schmizz.sshj.connection.Connection;
import net.schmizz.sshj.connection.channel.Window;
import net.schmizz.sshj.connection.channel.direct.DirectConnection;
import net.schmizz.sshj.transport.TransportException;
import org.jspecify.annotations.Nullable;

/** A {@code direct-tcpip} channel (RFC 4254 §7.2): a connection from the host to a port that it can reach. */
final class DirectChannel extends DirectConnection {
    /**
     * The bytes to add to a window. A window has at most 2<sup>32</sup> - 1 bytes, so that this is enough for any
     * writer, and the sum does not overflow.
     */
    private static final long UNBLOCKING_BYTES = 1L << 40;

    private DirectChannel(Connection connection, String host, int port) {
        super(connection, host, port);
    }

    /**
     * Opens a channel.
     *
     * @throws IOException if the host refuses it or cannot reach the port
     */
    static DirectChannel open(Connection connection, String host, int port) throws IOException {
        DirectChannel channel = new DirectChannel(connection, host, port);
        channel.open();
        return channel;
    }

    /**
     * Wakes the threads that wait for window space of a channel that has ended. sshj does not wake them. Its reader
     * thread would then wait for the lock of the writer, and the whole connection with it.
     *
     * @param window the window for sending, or null if the channel was never open
     */
    static void wake(Window.@Nullable Remote window) {
        if (window != null) {
            window.expand(UNBLOCKING_BYTES);
        }
    }

    @Override
    protected void closeAllStreams() {
        try {
            sendClose(); // before wake(): a writer that wakes finds the channel closed and sends nothing
        } catch (TransportException e) {
            // The transport has failed and notifies all channels.
        }
        wake(rwin);
        super.closeAllStreams();
    }

    @Override
    public void notifyError(SSHException error) {
        wake(rwin);
        super.notifyError(error);
    }
}
