package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.auth.keyboard.DefaultKeyboardInteractiveAuthenticator;
import org.apache.sshd.server.auth.keyboard.UserAuthKeyboardInteractiveFactory;
import org.apache.sshd.server.auth.password.UserAuthPasswordFactory;
import org.apache.sshd.server.keyprovider.SimpleGeneratorHostKeyProvider;
import org.apache.sshd.server.shell.ProcessShellCommandFactory;
import org.atex.api.Command;
import org.atex.api.ConnectionLostException;
import org.atex.lab.Logs;
import org.atex.lab.OpenSsh;
import org.atex.testkit.Call;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Methods of login, and messages of refused logins. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class SshLoginTest {
    private static final String SECRET = "c0rrect-h0rse";
    private static final String WRONG = "wr0ng-h0rse";

    @TempDir
    private Path directory;

    private OpenSsh server;

    @BeforeEach
    void start() throws Exception {
        server = OpenSsh.start(directory);
    }

    @AfterEach
    void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    private SshOptions nothing() {
        return SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withHostKeys(HostKeys.knownHosts(directory.resolve("known_hosts")));
    }

    private Path key(String name, String passphrase, String... words) throws Exception {
        Path key = directory.resolve(name);
        OpenSsh.key(key, passphrase, words);
        Files.writeString(
                directory.resolve("authorized_keys"),
                Files.readString(directory.resolve(name + ".pub")),
                StandardOpenOption.APPEND);
        return key;
    }

    private void assertLoginSucceeds(SshOptions options) throws Exception {
        assertLoginSucceeds(server.destination(), options);
    }

    private static void assertLoginSucceeds(String destination, SshOptions options) throws Exception {
        try (SshConnection connection = SshConnection.open(destination, options)) {
            assertThat(connection.run(Command.of("true")).succeeded()).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ed25519, RFC4716",
        "rsa, RFC4716",
        "ecdsa, RFC4716",
        "rsa, PEM",
        "ecdsa, PEM",
        "rsa, PKCS8",
        "ecdsa, PKCS8"
    })
    void keysInEveryFormatAreAccepted(String type, String format) throws Exception {
        String[] words = {"-t", type, "-m", format};
        assertLoginSucceeds(nothing().withKey(key("plain", "", words)));
        Path encrypted = key("encrypted", SECRET, words);
        assertLoginSucceeds(nothing().withKey(encrypted, SECRET::toCharArray));
        try (Logs logs = new Logs()) {
            for (SshOptions options : List.of(
                    nothing().withKey(encrypted, WRONG::toCharArray), nothing().withKey(encrypted))) {
                assertThatThrownBy(() -> assertLoginSucceeds(options))
                        .isInstanceOf(SshRefusedException.class)
                        .hasMessageContaining(encrypted.toString())
                        .hasMessageContaining("passphrase")
                        .hasMessageContaining(server.destination());
            }
            assertThat(logs.text()).doesNotContain(SECRET).doesNotContain(WRONG);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-b 384", "-b 521"})
    void keysOnLongerCurvesAreAccepted(String bits) throws Exception {
        assertLoginSucceeds(nothing().withKey(key("curve", "", "-t", "ecdsa", "-b", bits.substring(3))));
    }

    @Test
    void aFileThatIsNotAKeyIsNamed() throws Exception {
        Path text = Files.writeString(directory.resolve("text"), "this is no key\n");
        Path empty = Files.writeString(directory.resolve("empty"), "");
        Path publicKey = directory.resolve("id.pub");
        Path damaged = Files.writeString(
                directory.resolve("damaged"),
                Files.readString(directory.resolve("id")).replaceFirst("(?m)^b3Blb.*$", "b3BlbnNzaC1r"));
        for (Path file : List.of(text, empty, publicKey, damaged, directory.resolve("missing"), directory)) {
            assertThatThrownBy(() -> assertLoginSucceeds(nothing().withKey(file)))
                    .as(file.toString())
                    .isInstanceOf(SshRefusedException.class)
                    .hasMessageContaining(file.toString());
        }
    }

    @Test
    void thePassphraseIsRequestedForEachConnection() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        Path key = key("encrypted", SECRET);
        SshOptions options = nothing().withKey(key, () -> {
            asked.incrementAndGet();
            return SECRET.toCharArray();
        });
        assertThat(asked).hasValue(0);
        assertLoginSucceeds(options);
        int once = asked.get();
        assertThat(once).isPositive();
        assertLoginSucceeds(options);
        assertThat(asked).hasValueGreaterThan(once);
    }

    @Test
    void theErrorOfASupplierIsReported() throws Exception {
        Path key = key("encrypted", SECRET);
        assertThatThrownBy(() -> assertLoginSucceeds(
                        nothing().withConnectWithin(Duration.ofSeconds(1)).withKey(key, () -> {
                            throw new IllegalStateException("the vault is closed");
                        })))
                .hasMessageContaining("the vault is closed");
    }

    @Test
    void theRightKeyIsFoundAmongOthers() throws Exception {
        OpenSsh.key(directory.resolve("wrong1"), "");
        OpenSsh.key(directory.resolve("wrong2"), "", "-t", "rsa");
        assertLoginSucceeds(nothing()
                .withKey(directory.resolve("wrong1"))
                .withKey(directory.resolve("wrong2"))
                .withKey(directory.resolve("id")));
    }

    @Test
    void tooManyKeysAreRefusedWithTheReason() throws Exception {
        SshOptions options = nothing();
        for (int i = 0; i < 8; i++) {
            OpenSsh.key(directory.resolve("wrong" + i), "");
            options = options.withKey(directory.resolve("wrong" + i));
        }
        SshOptions many = options;
        assertThatThrownBy(() -> assertLoginSucceeds(many))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining(server.destination())
                .hasMessageContaining("Too many authentication failures");
    }

    @Test
    void theRefusalNamesTheAttempts() throws Exception {
        OpenSsh.key(directory.resolve("wrong"), "");
        try (Logs logs = new Logs()) {
            assertThatThrownBy(() -> assertLoginSucceeds(
                            nothing().withKey(directory.resolve("wrong")).withPassword(SECRET::toCharArray)))
                    .isInstanceOf(SshRefusedException.class)
                    .hasMessageContaining(server.destination())
                    .hasMessageContaining("it takes publickey")
                    .hasMessageContaining("the key " + directory.resolve("wrong"))
                    .hasMessageNotContaining("tried password")
                    .hasMessageNotContaining(SECRET);
            assertThat(logs.text()).doesNotContain(SECRET);
        }
        assertThatThrownBy(() -> assertLoginSucceeds(
                        "nobody-here@127.0.0.1:" + server.port(), nothing().withKey(directory.resolve("id"))))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining("nobody-here");
        assertThatThrownBy(() -> assertLoginSucceeds(nothing()
                        .withConfig(Files.writeString(directory.resolve("config"), "IdentityFile /not/there\n"))))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining("it takes publickey")
                .hasMessageContaining("no key");
    }

    /** A real ssh-agent process. */
    private static final class Agent implements AutoCloseable {
        private final Path socket;
        private final Process process;

        Agent(Path directory) throws Exception {
            socket = directory.resolve("agent");
            process = new ProcessBuilder("ssh-agent", "-D", "-a", socket.toString())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            Call.eventually("the agent listens", () -> Files.exists(socket));
        }

        void add(Path key, String... options) throws Exception {
            List<String> words = new ArrayList<>(List.of("ssh-add", "-q"));
            words.addAll(List.of(options));
            words.add(key.toString());
            ProcessBuilder add = new ProcessBuilder(words).redirectErrorStream(true);
            add.environment().put("SSH_AUTH_SOCK", socket.toString());
            Process adding = add.start();
            String said = new String(adding.getInputStream().readAllBytes());
            assertThat(adding.waitFor()).as(said).isZero();
        }

        @Override
        public void close() throws Exception {
            process.destroy();
            process.waitFor();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ed25519", "rsa", "ecdsa"})
    void keysOfAnAgentAreAccepted(String type) throws Exception {
        try (Agent agent = new Agent(directory)) {
            SshOptions options = nothing().withAgent(agent.socket);
            assertThatThrownBy(() -> assertLoginSucceeds(options))
                    .isInstanceOf(SshRefusedException.class)
                    .hasMessageContaining("no key of the agent");
            OpenSsh.key(directory.resolve("wrong"), "");
            agent.add(directory.resolve("wrong"));
            assertThatThrownBy(() -> assertLoginSucceeds(options))
                    .isInstanceOf(SshRefusedException.class)
                    .hasMessageContaining("key 1 of 1 of the agent");
            agent.add(key("mine", "", "-t", type));
            assertLoginSucceeds(options);
        }
    }

    @Test
    void aMissingAgentDoesNotPreventOtherLogins() throws Exception {
        assertLoginSucceeds(Logins.options(server).withAgent(directory.resolve("nothing")));
        assertThatThrownBy(() -> assertLoginSucceeds(nothing().withAgent(directory.resolve("nothing"))))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining("no agent");
    }

    /** The deadline limits the wait for an agent that accepts a connection and never answers. */
    @Test
    void aHangingAgentIsBounded() throws Exception {
        Path socket = directory.resolve("silent");
        try (var listener = java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
            listener.bind(java.net.UnixDomainSocketAddress.of(socket));
            SshOptions options = nothing().withAgent(socket).withConnectWithin(Duration.ofMillis(500));
            Call<Boolean> connecting = Call.to(() -> assertLoginSucceeds(options));
            assertThat(connecting.failure()).hasMessageContaining("logging in");
        }
        VirtualThreads.awaitNone();
    }

    /** A server of Apache MINA, as OpenSSH accepts passwords only of system users. */
    private SshServer other(boolean password, boolean interactive) throws IOException {
        SshServer mina = SshServer.setUpDefaultServer();
        mina.setHost("127.0.0.1");
        mina.setKeyPairProvider(new SimpleGeneratorHostKeyProvider());
        mina.setCommandFactory(new ProcessShellCommandFactory());
        mina.setPasswordAuthenticator((user, given, session) -> given.equals(SECRET));
        mina.setKeyboardInteractiveAuthenticator(DefaultKeyboardInteractiveAuthenticator.INSTANCE);
        mina.setUserAuthFactories(new ArrayList<>());
        List<org.apache.sshd.server.auth.UserAuthFactory> factories = new ArrayList<>();
        if (password) {
            factories.add(UserAuthPasswordFactory.INSTANCE);
        }
        if (interactive) {
            factories.add(UserAuthKeyboardInteractiveFactory.INSTANCE);
        }
        mina.setUserAuthFactories(factories);
        mina.start();
        return mina;
    }

    @ParameterizedTest
    @CsvSource({"true, false", "false, true", "true, true"})
    void passwordsAreAccepted(boolean password, boolean interactive) throws Exception {
        SshServer mina = other(password, interactive);
        try (Logs logs = new Logs()) {
            String destination = "me@127.0.0.1:" + mina.getPort();
            SshOptions options = nothing().withHostKeys(HostKeys.acceptAny());
            assertLoginSucceeds(destination, options.withPassword(SECRET::toCharArray));
            assertLoginSucceeds(
                    destination, options.withKey(directory.resolve("id")).withPassword(SECRET::toCharArray));
            assertThatThrownBy(() -> assertLoginSucceeds(destination, options.withPassword(WRONG::toCharArray)))
                    .isInstanceOf(SshRefusedException.class)
                    .hasMessageContaining(destination)
                    .hasMessageContaining(password ? "password" : "keyboard-interactive")
                    .hasMessageNotContaining(WRONG);
            assertThatThrownBy(() -> assertLoginSucceeds(destination, options.withKey(directory.resolve("id"))))
                    .isInstanceOf(SshRefusedException.class)
                    .hasMessageContaining(password ? "it takes password" : "it takes keyboard-interactive");
            // The log of the server in this process may contain the password.
            assertThat(logs.text().lines().filter(line -> !line.startsWith("org.apache.sshd")))
                    .noneMatch(line -> line.contains(SECRET) || line.contains(WRONG));
            assertThat(logs.messages(Level.WARN).stream().filter(line -> line.contains(destination)))
                    .isEmpty();
        } finally {
            mina.stop(true);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "internal-sftp, exit code 1: This service allows sftp connections only.",
        "/usr/sbin/nologin, exit code 1: This account is currently not available.",
        "echo Use the portal; echo please >&2, exit code 0: Use the portal; please",
        "exit 7, exit code 7 (",
    })
    void aForcedCommandIsReportedAtOnce(String forced, String words) throws Exception {
        try (OpenSsh strict =
                OpenSsh.start(Files.createDirectory(directory.resolve("strict")), "ForceCommand " + forced)) {
            SshOptions patient = Logins.options(strict).withConnectWithin(Duration.ofHours(1));
            assertThatThrownBy(() -> assertLoginSucceeds(strict.destination(), patient))
                    .isInstanceOf(SshRefusedException.class)
                    .hasMessageContaining(strict.destination())
                    .hasMessageContaining("could not run a shell there")
                    .hasMessageContaining(words);
        }
    }

    @Test
    void aForcedCommandThatWaitsIsReported() throws Exception {
        try (OpenSsh strict = OpenSsh.start(
                Files.createDirectory(directory.resolve("strict")),
                "ForceCommand echo Choose one; exec cat >/dev/null")) {
            SshOptions options = Logins.options(strict).withConnectWithin(Duration.ofSeconds(4));
            assertThatThrownBy(() -> assertLoginSucceeds(strict.destination(), options))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("starting a shell in time: Choose one");
        }
    }

    @Test
    void anExpiredHostCertificateIsReportedAtOnce() throws Exception {
        OpenSsh.key(directory.resolve("authority"), "");
        Path strict = Files.createDirectory(directory.resolve("strict"));
        try (OpenSsh expired = OpenSsh.start(
                strict, "HostCertificate " + strict.resolve("other-cert.pub"), "HostKey " + certify(strict))) {
            Path known = Files.writeString(
                    directory.resolve("authorities"),
                    "@cert-authority * " + Files.readString(directory.resolve("authority.pub")));
            SshOptions patient = Logins.options(expired)
                    .withHostKeys(HostKeys.knownHosts(known))
                    .withConnectWithin(Duration.ofHours(1));
            assertThatThrownBy(() -> assertLoginSucceeds(expired.destination(), patient))
                    .isInstanceOf(SshRefusedException.class)
                    .hasMessageContaining(expired.destination());
        }
    }

    /** {@return a new host key with an expired certificate} */
    private Path certify(Path place) throws Exception {
        Path key = place.resolve("other");
        OpenSsh.key(key, "");
        Process sign = new ProcessBuilder(
                        "ssh-keygen",
                        "-q",
                        "-h",
                        "-s",
                        directory.resolve("authority").toString(),
                        "-I",
                        "host",
                        "-n",
                        "127.0.0.1",
                        "-V",
                        "20200101:20200102",
                        key + ".pub")
                .inheritIO()
                .start();
        assertThat(sign.waitFor()).isZero();
        return key;
    }

    @Test
    void optionsDoNotPrintSecrets() {
        SshOptions options = nothing().withPassword(SECRET::toCharArray).withSudo("root", SECRET::toCharArray);
        assertThat(options.toString()).doesNotContain(SECRET);
    }
}
