package org.atex.libvirt;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.atex.api.AtexException;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.ssh.Carrier;
import org.jspecify.annotations.Nullable;

/**
 * The virtio-serial port of a virtual machine, on which {@code atex-serial serve} starts an ssh server.
 *
 * <p>The host side and the virtual machine agree on the begin of a session first, since either of them may still have
 * bytes of an earlier one: the virtual machine names an identifier that is new in each session, the client answers with
 * it, and with one of its own. Everything before the answer to that is ignored.
 */
final class SerialPort implements Carrier.Streams {
    /** The name of the port in the virtual machine. */
    static final String NAME = "org.atex.0";

    private static final int MAX_LINE = 255;

    /** How long the end of a relay is waited for after the end of its output, to tell why. */
    private static final Duration REASON_WITHIN = Duration.ofSeconds(1);

    /** Copies between a port of the loopback address and its own streams, until one side ends. */
    private static final String RELAY = """
        exec 3<>"/dev/tcp/127.0.0.1/$1" || exit
        { cat <&3; kill $$; } &
        cat >&3
        kill $!
        """;

    /** The ends of a way to the port. */
    private interface Way {
        InputStream input() throws IOException;

        OutputStream output() throws IOException;

        /** {@return the failure of the host that ended the streams, or an empty text} */
        String failure();

        void close();
    }

    private final OutputStream output;
    private final Way way;
    private InputStream input;

    private SerialPort(Way way) throws IOException {
        this.way = way;
        input = way.input();
        output = way.output();
    }

    /**
     * {@return the port, on which an ssh server begins a session}
     *
     * @param host the connection to the host
     * @param place the path of a Unix socket of the host, or a port of its loopback address
     * @param within the time for the answer of the virtual machine
     */
    static SerialPort open(Connection host, String place, Duration within) throws IOException, InterruptedException {
        Way way = host.isThisMachine() ? channel(place) : relay(host, place);
        boolean complete = false;
        try {
            SerialPort port = new SerialPort(way);
            port.begin(within);
            complete = true;
            return port;
        } finally {
            if (!complete) {
                way.close();
            }
        }
    }

    /** {@return the script that serves the port in the virtual machine} */
    static String script() {
        try (InputStream script = SerialPort.class.getResourceAsStream("atex-serial")) {
            return new String(Objects.requireNonNull(script).readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("could not read a file of this module", e);
        }
    }

    private static Way channel(String place) throws IOException {
        SocketChannel channel;
        if (place.startsWith("/")) {
            channel = SocketChannel.open(UnixDomainSocketAddress.of(place));
        } else {
            channel = SocketChannel.open(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(place)));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
        return new Way() {
            @Override
            public InputStream input() {
                return Channels.newInputStream(channel);
            }

            @Override
            public OutputStream output() {
                return Channels.newOutputStream(channel);
            }

            @Override
            public String failure() {
                return "";
            }

            @Override
            public void close() {
                try {
                    channel.close();
                } catch (IOException e) {
                    // It is not used any more.
                }
            }
        };
    }

    private static Way relay(Connection host, String place) throws IOException, InterruptedException {
        RunningCommand relay;
        try {
            relay = host.start(
                    Command.bash(RELAY, place).withStdin(Input.pipe()).withStderr(Output.discard()));
        } catch (AtexException | IllegalStateException e) {
            throw new IOException(e.getMessage(), e);
        }
        return new Way() {
            @Override
            public InputStream input() {
                return relay.stdout();
            }

            @Override
            public OutputStream output() {
                return relay.stdin();
            }

            @Override
            public String failure() {
                try {
                    relay.await(REASON_WITHIN);
                    return "";
                } catch (AtexException | IllegalStateException e) {
                    return String.valueOf(e.getMessage());
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return "";
                }
            }

            @Override
            public void close() {
                relay.close();
            }
        };
    }

    private void begin(Duration within) throws IOException, InterruptedException {
        CountDownLatch answered = new CountDownLatch(1);
        // The sockets of Unix have no time limit for reading.
        Thread limit = Thread.ofVirtual().name("serial-limit").start(() -> {
            try {
                if (!answered.await(within.toMillis(), TimeUnit.MILLISECONDS)) {
                    way.close();
                }
            } catch (InterruptedException e) {
                // The answer has come.
            }
        });
        try {
            if (agree()) {
                readIdentification();
                return;
            }
        } catch (AsynchronousCloseException e) {
            // By the time limit.
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while the serial port was opened");
            }
        } finally {
            answered.countDown();
            limit.interrupt();
        }
        throw new IOException("nothing answers on its serial port " + NAME + " within " + within.toMillis()
                + " ms: 'atex-serial serve' must run in the virtual machine, and no other program may use the port");
    }

    /** {@return whether the virtual machine has begun a session} False after the end of the stream. */
    private boolean agree() throws IOException {
        String mine = UUID.randomUUID().toString();
        String answeredTo = "";
        // The empty line ends one of an earlier client.
        send("\natex hello\n");
        while (true) {
            String line = line();
            if (line == null) {
                return false;
            }
            if (line.equals("atex started " + mine)) {
                return true;
            }
            String theirs = line.startsWith("atex ready ") ? line.substring("atex ready ".length()) : "";
            if (theirs.matches("[0-9a-f-]{36}") && !theirs.equals(answeredTo)) {
                answeredTo = theirs;
                send("atex start " + theirs + " " + mine + "\n");
            }
        }
    }

    /**
     * Reads the first line of the ssh server. A client would skip lines of anything else, and wait without end if the
     * server did not start.
     */
    private void readIdentification() throws IOException {
        String first = line();
        if (first == null || !first.startsWith("SSH-")) {
            throw new IOException("the ssh server on the serial port " + NAME + " did not start; the console of the"
                    + " virtual machine may have its message");
        }
        input = new SequenceInputStream(new ByteArrayInputStream((first + "\n").getBytes(ISO_8859_1)), input);
    }

    private void send(String text) throws IOException {
        output.write(text.getBytes(US_ASCII));
        output.flush();
    }

    /** {@return the next line, or its end if it is long, or null at the end of the stream} */
    private @Nullable String line() throws IOException {
        // Single bytes, since those after the last line belong to the session.
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b; (b = input.read()) != '\n'; ) {
            if (b < 0) {
                return null;
            }
            if (line.size() == MAX_LINE) {
                line.reset();
            }
            line.write(b);
        }
        return line.toString(ISO_8859_1);
    }

    @Override
    public InputStream input() {
        return input;
    }

    @Override
    public OutputStream output() {
        return output;
    }

    @Override
    public String failure() {
        return way.failure();
    }

    @Override
    public void close() {
        way.close();
    }
}
