package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.lab.OpenSsh;
import org.atex.testkit.Call;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Logins with keys, certificates and agents succeed exactly where they succeed with OpenSSH's client. The server allows
 * four keys only, so the order of the keys counts.
 */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class LoginAgreementTest {
    @TempDir
    private static Path directory;

    private static OpenSsh server;
    private static Process many;
    private static Process none;

    private record Scenario(String name, String config, boolean authorized, String certificate) {
        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * {@return all scenarios}
     *
     * <p>KEY is the key, ENC the same key encrypted, CERT a certificate in another directory than the key; the agent
     * MANY has the key as the last of nine.
     */
    static Stream<Arguments> scenarios() {
        List<Scenario> all = List.of(
                new Scenario("the key", "IdentityFile KEY\nIdentityAgent none", true, ""),
                new Scenario("a key that is not let in", "IdentityFile KEY\nIdentityAgent none", false, ""),
                new Scenario("a certificate beside it", "IdentityFile KEY\nIdentityAgent none", false, "good"),
                new Scenario(
                        "a certificate beside it, and the key", "IdentityFile KEY\nIdentityAgent none", true, "good"),
                new Scenario(
                        "an expired certificate beside it", "IdentityFile KEY\nIdentityAgent none", true, "expired"),
                new Scenario("only an expired certificate", "IdentityFile KEY\nIdentityAgent none", false, "expired"),
                new Scenario(
                        "a certificate of somebody else", "IdentityFile KEY\nIdentityAgent none", true, "stranger"),
                new Scenario("a certificate of a host", "IdentityFile KEY\nIdentityAgent none", true, "host"),
                new Scenario(
                        "a named certificate", "IdentityFile KEY\nCertificateFile CERT\nIdentityAgent none", false, ""),
                new Scenario(
                        "a named certificate, key in the agent",
                        "CertificateFile CERT\nIdentityFile none\nIdentityAgent MANY",
                        false,
                        ""),
                new Scenario(
                        "a named certificate, no key",
                        "CertificateFile CERT\nIdentityFile none\nIdentityAgent none",
                        false,
                        ""),
                new Scenario(
                        "a missing certificate",
                        "IdentityFile KEY\nCertificateFile /not/there\nIdentityAgent none",
                        true,
                        ""),
                new Scenario("public key, agent", "IdentityFile KEY.pub\nIdentityAgent MANY", true, ""),
                new Scenario(
                        "public key, agent, only",
                        "IdentityFile KEY.pub\nIdentityAgent MANY\nIdentitiesOnly yes",
                        true,
                        ""),
                new Scenario("public key, no agent", "IdentityFile KEY.pub\nIdentityAgent none", true, ""),
                new Scenario("public key, empty agent", "IdentityFile KEY.pub\nIdentityAgent NONE", true, ""),
                new Scenario("public key, agent is gone", "IdentityFile KEY.pub\nIdentityAgent /not/there", true, ""),
                new Scenario("encrypted key, agent", "IdentityFile ENC\nIdentityAgent MANY", true, ""),
                new Scenario(
                        "encrypted key, agent, only",
                        "IdentityFile ENC\nIdentityAgent MANY\nIdentitiesOnly yes",
                        true,
                        ""),
                new Scenario("encrypted key, no agent", "IdentityFile ENC\nIdentityAgent none", true, ""),
                new Scenario("agent of many", "IdentityFile none\nIdentityAgent MANY", true, ""),
                new Scenario("another key, agent of many", "IdentityFile OTHER\nIdentityAgent MANY", true, ""),
                new Scenario("key that no agent has", "IdentityFile OTHER\nIdentityAgent MANY", false, "other"),
                new Scenario(
                        "key that no agent has, only",
                        "IdentityFile OTHER\nIdentityAgent MANY\nIdentitiesOnly yes",
                        false,
                        "other"),
                new Scenario("key, agent has it too", "IdentityFile KEY\nIdentityAgent MANY", true, ""),
                new Scenario(
                        "certificate beside it, key in the agent",
                        "IdentityFile KEY\nIdentityAgent MANY\nIdentitiesOnly yes",
                        false,
                        "good"),
                new Scenario("no key at all", "IdentityFile none\nIdentityAgent none", true, ""));
        // Types of keys differ only in their signatures, so the other types run the scenarios with certificates only.
        return Stream.concat(
                all.stream().map(one -> Arguments.of("ed25519", one)),
                Stream.of("rsa", "ecdsa")
                        .flatMap(type -> all.stream()
                                .filter(one -> one.name().contains("certificate"))
                                .map(one -> Arguments.of(type, one))));
    }

    private static Path file(String name) {
        return directory.resolve(name);
    }

    private static void run(List<String> words, String socket) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().put("SSH_AUTH_SOCK", socket);
        Process process = builder.start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(said).isZero();
    }

    private static Process agent(String name) throws Exception {
        Process agent = new ProcessBuilder("ssh-agent", "-D", "-a", file(name).toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        Call.eventually("the agent listens", () -> Files.exists(file(name)));
        return agent;
    }

    /** Signs a key; the certificate is written to a file with another name than the key. */
    private static void sign(String type, String name, String... options) throws Exception {
        Files.copy(file(type + ".pub"), file(type + "-" + name + ".pub"));
        List<String> words =
                new ArrayList<>(List.of("ssh-keygen", "-q", "-s", file("ca").toString(), "-I", "somebody"));
        words.addAll(List.of(options));
        words.add(file(type + "-" + name + ".pub").toString());
        run(words, "");
    }

    @BeforeAll
    static void start() throws Exception {
        OpenSsh.key(file("ca"), "");
        server = OpenSsh.start(
                Files.createDirectory(file("server")), "TrustedUserCAKeys " + file("ca.pub"), "MaxAuthTries 4");
        many = agent("MANY");
        none = agent("NONE");
        String me = System.getProperty("user.name");
        OpenSsh.key(file("other"), "");
        for (int i = 0; i < 6; i++) {
            OpenSsh.key(file("decoy" + i), "");
            run(
                    List.of("ssh-add", "-q", file("decoy" + i).toString()),
                    file("MANY").toString());
        }
        for (String type : List.of("ed25519", "rsa", "ecdsa")) {
            OpenSsh.key(file(type), "", "-t", type);
            run(List.of("ssh-add", "-q", file(type).toString()), file("MANY").toString());
            Files.copy(file(type), file(type + "-encrypted"));
            Files.setPosixFilePermissions(file(type + "-encrypted"), PosixFilePermissions.fromString("rw-------"));
            run(
                    List.of(
                            "ssh-keygen",
                            "-q",
                            "-p",
                            "-P",
                            "",
                            "-N",
                            "secret",
                            "-f",
                            file(type + "-encrypted").toString()),
                    "");
            sign(type, "good", "-n", me);
            sign(type, "expired", "-n", me, "-V", "-2d:-1d");
            sign(type, "stranger", "-n", "stranger");
            sign(type, "host", "-h", "-n", me);
        }
    }

    @AfterAll
    static void stop() throws Exception {
        for (Process agent : new Process[] {many, none}) {
            if (agent != null) {
                agent.destroy();
                agent.waitFor();
            }
        }
        if (server != null) {
            server.close();
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("scenarios")
    void loginSucceedsWhereOpenSshSucceeds(String type, Scenario scenario, @TempDir Path place) throws Exception {
        Path key = Files.copy(file(type), place.resolve("key"));
        Files.copy(file(type + ".pub"), place.resolve("key.pub"));
        Files.copy(file(type + "-encrypted"), place.resolve("encrypted"));
        Files.copy(file("other"), place.resolve("other"));
        boolean other = scenario.certificate().equals("other");
        if (!scenario.certificate().isEmpty() && !other) {
            Files.copy(file(type + "-" + scenario.certificate() + "-cert.pub"), place.resolve("key-cert.pub"));
        }
        Files.writeString(
                server.directory().resolve("authorized_keys"),
                scenario.authorized()
                        ? Files.readString(file(type + ".pub"))
                        : other ? Files.readString(file("other.pub")) : "");
        Path config = Files.writeString(place.resolve("config"), """
                Host box
                HostName 127.0.0.1
                Port %d
                User %s
                UserKnownHostsFile %s
                GlobalKnownHostsFile none
                %s
                """.formatted(
                        server.port(),
                        System.getProperty("user.name"),
                        server.directory().resolve("known_hosts"),
                        scenario.config()
                                .replace("KEY", key.toString())
                                .replace("ENC", place.resolve("encrypted").toString())
                                .replace("OTHER", place.resolve("other").toString())
                                .replace("CERT", file(type + "-good-cert.pub").toString())
                                .replace("MANY", file("MANY").toString())
                                .replace("NONE", file("NONE").toString())));
        for (String name : List.of("key", "encrypted", "other")) {
            Files.setPosixFilePermissions(place.resolve(name), PosixFilePermissions.fromString("rw-------"));
        }
        Process theirs = new ProcessBuilder("ssh", "-F", config.toString(), "-o", "BatchMode=yes", "box", "true")
                .redirectErrorStream(true)
                .start();
        theirs.getOutputStream().close();
        String said = new String(theirs.getInputStream().readAllBytes());
        boolean letsThemIn = theirs.waitFor() == 0;
        String refusal = "";
        try (SshConnection connection =
                SshConnection.open("box", SshOptions.defaults().withConfig(config))) {
            connection.run(Command.of("true"));
        } catch (SshRefusedException e) {
            refusal = String.valueOf(e.getMessage());
        }
        assertThat(refusal.isEmpty())
                .as("OpenSSH: %s%nSshConnection: %s", said, refusal)
                .isEqualTo(letsThemIn);
    }
}
