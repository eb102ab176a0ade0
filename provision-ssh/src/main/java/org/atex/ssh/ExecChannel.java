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
 * The channel of one command (RFC 4254 §6). In addition to sshj's channel it reports the end of the command as soon as
 * the server sends it, even if another process still holds the streams; the process id, which the {@link CommandLine}
 * announces on both streams; and when both sides have closed the channel. Output before the announcement comes from
 * start-up files and is removed.
 *
 * <p>Thread safety: the reader thread of sshj delivers; the other methods may be called from any thread. The reader
 * thread must never block, as all channels of the connection share it: sending is left to {@code threads}.
 */
final class ExecChannel extends SessionChannel {
    /** The number of consumed bytes after which the window is enlarged. One message for each read would be costly. */
    private static final int WINDOW_UPDATE_BYTES = 256 * 1024;

    /** The input that fits into the initial window of any server, so that sending it never blocks. */
    private static final int UNBLOCKED_INPUT_BYTES = 16 * 1024;

    private final Executor threads;
    private final Runnable onMessage;

    /** Bytes that were consumed since the window was enlarged last. */
    private final AtomicInteger consumed = new AtomicInteger();

    /** The lock of {@code closeSent}: no message may follow the close message of a channel (RFC 4254 §5.3). */
    private final Object sendLock = new Object();

    /**
     * The lock of {@code gone} and {@code whenGone}. It is null until the constructor has finished: a transport that
     * fails meanwhile calls {@link #notifyError} of the half-made channel.
     */
    private final Object stateLock;

    private final int connectionTimeout;
    private boolean gone;
    private Runnable whenGone = () -> {};
    private boolean closeSent;
    private final StartupOutput beforeOut = new StartupOutput();
    private final StartupOutput beforeErr = new StartupOutput();

    final CommandOutput out = new CommandOutput(this::makeRoom, this::breakPipe);
    final CommandOutput err = new CommandOutput(this::makeRoom, () -> {});

    /** The end of the command; fails if the channel is lost before. */
    final CompletableFuture<CommandEnd> end = new CompletableFuture<>();

    /** The process id of the command, or 0 if the announcement did not come. */
    final CompletableFuture<Long> process = new CompletableFuture<>();

    /**
     * Creates a channel that is not open yet.
     *
     * @param connection the connection of the channel
     * @param threads runs the tasks that send
     * @param onMessage called for each message that arrives
     */
    ExecChannel(Connection connection, Executor threads, Runnable onMessage) {
        super(connection);
        connectionTimeout = connection.getTimeoutMs();
        this.threads = threads;
        this.onMessage = onMessage;
        stateLock = new Object();
    }

    /**
     * Starts a command. A short input is sent together with the request, which saves a round trip. A long one is sent
     * after the answer of the host: a host that refuses never enlarges the window, and sending would block.
     *
     * @param line the line to run and the input to send
     * @throws IOException if the host refuses, or the link breaks
     */
    void exec(CommandLine line) throws IOException {
        byte[] input = line.input();
        Event<ConnectionException> answer =
                sendChannelRequest("exec", true, new Buffer.PlainBuffer().putString(line.line(), getRemoteCharset()));
        if (input.length <= UNBLOCKED_INPUT_BYTES) {
            send(input);
        }
        // With a time-out of 0, as the dialer sets it, this waits until the answer or the loss of the link.
        answer.await(connectionTimeout, TimeUnit.MILLISECONDS);
        if (input.length > UNBLOCKED_INPUT_BYTES) {
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
                // The command ended before it read its input, or the link broke. The end of the command reports both.
            }
        }
    }

    @Override
    public void handle(Message message, SSHPacket packet) throws SSHException {
        onMessage.run();
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
            packet.readUInt32(); // the type: stderr is the only one that RFC 4254 defines
        } catch (Buffer.BufferException e) {
            throw new ConnectionException(e);
        }
        receive(received(packet), beforeErr, err);
    }

    /** Delivers bytes of a stream. Those up to the announcement are removed, and free their part of the window. */
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

    /**
     * Stops waiting for the announcement, as the streams have ended: the line did not run. The output of the server or
     * the login shell is then delivered as output of the command, as it explains why.
     */
    private void abandonAnnouncement() {
        abandonAnnouncement(beforeOut, out);
        abandonAnnouncement(beforeErr, err);
        process.complete(0L);
    }

    private static void abandonAnnouncement(StartupOutput before, CommandOutput to) {
        byte[] output = before.giveUp();
        if (output.length > 0) {
            to.receive(output);
        }
    }

    /** {@return the output up to now on both streams while the announcement has not come; empty once it has} */
    String startupOutput() {
        return (new String(beforeErr.output(), UTF_8) + "\n" + new String(beforeOut.output(), UTF_8)).strip();
    }

    @Override
    public void handleRequest(String request, SSHPacket packet) throws ConnectionException, TransportException {
        try {
            switch (request) {
                // Only the last eight bits are an exit status on POSIX systems.
                case "exit-status" -> end.complete(new CommandEnd.Exited((int) (packet.readUInt32() & 0xff)));
                case "exit-signal" -> end.complete(new CommandEnd.Signalled(signal(packet.readString())));
                case "eow@openssh.com" -> {} // the command has closed stdin: its next writer gets an error
                default -> super.handleRequest(request, packet);
            }
        } catch (Buffer.BufferException e) {
            throw new ConnectionException(e);
        }
    }

    /**
     * {@return the name of a signal without SIG} Signals that RFC 4254 does not list are sent as {@code NAME@domain}.
     */
    private static String signal(String name) {
        int at = name.indexOf('@');
        String plain = at < 0 ? name : name.substring(0, at);
        return plain.startsWith("SIG") ? plain.substring(3) : plain;
    }

    /** Counts bytes that were consumed or dropped, and enlarges the window if they are enough. */
    private void makeRoom(int bytes) {
        if (consumed.addAndGet(bytes) >= WINDOW_UPDATE_BYTES) {
            threads.execute(this::enlargeWindow);
        }
    }

    private void enlargeWindow() {
        synchronized (sendLock) {
            int bytes = consumed.getAndSet(0);
            if (bytes == 0 || closeSent) {
                return;
            }
            try {
                // First: the server may use the larger window before write() returns, and sshj would reject the data.
                lwin.expand(bytes);
                trans.write(newBuffer(Message.CHANNEL_WINDOW_ADJUST).putUInt32(bytes));
            } catch (TransportException e) {
                // The transport has failed and notifies all channels.
            }
        }
    }

    /**
     * Tells the server that the output is not read any more. The server then closes its end of the pipe, and the
     * command gets SIGPIPE when it writes. The message is an extension of OpenSSH (PROTOCOL §2.1); it is sent to no
     * other server.
     */
    private void breakPipe() {
        if (trans.getServerVersion().contains("OpenSSH")) {
            threads.execute(() -> {
                synchronized (sendLock) {
                    try {
                        if (!closeSent && isOpen()) {
                            trans.write(newBuffer(Message.CHANNEL_REQUEST)
                                    .putString("eow@openssh.com")
                                    .putBoolean(false));
                        }
                    } catch (TransportException e) {
                        // The transport has failed and notifies all channels.
                    }
                }
            });
        }
    }

    @Override
    protected void sendClose() throws TransportException {
        synchronized (sendLock) {
            closeSent = true;
            super.sendClose();
        }
    }

    /**
     * Sets the action for the moment when both sides have closed the channel. Runs it at once if they have.
     *
     * @param action the action; the reader thread of sshj runs it, so that it must not block
     */
    void whenGone(Runnable action) {
        synchronized (stateLock) {
            if (!gone) {
                whenGone = action;
                return;
            }
        }
        action.run();
    }

    /** {@return whether both sides have closed the channel} */
    boolean isGone() {
        synchronized (stateLock) {
            return gone;
        }
    }

    /** {@return whether this is the first call} */
    private boolean markGone() {
        synchronized (stateLock) {
            boolean first = !gone;
            gone = true;
            return first;
        }
    }

    /** Closes this side of the channel, without waiting for the other one. Idempotent. */
    void hangUp() {
        threads.execute(() -> {
            try {
                if (isOpen()) {
                    sendClose();
                }
            } catch (TransportException e) {
                // The transport has failed, so that the channel is closed.
            }
        });
    }

    @Override
    protected void eofInputStreams() {
        abandonAnnouncement();
        out.end();
        err.end();
        super.eofInputStreams();
    }

    @Override
    protected void closeAllStreams() {
        // A server may close the channel without sending EOF for the streams before.
        abandonAnnouncement();
        out.end();
        err.end();
        try {
            sendClose();
        } catch (TransportException e) {
            // The transport has failed and notifies all channels.
        }
        DirectChannel.wake(rwin);
        super.closeAllStreams();
    }

    @Override
    public void notifyError(SSHException error) {
        if (stateLock != null) {
            lose(error);
        }
        DirectChannel.wake(rwin);
        super.notifyError(error);
    }

    private void lose(IOException cause) {
        abandonAnnouncement();
        end.completeExceptionally(cause);
        out.fail(cause);
        err.fail(cause);
    }

    @Override
    protected void finishOff() {
        super.finishOff();
        if (stateLock != null && markGone()) {
            lose(new IOException("the server closed the channel of the command and did not send its exit status"));
            whenGone.run();
        }
    }
}
