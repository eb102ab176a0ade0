package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandResult;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;
import org.atex.lab.Lab;
import org.atex.lab.PodmanSocket;
import org.atex.testkit.Call;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Servers in containers: with limits, with unusual requirements, and of several projects. */
@Timeout(300)
class SshServersTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    private static final Duration LONG = Duration.ofMinutes(2);

    /** The options of the servers, one server each. */
    private static final List<String> ALGORITHMS = List.of(
            "-oKexAlgorithms=curve25519-sha256 -oCiphers=aes128-gcm@openssh.com -oHostKeyAlgorithms=ssh-ed25519",
            "-oKexAlgorithms=ecdh-sha2-nistp256 -oCiphers=aes256-gcm@openssh.com"
                    + " -oHostKeyAlgorithms=ecdsa-sha2-nistp256",
            "-oKexAlgorithms=ecdh-sha2-nistp521 -oCiphers=chacha20-poly1305@openssh.com"
                    + " -oHostKeyAlgorithms=rsa-sha2-512",
            "-oKexAlgorithms=diffie-hellman-group-exchange-sha256 -oCiphers=aes128-ctr -oMACs=hmac-sha2-256"
                    + " -oHostKeyAlgorithms=rsa-sha2-256",
            "-oKexAlgorithms=diffie-hellman-group16-sha512 -oCiphers=aes256-ctr"
                    + " -oMACs=hmac-sha2-512-etm@openssh.com",
            // The algorithms of old servers, or of servers with an old configuration.
            "-oKexAlgorithms=diffie-hellman-group14-sha1 -oCiphers=aes256-cbc -oMACs=hmac-sha1"
                    + " -oHostKeyAlgorithms=ssh-rsa");

    private static final List<String> LIMITS = List.of(
            "-oMaxSessions=1",
            "-oMaxStartups=1 -oLoginGraceTime=1",
            "-oMaxStartups=2",
            "-oClientAliveInterval=1 -oClientAliveCountMax=1",
            "-oAllowTcpForwarding=no",
            "-oForceCommand=/bin/echo -oMaxSessions=10",
            "-oKexAlgorithms=sntrup761x25519-sha512@openssh.com",
            "-oRekeyLimit=1M");

    @TempDir
    private static Path files;

    private static PodmanSocket socket;
    private static SshContainer algorithms;
    private static SshContainer limits;

    @TempDir
    private Path directory;

    @BeforeAll
    static void start() throws Exception {
        socket = PodmanSocket.open();
        algorithms = SshContainer.openSsh(
                Files.createDirectory(files.resolve("algorithms")), ALGORITHMS.toArray(String[]::new));
        limits = SshContainer.openSsh(Files.createDirectory(files.resolve("limits")), LIMITS.toArray(String[]::new));
    }

    @AfterAll
    static void stop() throws Exception {
        for (SshContainer container : new SshContainer[] {algorithms, limits}) {
            if (container != null) {
                container.close();
            }
        }
        if (socket != null) {
            socket.close();
        }
    }

    private static SshConnection limited(String option) throws Exception {
        return limits.connect(LIMITS.indexOf(option));
    }

    /** Checks copies in both directions, commands, and closing a command that does not end. */
    private void assertWorks(SshConnection connection) throws Exception {
        byte[] content = new byte[300_000];
        new Random(7).nextBytes(content);
        Path tree = Files.createDirectories(directory.resolve("tree/inner"));
        Files.write(tree.resolve("file"), content);
        String there = "/tmp/there-" + System.nanoTime();

        connection.upload(directory.resolve("tree"), there);
        connection.upload(tree.resolve("file"), there + "/single");
        connection.download(there, directory.resolve("back"));
        assertThat(directory.resolve("back/inner/file")).hasBinaryContent(content);
        assertThat(directory.resolve("back/single")).hasBinaryContent(content);

        CommandResult said =
                connection.run(Command.bash("cat; echo err >&2; exit 3").withStdin(Input.text("in\n")));
        assertThat(said.end()).isEqualTo(new CommandEnd.Exited(3));
        assertThat(said.stdout() + said.stderr()).isEqualTo("in\nerr\n");
        String mark = "31." + System.nanoTime();
        RunningCommand endless = connection.start(Command.bash("setsid sleep " + mark + " & echo up; sleep " + mark));
        assertThat(endless.stdout().read()).isEqualTo('u');
        endless.close();
        assertThat(connection.run(Command.of("pgrep", "-f", "sleep " + mark)).stdout())
                .isEmpty();
    }

    private static void assertRunsManyAtOnce(SshConnection connection) throws Exception {
        List<Call<String>> calls = IntStream.range(0, 8)
                .mapToObj(i ->
                        Call.of(() -> connection.run(Command.of("echo", "" + i)).stdout()))
                .toList();
        for (int i = 0; i < calls.size(); i++) {
            assertThat(calls.get(i).result(LONG)).isEqualTo(i + "\n");
        }
    }

    static List<String> algorithms() {
        return ALGORITHMS;
    }

    @ParameterizedTest
    @MethodSource("algorithms")
    void requirementsOfTheServerAreMet(String server) throws Exception {
        try (SshConnection connection = algorithms.connect(ALGORITHMS.indexOf(server))) {
            assertWorks(connection);
            assertRunsManyAtOnce(connection);
        }
    }

    @Test
    void aServerWithoutACommonAlgorithmIsReportedAtOnce() {
        String server = "-oKexAlgorithms=sntrup761x25519-sha512@openssh.com";
        SshOptions patient = limits.options().withConnectWithin(Duration.ofHours(1));
        assertThatThrownBy(() -> limits.connect(LIMITS.indexOf(server), patient).close())
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining(limits.place(LIMITS.indexOf(server)))
                .hasMessageContaining("shares no algorithm with this client")
                .hasMessageContaining("sntrup761x25519-sha512@openssh.com");
    }

    @Test
    void aServerWithASingleChannelIsSupported() throws Exception {
        try (SshConnection connection = limited("-oMaxSessions=1")) {
            assertWorks(connection);
            assertRunsManyAtOnce(connection);
        }
    }

    @Test
    void frequentKeyReexchangesAreSupported() throws Exception {
        try (SshConnection connection = limited("-oRekeyLimit=1M")) {
            assertWorks(connection);
            Path large = Files.write(directory.resolve("large"), new byte[5 << 20]);
            connection.upload(large, "/tmp/large");
            connection.download("/tmp/large", directory.resolve("again"));
            assertThat(directory.resolve("again")).hasSameBinaryContentAs(large);
        }
    }

    /** Another client holds the only unauthenticated connection until the server's LoginGraceTime is over. */
    @Test
    void aRejectedConnectionIsTriedAgain() throws Exception {
        int server = LIMITS.indexOf("-oMaxStartups=1 -oLoginGraceTime=1");
        try (Socket stranger = new Socket(limits.getHost(), limits.getMappedPort(2200 + server))) {
            assertThat(stranger.getInputStream().read()).isEqualTo('S');
            try (SshConnection connection = limits.connect(server)) {
                assertThat(connection.run(Command.of("echo", "in")).stdout()).isEqualTo("in\n");
            }
        }
    }

    @Test
    void allConnectionsSucceedBeyondMaxStartups() throws Exception {
        int server = LIMITS.indexOf("-oMaxStartups=2");
        List<Call<String>> calls = IntStream.range(0, 8)
                .mapToObj(i -> Call.of(() -> {
                    try (SshConnection connection = limits.connect(server)) {
                        return connection.run(Command.of("echo", "" + i)).stdout();
                    }
                }))
                .toList();
        for (int i = 0; i < calls.size(); i++) {
            assertThat(calls.get(i).result(LONG)).isEqualTo(i + "\n");
        }
    }

    /** The server closes a connection that does not answer its keep-alive request within two seconds. */
    @Test
    void keepAliveRequestsOfTheServerAreAnswered() throws Exception {
        int server = LIMITS.indexOf("-oClientAliveInterval=1 -oClientAliveCountMax=1");
        SshOptions patient = limits.options().withKeepAlive(Duration.ofMinutes(5), 1);
        try (SshConnection connection = limits.connect(server, patient)) {
            assertThat(connection.run(Command.bash("sleep 4; echo on")).stdout())
                    .isEqualTo("on\n");
        }
    }

    @Test
    void refusedForwardingIsReportedAndCommandsWork() throws Exception {
        try (SshConnection connection = limited("-oAllowTcpForwarding=no")) {
            assertThatThrownBy(() ->
                            connection.forwardRemote(0, new InetSocketAddress(InetAddress.getLoopbackAddress(), 9)))
                    .isInstanceOf(TransferException.class)
                    .hasMessageContaining("AllowTcpForwarding");
            assertWorks(connection);
        }
    }

    @Test
    void aForcedCommandIsReported() {
        assertThatThrownBy(() ->
                        limited("-oForceCommand=/bin/echo -oMaxSessions=10").close())
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining("could not run a shell there: it ended with exit code 0 (");
    }

    /** One command at a time: dropbear leaves requests unanswered when several arrive at once, from any client. */
    @Test
    void dropbearIsSupported() throws Exception {
        try (SshContainer container = SshContainer.dropbear(Files.createDirectory(directory.resolve("server")));
                SshConnection connection = container.connect(0)) {
            assertWorks(connection);
            Call<?> waiting =
                    Call.of(() -> connection.run(Command.of("sleep", "4711"))).awaitBlocked();
            container.said("pkill", "-KILL", "dropbear");
            assertThat(waiting.failure()).isInstanceOf(ConnectionLostException.class);
        }
    }

    /**
     * The server opens a single channel in the life of a connection: that is an error, and no call blocks because of
     * it.
     */
    @Test
    void aServerWithOneChannelInTheLifeOfAConnectionIsReported() throws Exception {
        try (SshContainer container = SshContainer.tiny(Files.createDirectory(directory.resolve("server")));
                SshConnection connection = container.connect(0)) {
            assertThatThrownBy(() -> connection.run(Command.of("true")))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining(container.place(0))
                    .hasMessageContaining("a single channel in the life of a connection");
        }
    }
}
