package org.atex.ssh;

import java.io.IOException;
import net.schmizz.sshj.connection.Connection;
import net.schmizz.sshj.connection.channel.direct.DirectConnection;

/** A connection from a host to a port that it can reach. */
final class DirectChannel extends DirectConnection {
    /** More room than there can be already, and not so much that the sum overflows. */
    static final long WAKE = 1L << 40;

    private DirectChannel(Connection connection, String host, int port) {
        super(connection, host, port);
    }

    static DirectChannel open(Connection connection, String host, int port) throws IOException {
        DirectChannel channel = new DirectChannel(connection, host, port);
        channel.open();
        return channel;
    }

    @Override
    protected void finishOff() {
        super.finishOff();
        if (rwin != null) {
            rwin.expand(WAKE); // nothing else wakes who waits to write
        }
    }
}
