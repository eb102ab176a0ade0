package org.atex.ssh;

import net.schmizz.sshj.common.Buffer;
import net.schmizz.sshj.common.Message;
import net.schmizz.sshj.common.SSHException;
import net.schmizz.sshj.common.SSHPacket;
import net.schmizz.sshj.connection.Connection;
import net.schmizz.sshj.connection.ConnectionException;
import net.schmizz.sshj.connection.channel.OpenFailException;
import net.schmizz.sshj.connection.channel.forwarded.ConnectListener;
import net.schmizz.sshj.connection.channel.forwarded.RemotePortForwarder;
import net.schmizz.sshj.transport.TransportException;

/** The ports of a host that lead here. As sshj's, but for how a channel is refused, and how it ends: see {@link
 * DirectChannel#wake}. */
final class RemotePorts extends RemotePortForwarder {
    RemotePorts(Connection connection) {
        super(connection);
        connection.attach(this);
    }

    @Override
    public void handleOpen(SSHPacket packet) throws ConnectionException, TransportException {
        Accepted channel = accepted(packet);
        for (Forward forward : listeners.keySet()) {
            ConnectListener listener = listeners.get(forward);
            if (forward.getPort() == channel.getParentForward().getPort() && listener != null) {
                callListener(listener, channel);
                return;
            }
        }
        channel.reject(OpenFailException.Reason.ADMINISTRATIVELY_PROHIBITED, "nobody asked for it");
    }

    private Accepted accepted(SSHPacket packet) throws ConnectionException {
        try {
            return new Accepted(
                    conn,
                    packet.readUInt32AsInt(),
                    packet.readUInt32(),
                    packet.readUInt32(),
                    new Forward(packet.readString(), packet.readUInt32AsInt()),
                    packet.readString(),
                    packet.readUInt32AsInt());
        } catch (Buffer.BufferException e) {
            throw new ConnectionException(e);
        }
    }

    private static final class Accepted extends ForwardedTCPIPChannel {
        Accepted(Connection connection, int recipient, long window, long packet, Forward forward, String ip, int port) {
            super(connection, recipient, window, packet, forward, ip, port);
        }

        /** sshj leaves out the language at the end, and OpenSSH then ends the whole connection. */
        @Override
        public void reject(OpenFailException.Reason reason, String message) throws TransportException {
            trans.write(newBuffer(Message.CHANNEL_OPEN_FAILURE)
                    .putUInt32(reason.getCode())
                    .putString(message)
                    .putString(""));
        }

        @Override
        protected void closeAllStreams() {
            try {
                sendClose();
            } catch (TransportException e) {
                // The transport tells all its channels.
            }
            DirectChannel.wake(rwin);
            super.closeAllStreams();
        }

        @Override
        public void notifyError(SSHException error) {
            DirectChannel.wake(rwin);
            super.notifyError(error);
        }
    }
}
