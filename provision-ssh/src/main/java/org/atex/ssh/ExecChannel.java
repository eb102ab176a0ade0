package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import net.schmizz.concurrent.Event;
import net.schmizz.sshj.common.Buffer;
import net.schmizz.sshj.common.Message;
import net.schmizz.sshj.common.SSHException;
import net.schmizz.sshj.common.SSHPacket;
import net.schmizz.sshj.connection.Connection;
import net.schmizz.sshj.connection.ConnectionException;
import net.schmizz.sshj.connection.channel.direct.SessionChannel;
import net.schmizz.sshj.transport.TransportException;
import org.atex.api.CommandEnd;

/**
 * The channel of one command (RFC 4254 §6). What sshj does not tell, this does: the end of the command the moment it is
 * said, whoever still holds its streams; its process, which its {@link CommandLine} announces on both streams; when the channel
 * is gone. What comes before the announcement is not the command's.
 *
 * <p>Thread safety: sshj's reader thread delivers, any thread may ask.
 */
final class ExecChannel extends SessionChannel {
    /** What is received and not yet read is let go on when that much of it has been read. */
    private static final int ROOM = 256 * 1024;

    /** What any host has room for, before it says how much. */
    private static final int AT_ONCE = 16 * 1024;

    private final Executor threads;
    private final Runnable heard;
    private final AtomicInteger consumed = new AtomicInteger();
    private final Object sending = new Object();

    /** Null until all fields are there: the transport may die, and tell this, while it is being made. */
    private final Object fields;

    private final int connectionTimeout;
    private boolean gone;
    private Runnable whenGone = () -> {};
    private boolean closeSent;
    private final StartupOutput beforeOut = new StartupOutput();
    private final StartupOutput beforeErr = new StartupOutput();

    final CommandOutput out = new CommandOutput(this::makeRoom, this::breakPipe);
    final CommandOutput err = new CommandOutput(this::makeRoom, () -> {});
    final CompletableFuture<CommandEnd> end = new CompletableFuture<>();

    /** The process, or 0 if it ended without announcing itself. */
    final CompletableFuture<Long> process = new CompletableFuture<>();

    /**
     * Makes one.
     *
     * @param connection its connection
     * @param threads where what sends is run
     * @param heard told whenever something arrives
     */
    ExecChannel(Connection connection, Executor threads, Runnable heard) {
        super(connection);
        connectionTimeout = connection.getTimeoutMs();
        this.threads = threads;
        this.heard = heard;
        fields = new Object();
    }

    /**
     * Has the host start a command. What goes before its input is sent with the request, without a round trip in between;
     * much of it is sent afterwards, as a host that refuses never makes room for it.
     *
     * @param line what to send
     * @throws IOException if the host refuses, or the link breaks
     */
    void exec(CommandLine line) throws IOException {
        byte[] input = line.input();
        Event<ConnectionException> answer =
                sendChannelRequest("exec", true, new Buffer.PlainBuffer().putString(line.line(), getRemoteCharset()));
        if (input.length <= AT_ONCE) {
            send(input);
        }
        answer.await(connectionTimeout, TimeUnit.MILLISECONDS);
        if (input.length > AT_ONCE) {
            send(input);
        }
    }

    private void send(byte[] input) {
        if (input.length > 0) {
            try {
                OutputStream to = getOutputStream();
                to.write(input);
                to.flush();
            } catch (IOException e) {
                // The command ended before it read that, or the link broke: the end of the command tells.
            }
        }
    }

    @Override
    public void handle(Message message, SSHPacket packet) throws SSHException {
        heard.run();
        if (message == Message.CHANNEL_DATA) {
            receive(received(packet), beforeOut, out);
        } else {
            super.handle(message, packet);
        }
    }

    private byte[] received(SSHPacket packet) throws SSHException {
        try {
            byte[] piece = packet.readBytes();
            lwin.consume(piece.length);
            return piece;
        } catch (Buffer.BufferException e) {
            throw new ConnectionException(e);
        }
    }

    @Override
    protected void gotExtendedData(SSHPacket packet) throws SSHException {
        try {
            packet.readUInt32(); // its type: there is one only
        } catch (Buffer.BufferException e) {
            throw new ConnectionException(e);
        }
        receive(received(packet), beforeErr, err);
    }

    private void receive(byte[] piece, StartupOutput before, CommandOutput to) {
        if (before.isOver()) {
            to.receive(piece);
            return;
        }
        int taken = before.take(piece);
        makeRoom(before.dropped());
        if (before.isOver()) {
            process.complete(before.process());
            if (taken < piece.length) {
                to.receive(Arrays.copyOfRange(piece, taken, piece.length));
            }
        }
    }

    /** It was no command line of ours that ran, but what the server or the login shell had to say. */
    private void giveUpAnnouncement() {
        giveUpAnnouncement(beforeOut, out);
        giveUpAnnouncement(beforeErr, err);
        process.complete(0L);
    }

    private static void giveUpAnnouncement(StartupOutput before, CommandOutput to) {
        byte[] said = before.giveUp();
        if (said.length > 0) {
            to.receive(said);
        }
    }

    /** {@return what was said up to now by a program that has not announced itself, on either stream; empty once it has} */
    String said() {
        return (new String(beforeErr.said(), UTF_8) + "\n" + new String(beforeOut.said(), UTF_8)).strip();
    }

    @Override
    public void handleRequest(String request, SSHPacket packet) throws ConnectionException, TransportException {
        try {
            switch (request) {
                case "exit-status" -> end.complete(new CommandEnd.Exited((int) (packet.readUInt32() & 0xff)));
                case "exit-signal" -> end.complete(new CommandEnd.Signalled(signal(packet.readString())));
                case "eow@openssh.com" -> {} // it does not read any more, which whoever writes will see
                default -> super.handleRequest(request, packet);
            }
        } catch (Buffer.BufferException e) {
            throw new ConnectionException(e);
        }
    }

    /** Those that the standard does not list come with the name of who invented them. */
    private static String signal(String name) {
        int at = name.indexOf('@');
        String plain = at < 0 ? name : name.substring(0, at);
        return plain.startsWith("SIG") ? plain.substring(3) : plain;
    }

    private void makeRoom(int bytes) {
        if (consumed.addAndGet(bytes) >= ROOM) {
            threads.execute(this::sendRoom);
        }
    }

    private void sendRoom() {
        synchronized (sending) {
            int bytes = consumed.getAndSet(0);
            if (bytes == 0 || closeSent) {
                return;
            }
            try {
                // The peer may use it before write() returns.
                lwin.expand(bytes);
                trans.write(newBuffer(Message.CHANNEL_WINDOW_ADJUST).putUInt32(bytes));
            } catch (TransportException e) {
                // The transport tells all its channels.
            }
        }
    }

    /**
     * Says that nobody reads the output any more, whereupon the server closes its end of the pipe, and the command that
     * writes is told. The standard has no word for it; OpenSSH has, and others are not asked.
     */
    private void breakPipe() {
        if (trans.getServerVersion().contains("OpenSSH")) {
            threads.execute(() -> {
                synchronized (sending) {
                    try {
                        if (!closeSent && isOpen()) {
                            trans.write(newBuffer(Message.CHANNEL_REQUEST)
                                    .putString("eow@openssh.com")
                                    .putBoolean(false));
                        }
                    } catch (TransportException e) {
                        // The transport tells all its channels.
                    }
                }
            });
        }
    }

    @Override
    protected void sendClose() throws TransportException {
        synchronized (sending) {
            closeSent = true;
            super.sendClose();
        }
    }

    /**
     * Has something done once it is gone; at once if it is.
     *
     * @param what what is done, by the thread that reads for everybody
     */
    void whenGone(Runnable what) {
        synchronized (fields) {
            if (!gone) {
                whenGone = what;
                return;
            }
        }
        what.run();
    }

    /** {@return whether the server, too, has closed it} */
    boolean isGone() {
        synchronized (fields) {
            return gone;
        }
    }

    /** {@return whether it was not gone before} */
    private boolean markGone() {
        synchronized (fields) {
            boolean first = !gone;
            gone = true;
            return first;
        }
    }

    /** Closes our side, and waits for nothing. */
    void hangUp() {
        threads.execute(() -> {
            try {
                if (isOpen()) {
                    sendClose();
                }
            } catch (TransportException e) {
                // Then it is closed.
            }
        });
    }

    @Override
    protected void eofInputStreams() {
        giveUpAnnouncement();
        out.end();
        err.end();
        super.eofInputStreams();
    }

    @Override
    protected void closeAllStreams() {
        // A server that cuts the channel need not say the end of the streams first.
        giveUpAnnouncement();
        out.end();
        err.end();
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
        if (fields != null) {
            lose(error);
        }
        DirectChannel.wake(rwin);
        super.notifyError(error);
    }

    private void lose(IOException cause) {
        giveUpAnnouncement();
        end.completeExceptionally(cause);
        out.fail(cause);
        err.fail(cause);
    }

    @Override
    protected void finishOff() {
        super.finishOff();
        if (fields != null && markGone()) {
            lose(new IOException("the server closed the command's channel and did not say how it ended"));
            whenGone.run();
        }
    }
}
