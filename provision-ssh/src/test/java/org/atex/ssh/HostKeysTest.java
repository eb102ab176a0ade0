package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.atex.api.Command;
import org.atex.lab.OpenSsh;
import org.atex.testkit.Call;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The host keys that each policy accepts, and the messages of refusals. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class HostKeysTest {
    @TempDir
    private static Path serverDirectory;

    private static OpenSsh server;

    /** The key of another host. */
    private static String otherKey;

    @TempDir
    private Path directory;

    private Path known;

    @BeforeAll
    static void start() throws Exception {
        server = OpenSsh.start(serverDirectory);
        OpenSsh.key(serverDirectory.resolve("other"), "");
        otherKey = key("other.pub");
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void nameFile() {
        known = directory.resolve("known");
    }

    private static String key(String file) throws Exception {
        String[] words = Files.readString(serverDirectory.resolve(file)).split(" ");
        return words[0] + " " + words[1];
    }

    private static String name() {
        return "[127.0.0.1]:" + server.port();
    }

    private static String run(String... words) throws Exception {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    /** {@return the fingerprint of a key file by ssh-keygen} */
    private static String fingerprint(String file, String hash) throws Exception {
        return run(
                        "ssh-keygen",
                        "-l",
                        "-E",
                        hash,
                        "-f",
                        serverDirectory.resolve(file).toString())
                .split(" ")[1];
    }

    private void accepts(HostKeys keys) throws Exception {
        try (SshConnection connection =
                SshConnection.open(server.destination(), Logins.options(server).withHostKeys(keys))) {
            assertThat(connection.run(Command.of("true")).succeeded()).isTrue();
        }
    }

    private AbstractThrowableAssert<?, ?> refuses(HostKeys keys) throws Exception {
        return assertThatThrownBy(() -> accepts(keys))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining(server.destination())
                .hasMessageContaining(fingerprint("host.pub", "sha256"));
    }

    @Test
    void acceptsAKnownHost() throws Exception {
        Files.writeString(known, "# mine\n\nelsewhere.example.com " + otherKey + "\n" + server.knownHost());
        accepts(HostKeys.knownHosts(directory.resolve("not-there"), known));
    }

    @Test
    void acceptsAHashedName() throws Exception {
        Files.writeString(known, server.knownHost());
        run("ssh-keygen", "-H", "-f", known.toString());
        assertThat(known).content().startsWith("|1|").doesNotContain("127.0.0.1");
        accepts(HostKeys.knownHosts(known));
    }

    @Test
    void acceptsAPattern() throws Exception {
        Files.writeString(known, "other,[127.0.*.?]:" + server.port() + " " + key("host.pub") + " a comment\n");
        accepts(HostKeys.knownHosts(known));
    }

    @Test
    void acceptsOneOfSeveralKnownKeys() throws Exception {
        Files.writeString(known, name() + " " + otherKey + "\n" + server.knownHost());
        accepts(HostKeys.knownHosts(known));
    }

    @Test
    void acceptsALineWithoutPort() throws Exception {
        Files.writeString(known, "127.0.0.1 " + key("host.pub") + "\n");
        accepts(HostKeys.knownHosts(known));
    }

    @Test
    void refusesALineWithAnotherPort() throws Exception {
        Files.writeString(known, "[127.0.0.1]:1 " + key("host.pub") + "\n");
        refuses(HostKeys.knownHosts(known)).hasMessageContaining("there is none");
    }

    /** A server presents a key of the type that the client asks for. */
    @Test
    void acceptsAnyPinnedKeyOfTheServer() throws Exception {
        OpenSsh.key(directory.resolve("rsa"), "", "-t", "rsa", "-b", "2048");
        OpenSsh.key(directory.resolve("ecdsa"), "", "-t", "ecdsa");
        try (OpenSsh several = OpenSsh.start(
                Files.createDirectory(directory.resolve("several")),
                "HostKey " + directory.resolve("rsa"),
                "HostKey " + directory.resolve("ecdsa"))) {
            for (Path key : List.of(
                    several.directory().resolve("host"), directory.resolve("rsa"), directory.resolve("ecdsa"))) {
                String pinned = run("ssh-keygen", "-lf", key + ".pub").split(" ")[1];
                try (SshConnection connection = SshConnection.open(
                        several.destination(), Logins.options(several).withHostKeys(HostKeys.pinned(pinned)))) {
                    assertThat(connection.run(Command.of("true")).succeeded()).isTrue();
                }
            }
            String other = fingerprint("other.pub", "sha256");
            assertThatThrownBy(() -> SshConnection.open(
                            several.destination(), Logins.options(several).withHostKeys(HostKeys.pinned(other))))
                    .isInstanceOf(SshRefusedException.class)
                    .hasMessageContaining(other);
        }
    }

    @Test
    void refusesANegatedPattern() throws Exception {
        Files.writeString(known, "[127.*]:*,!" + name() + " " + key("host.pub") + "\n");
        refuses(HostKeys.knownHosts(known));
    }

    @Test
    void refusesAnUnknownHost() throws Exception {
        refuses(HostKeys.knownHosts(known))
                .hasMessageContaining(known.toString())
                .hasMessageContaining("there is none")
                .hasMessageContaining(name() + " " + key("host.pub"))
                .hasMessageContaining("ssh-keygen");
        assertThat(known).doesNotExist();
    }

    /** The advice in the message must work. */
    @Test
    void theLineInTheMessageMakesTheHostKnown() throws Exception {
        Throwable refused = Call.of(() -> {
                    accepts(HostKeys.knownHosts(known));
                    return true;
                })
                .failure();
        String line = refused.getMessage().replaceFirst("(?s).*: '(\\S+ \\S+ \\S+)'.*", "$1");
        Files.writeString(known, line + "\n");
        accepts(HostKeys.knownHosts(known));
    }

    @Test
    void refusesAChangedKey() throws Exception {
        Files.writeString(known, name() + " " + otherKey + "\n");
        refuses(HostKeys.knownHosts(known))
                .hasMessageContaining(known.toString())
                .hasMessageContaining("expected the key")
                .hasMessageContaining(fingerprint("other.pub", "sha256"));
    }

    @Test
    void refusesARevokedKey() throws Exception {
        Files.writeString(known, "@revoked * " + key("host.pub") + "\n" + server.knownHost());
        refuses(HostKeys.knownHosts(known)).hasMessageContaining("revoked");
        refuses(HostKeys.acceptNew(known)).hasMessageContaining("revoked");
    }

    @Test
    void refusesAKeyThatAnotherFileRevokes() throws Exception {
        Files.writeString(known, server.knownHost());
        Path revoked = Files.writeString(directory.resolve("revoked"), "@revoked * " + key("host.pub") + "\n");
        refuses(HostKeys.knownHosts(known, revoked)).hasMessageContaining("revoked");
    }

    @Test
    void acceptNewAddsTheKeyOnce() throws Exception {
        Path file = directory.resolve("new/known");
        accepts(HostKeys.acceptNew(file));
        assertThat(file).content().isEqualTo(server.knownHost());
        accepts(HostKeys.acceptNew(file));
        assertThat(file).content().isEqualTo(server.knownHost());
        accepts(HostKeys.knownHosts(file));
    }

    @Test
    void acceptNewAddsTheKeyOnceDespiteRekeying() throws Exception {
        try (OpenSsh busy = OpenSsh.start(Files.createDirectory(directory.resolve("busy")), "RekeyLimit 64K");
                SshConnection connection = SshConnection.open(
                        busy.destination(), Logins.options(busy).withHostKeys(HostKeys.acceptNew(known)))) {
            assertThat(connection
                            .run(Command.of("head", "-c", "1000000", "/dev/zero"))
                            .stdout())
                    .hasSize(1_000_000);
            assertThat(known).content().isEqualTo(busy.knownHost());
        }
    }

    @Test
    void acceptNewCompletesALastLineWithoutNewline() throws Exception {
        Files.writeString(known, "elsewhere " + otherKey);
        accepts(HostKeys.acceptNew(known));
        assertThat(known).content().isEqualTo("elsewhere " + otherKey + "\n" + server.knownHost());
    }

    @Test
    void acceptNewRefusesAChangedKey() throws Exception {
        Files.writeString(known, name() + " " + otherKey + "\n");
        refuses(HostKeys.acceptNew(known)).hasMessageContaining(fingerprint("other.pub", "sha256"));
        assertThat(known).content().isEqualTo(name() + " " + otherKey + "\n");
    }

    @Test
    void acceptNewRefusesAHostKnownByAKeyOfAnotherType() throws Exception {
        OpenSsh.key(directory.resolve("rsa"), "", "-t", "rsa", "-b", "2048");
        String[] rsa = Files.readString(directory.resolve("rsa.pub")).split(" ");
        Files.writeString(known, name() + " " + rsa[0] + " " + rsa[1] + "\n");
        assertThatThrownBy(() -> accepts(HostKeys.acceptNew(known))).isInstanceOf(SshRefusedException.class);
    }

    @Test
    void acceptNewRefusesIfTheFileCannotBeWritten() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "");
        refuses(HostKeys.acceptNew(file.resolve("known"))).hasMessageContaining("could not be added");
    }

    @Test
    void parallelConnectionsCanAddKeys() throws Exception {
        List<Call<Boolean>> calls = IntStream.range(0, 10)
                .mapToObj(i -> Call.to(() -> accepts(HostKeys.acceptNew(known))))
                .toList();
        for (Call<Boolean> call : calls) {
            call.result();
        }
        assertThat(Files.readAllLines(known)).allMatch(line -> (line + "\n").equals(knownHost()));
    }

    private static String knownHost() {
        try {
            return server.knownHost();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void pinnedAcceptsTheKeyAndRefusesOthers() throws Exception {
        accepts(HostKeys.pinned(fingerprint("host.pub", "sha256")));
        accepts(HostKeys.pinned(fingerprint("host.pub", "sha256") + "="));
        accepts(HostKeys.pinned(fingerprint("host.pub", "md5")));
        accepts(HostKeys.pinned(fingerprint("host.pub", "md5").substring(4)));
        for (String hash : List.of("sha256", "md5")) {
            refuses(HostKeys.pinned(fingerprint("other.pub", hash)))
                    .hasMessageContaining(fingerprint("other.pub", hash));
        }
        assertThatThrownBy(() -> HostKeys.pinned("SHA256:short")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void acceptAnyAcceptsAnUnknownHost() throws Exception {
        accepts(HostKeys.acceptAny());
    }

    @Test
    void invalidLinesAreIgnored() throws Exception {
        Files.writeString(known, "nonsense\n" + name() + " ssh-unknown AAAA\n" + name() + " ssh-ed25519 !!\n");
        Files.writeString(known, server.knownHost(), StandardOpenOption.APPEND);
        accepts(HostKeys.knownHosts(known));
    }
}
