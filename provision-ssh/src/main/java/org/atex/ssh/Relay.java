package org.atex.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import net.schmizz.sshj.connection.channel.Channel;

/**
 * Copies the data of one forwarded connection between a socket and a channel. Each direction ends on its own. If the
 * socket cannot be written to, both end.
 *
 * <p>The streams of the channel are closed only together with the channel: sshj closes the whole connection when data
 * arrives for a closed stream.
 */
final class Relay {
    private static final int PIECE = 64 * 1024;

    private final Socket socket;
    private final Channel channel;
    private final Runnable whenDone;
    private final AtomicInteger directions = new AtomicInteger(2);

    private Relay(Socket socket, Channel channel, Runnable whenDone) {
        this.socket = socket;
        this.channel = channel;
        this.whenDone = whenDone;
    }

    /**
     * Starts both directions.
     *
     * @param socket the socket
     * @param channel the channel
     * @param threads runs both directions
     * @param whenDone called when both directions have ended
     */
    static void start(Socket socket, Channel channel, Executor threads, Runnable whenDone) {
        Relay relay = new Relay(socket, channel, whenDone);
        threads.execute(relay::toChannel);
        threads.execute(relay::toSocket);
    }

    private void toChannel() {
        try (OutputStream to = channel.getOutputStream()) {
            InputStream from = socket.getInputStream();
            byte[] piece = new byte[PIECE];
            for (int n; (n = from.read(piece)) >= 0; ) {
                to.write(piece, 0, n);
                to.flush();
            }
        } catch (IOException e) {
            // The socket or the channel was closed; closing the stream passes that on.
        } finally {
            directionEnded();
        }
    }

    private void toSocket() {
        byte[] piece = new byte[PIECE];
        try {
            InputStream from = channel.getInputStream();
            for (int n; (n = from.read(piece)) >= 0; ) {
                if (!writeToSocket(piece, n)) {
                    channel.close();
                    return;
                }
            }
            socket.shutdownOutput();
        } catch (IOException e) {
            // The socket or the channel was closed; both are closed below.
        } finally {
            directionEnded();
            endWithChannel();
        }
    }

    /** Closes the socket when the channel has ended in both directions: later data from the socket has no receiver. */
    private void endWithChannel() {
        try (socket) {
            channel.join();
        } catch (IOException e) {
            // The channel ended with the connection.
        }
    }

    private boolean writeToSocket(byte[] piece, int length) {
        try {
            socket.getOutputStream().write(piece, 0, length);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void directionEnded() {
        if (directions.decrementAndGet() == 0) {
            try (socket) {
                channel.close();
            } catch (IOException e) {
                // The channel is closed in any case.
            } finally {
                whenDone.run();
            }
        }
    }
}
