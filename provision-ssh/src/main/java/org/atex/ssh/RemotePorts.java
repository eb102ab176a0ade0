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

/**
 * The ports of a host that are forwarded to this machine. Differs from sshj's own implementation in the refusal of
 * channels, and in the end of channels: see {@link DirectChannel#wake}.
 */
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
        channel.reject(OpenFailException.Reason.ADMINISTRATIVELY_PROHIBITED, "the port is not forwarded");
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

        /** Sends a language tag (RFC 4254 section 5.1), which sshj omits. OpenSSH closes the connection without it. */
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
                // The transport notifies all its channels.
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
