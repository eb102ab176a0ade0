package org.atex.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import net.schmizz.sshj.connection.channel.Channel;

/**
 * Carries one forwarded connection between a socket and a channel. Each direction ends by itself; when nobody takes what
 * comes, both do. The channel's streams are never closed before it: sshj ends the whole connection when something arrives
 * on a stream that was closed.
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
     * Begins.
     *
     * @param threads where both directions are run
     * @param whenDone told once both have ended
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
            // One of the two has gone, which the other will be told.
        } finally {
            ended();
        }
    }

    private void toSocket() {
        byte[] piece = new byte[PIECE];
        try {
            InputStream from = channel.getInputStream();
            for (int n; (n = from.read(piece)) >= 0; ) {
                if (!give(piece, n)) {
                    channel.close();
                    return;
                }
            }
            socket.shutdownOutput();
        } catch (IOException e) {
            // as above
        } finally {
            ended();
            endWithChannel();
        }
    }

    /** What the other side has ended altogether, has nobody to read what may still come from here. */
    private void endWithChannel() {
        try (socket) {
            channel.join();
        } catch (IOException e) {
            // It ended with the connection.
        }
    }

    private boolean give(byte[] piece, int length) {
        try {
            socket.getOutputStream().write(piece, 0, length);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void ended() {
        if (directions.decrementAndGet() == 0) {
            try (socket) {
                channel.close();
            } catch (IOException e) {
                // Then it is closed.
            } finally {
                whenDone.run();
            }
        }
    }
}
