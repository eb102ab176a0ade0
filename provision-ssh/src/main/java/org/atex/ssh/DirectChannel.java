package org.atex.ssh;

import java.io.IOException;
import net.schmizz.sshj.common.SSHException;
import net.schmizz.sshj.connection.Connection;
import net.schmizz.sshj.connection.channel.Window;
import net.schmizz.sshj.connection.channel.direct.DirectConnection;
import net.schmizz.sshj.transport.TransportException;
import org.jspecify.annotations.Nullable;

/** A connection from a host to a port that it can reach. */
final class DirectChannel extends DirectConnection {
    /** More room than there can be already, and not so much that the sum overflows. */
    private static final long WAKE = 1L << 40;

    private DirectChannel(Connection connection, String host, int port) {
        super(connection, host, port);
    }

    static DirectChannel open(Connection connection, String host, int port) throws IOException {
        DirectChannel channel = new DirectChannel(connection, host, port);
        channel.open();
        return channel;
    }

    /**
     * Wakes whoever waits for room to write into a channel that has ended. sshj does not, and its reader then waits for
     * the writer's lock, and the whole connection with it.
     *
     * @param window the room, or null if the channel was never open
     */
    static void wake(Window.@Nullable Remote window) {
        if (window != null) {
            window.expand(WAKE);
        }
    }

    @Override
    protected void closeAllStreams() {
        try {
            sendClose(); // after it, who is woken writes nothing
        } catch (TransportException e) {
            // The transport tells all its channels.
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
