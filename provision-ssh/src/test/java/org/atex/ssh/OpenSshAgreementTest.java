package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.atex.lab.OpenSsh;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Host keys are accepted exactly where OpenSSH's client accepts them: both get the same files and the same servers. The
 * README of this module gives the reason for each departure.
 */
@ExtendWith(LeakCheck.class)
@Timeout(600)
class OpenSshAgreementTest {
    @TempDir
    private static Path directory;

    private static final Map<String, OpenSsh> SERVERS = new LinkedHashMap<>();

    /** The content of the known-hosts files. */
    private record Known(String user, String second, String global, String more) {
        static Known of(String user) {
            return new Known(user, "", "", "");
        }
    }

    private record Scenario(String server, String known, String strict) {
        /** A revoked key is never accepted, even with StrictHostKeyChecking off. */
        boolean departs() {
            return strict.equals("no")
                    && known.startsWith("revoked")
                    && !known.endsWith("another")
                    && !known.equals("revoked without the port");
        }

        String name() {
            return server + ", " + known + ", " + strict;
        }
    }

    private static Path keys() {
        return directory.resolve("keys");
    }

    private static String key(OpenSsh server, String name) {
        return line(server.directory().resolve(name + ".pub"));
    }

    private static String key(String name) {
        return line(keys().resolve(name + ".pub"));
    }

    private static String line(Path file) {
        try {
            String[] words = Files.readString(file).split(" ", -1);
            return words[0] + " " + words[1].strip();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static void run(String... words) throws Exception {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(said).isZero();
    }

    /** Signs the host key; the certificate is written beside it. */
    private static void sign(Path key, String authority, String... options) throws Exception {
        List<String> words = new ArrayList<>(
                List.of("ssh-keygen", "-q", "-s", keys().resolve(authority).toString(), "-I", "host"));
        words.addAll(List.of(options));
        words.add(key + ".pub");
        run(words.toArray(String[]::new));
    }

    /** Starts a server. Its host keys are made before, so that they can be signed. */
    private static void start(String name, String kind, List<String> options, String... signing) throws Exception {
        Path place = Files.createDirectory(directory.resolve(name));
        List<String> lines = new ArrayList<>(options);
        Path key = keys().resolve(name);
        if (kind.equals("all")) {
            OpenSsh.key(keys().resolve(name + "-rsa"), "", "-t", "rsa", "-b", "2048");
            OpenSsh.key(keys().resolve(name + "-ecdsa"), "", "-t", "ecdsa");
            lines.add("HostKey " + keys().resolve(name + "-rsa"));
            lines.add("HostKey " + keys().resolve(name + "-ecdsa"));
        } else {
            OpenSsh.key(
                    key,
                    "",
                    kind.equals("rsa") ? new String[] {"-t", "rsa", "-b", "2048"} : new String[] {"-t", "ed25519"});
            lines.add("HostKey " + key);
            if (signing.length > 0) {
                sign(
                        key,
                        signing[0],
                        List.of(signing).subList(1, signing.length).toArray(String[]::new));
                lines.add("HostCertificate " + key + "-cert.pub");
            }
            if (options.isEmpty()) {
                lines.add("HostKeyAlgorithms "
                        + (kind.equals("rsa")
                                ? "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-512,rsa-sha2-256"
                                : "ssh-ed25519-cert-v01@openssh.com,ssh-ed25519"));
            }
        }
        SERVERS.put(name, OpenSsh.start(place, lines.toArray(String[]::new)));
    }

    @BeforeAll
    static void start() throws Exception {
        Files.createDirectory(keys());
        OpenSsh.key(keys().resolve("ca"), "");
        OpenSsh.key(keys().resolve("ca2"), "");
        OpenSsh.key(keys().resolve("rsa-ca"), "", "-t", "rsa", "-b", "2048");
        OpenSsh.key(keys().resolve("other"), "");
        OpenSsh.key(keys().resolve("other-rsa"), "", "-t", "rsa", "-b", "2048");
        String host = "127.0.0.1,localhost";
        List<String> none = List.of();
        start("ed", "ed25519", none);
        start("rsa", "rsa", none);
        start("all", "all", none);
        start("cert", "ed25519", none, "ca", "-h", "-n", host);
        start(
                "certonly",
                "ed25519",
                List.of("HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com"),
                "ca",
                "-h",
                "-n",
                host);
        start("rsacert", "rsa", none, "ca", "-h", "-n", host);
        start("rsaca", "ed25519", none, "rsa-ca", "-h", "-n", host);
        start("sha1ca", "ed25519", none, "rsa-ca", "-t", "ssh-rsa", "-h", "-n", host);
        start("usercert", "ed25519", none, "ca", "-n", host);
        start("expired", "ed25519", none, "ca", "-h", "-n", host, "-V", "-2d:-1d");
        start("future", "ed25519", none, "ca", "-h", "-n", host, "-V", "+1d:+2d");
        start("elsewhere", "ed25519", none, "ca", "-h", "-n", "elsewhere.example.com");
        start("pattern", "ed25519", none, "ca", "-h", "-n", "127.*");
        start("noname", "ed25519", none, "ca", "-h");
    }

    @AfterAll
    static void stop() throws Exception {
        for (OpenSsh server : SERVERS.values()) {
            server.close();
        }
        SERVERS.clear();
    }

    /** {@return the host keys of a server, in the order in which it offers them} */
    private static List<String> keysOf(String server) {
        return server.equals("all")
                ? List.of(key(SERVERS.get(server), "host"), key("all-rsa"), key("all-ecdsa"))
                : List.of(key(server));
    }

    private static String lines(String name, List<String> keys) {
        return String.join("", keys.stream().map(key -> name + " " + key + "\n").toList());
    }

    /** {@return the known-hosts lines of a server for each kind of scenario} */
    private static Map<String, Known> known(String server) {
        String at = "[127.0.0.1]:" + SERVERS.get(server).port();
        List<String> own = keysOf(server);
        String first = own.get(0);
        String last = own.get(own.size() - 1);
        String others = lines(at, List.of(key("other")));
        String authority = key(server.equals("rsaca") || server.equals("sha1ca") ? "rsa-ca" : "ca");
        Map<String, Known> all = new TreeMap<>();
        all.put("nothing", Known.of(""));
        all.put("its keys", Known.of(lines(at, own)));
        all.put("its last key", Known.of(at + " " + last + "\n"));
        all.put("a comment after it", Known.of(at + " " + first + " root@box # x\n"));
        all.put("another key", Known.of(others));
        all.put("another key of another kind", Known.of(at + " " + key("other-rsa") + "\n"));
        all.put("another key and its own", Known.of(others + lines(at, own)));
        all.put("without the port", Known.of(lines("127.0.0.1", own)));
        all.put("without the port, another key", Known.of("127.0.0.1 " + key("other") + "\n"));
        all.put("wrong with the port, right without it", Known.of(others + lines("127.0.0.1", own)));
        all.put("revoked without the port", Known.of(lines(at, own) + lines("@revoked 127.0.0.1", own)));
        all.put("pattern", Known.of(lines("[127.0.*.?]:*", own)));
        all.put("negated", Known.of(lines("[127.*]:*,!" + at, own)));
        all.put("several names", Known.of(lines("other," + at + ",third", own)));
        all.put("revoked", Known.of(lines("@revoked *", own) + lines(at, own)));
        all.put("revoked below", Known.of(lines(at, own) + lines("@revoked " + at, own)));
        all.put("revoked for another", Known.of(lines(at, own) + lines("@revoked elsewhere", own)));
        all.put("unknown marker", Known.of(lines("@trusted " + at, own)));
        all.put("wrong type", Known.of(at + " ssh-dss " + first.split(" ", -1)[1] + "\n"));
        all.put("nonsense above", Known.of("nonsense\n@\n" + at + "\n" + at + " ssh-ed25519 !!\n" + lines(at, own)));
        all.put("tabs and blanks", Known.of("  \t" + at + "\t " + first.replace(" ", " \t ") + "\n"));
        all.put("in the second file", new Known("", lines(at, own), "", ""));
        all.put("in the global file", new Known("", "", lines(at, own), ""));
        all.put("another in the second file", new Known("", others, "", ""));
        all.put("another in the global file", new Known("", "", others, ""));
        all.put("revoked in the second file", new Known(lines(at, own), lines("@revoked *", own), "", ""));
        all.put("revoked in the global file", new Known(lines(at, own), "", lines("@revoked *", own), ""));
        all.put("revoked in the global file, else new", new Known("", "", lines("@revoked *", own), ""));
        all.put("alias", new Known(lines("mybox", own), "", "", "HostKeyAlias mybox"));
        all.put("alias in capitals", new Known(lines("MYBOX", own), "", "", "HostKeyAlias MyBox"));
        all.put(
                "alias of another",
                new Known(lines(at, own) + "mybox " + key("other") + "\n", "", "", "HostKeyAlias mybox"));
        all.put("alias unknown", new Known(lines(at, own), "", "", "HostKeyAlias mybox"));
        all.put("loopback is free", new Known(others, "", "", "NoHostAuthenticationForLocalhost yes"));
        all.put(
                "by name",
                new Known(lines("[localhost]:" + SERVERS.get(server).port(), own), "", "", "HostName LocalHost"));
        all.put(
                "by name in capitals",
                new Known(lines("[LOCALHOST]:" + SERVERS.get(server).port(), own), "", "", "HostName localhost"));
        all.put("no files", new Known(lines(at, own), "", "", "UserKnownHostsFile none\nGlobalKnownHostsFile none"));
        all.put("only rsa wanted", new Known(lines(at, own), "", "", "HostKeyAlgorithms rsa-sha2-512,rsa-sha2-256"));
        if (!server.equals("ed") && !server.equals("rsa") && !server.equals("all")) {
            all.put("authority", Known.of("@cert-authority " + at + " " + authority + "\n"));
            all.put("authority of all", Known.of("@cert-authority * " + authority + "\n"));
            all.put("authority without the port", Known.of("@cert-authority 127.0.0.1 " + authority + "\n"));
            all.put("authority of others", Known.of("@cert-authority *.example.com " + authority + "\n"));
            all.put("another authority", Known.of("@cert-authority * " + key("ca2") + "\n"));
            all.put(
                    "another authority, plain key",
                    Known.of("@cert-authority * " + key("ca2") + "\n" + lines(at, own)));
            all.put("authority and plain key", Known.of("@cert-authority * " + authority + "\n" + lines(at, own)));
            all.put("authority, another plain key", Known.of("@cert-authority * " + authority + "\n" + others));
            all.put(
                    "authority revoked",
                    Known.of("@cert-authority * " + authority + "\n@revoked * " + authority + "\n"));
            all.put(
                    "authority, key revoked",
                    Known.of("@cert-authority * " + authority + "\n" + lines("@revoked *", own)));
            all.put("authority as a plain key", Known.of(at + " " + authority + "\n"));
            all.put(
                    "authority revoked in the global file",
                    new Known("@cert-authority * " + authority + "\n", "", "@revoked * " + authority + "\n", ""));
            all.put(
                    "authority, alias",
                    new Known("@cert-authority mybox " + authority + "\n", "", "", "HostKeyAlias mybox"));
            all.put(
                    "authority, alias that is a principal",
                    new Known("@cert-authority localhost " + authority + "\n", "", "", "HostKeyAlias localhost"));
        }
        return all;
    }

    private static List<Scenario> scenarios() {
        List<Scenario> all = new ArrayList<>();
        for (String server : SERVERS.keySet()) {
            boolean basic = List.of("ed", "cert").contains(server);
            for (String known : known(server).keySet()) {
                if (basic
                        || known.contains("authority")
                        || known.equals("its keys")
                        || server.equals("all")
                                && known.matches("its last key|another key.*|revoked|only rsa wanted")) {
                    all.add(new Scenario(server, known, "yes"));
                }
                if (List.of("ed", "usercert").contains(server)) {
                    all.add(new Scenario(server, known, "accept-new"));
                }
                if (server.equals("ed")) {
                    all.add(new Scenario(server, known, "no"));
                }
            }
        }
        return all;
    }

    /** The outcome of a scenario: whether the host was accepted, and the user's known-hosts file afterwards. */
    private record Decision(boolean accepted, String known, String said) {
        boolean isAs(Decision other) {
            return accepted == other.accepted && known.equals(other.known);
        }
    }

    private static Decision decide(Scenario scenario, Path place, Function<Path, String> connect) throws Exception {
        Files.createDirectories(place);
        OpenSsh server = SERVERS.get(scenario.server());
        Known known = known(scenario.server()).get(scenario.known());
        Path user = Files.writeString(place.resolve("user"), known.user());
        Files.writeString(place.resolve("second"), known.second());
        Files.writeString(place.resolve("global"), known.global());
        Path config = Files.writeString(place.resolve("config"), """
                Host box
                %s
                HostName 127.0.0.1
                Port %d
                User %s
                IdentityFile %s
                IdentityAgent none
                IdentitiesOnly yes
                UserKnownHostsFile %s %s
                GlobalKnownHostsFile %s
                StrictHostKeyChecking %s
                """.formatted(
                        known.more(),
                        server.port(),
                        System.getProperty("user.name"),
                        server.directory().resolve("id"),
                        user,
                        place.resolve("second"),
                        place.resolve("global"),
                        scenario.strict()));
        String refusal = connect.apply(config);
        return new Decision(refusal.isEmpty(), Files.readString(user), refusal);
    }

    /** {@return the differences of the outcomes, or an empty string} */
    private static String theirs(Path config) {
        try {
            Process process = new ProcessBuilder(
                            "ssh",
                            "-F",
                            config.toString(),
                            "-o",
                            "BatchMode=yes",
                            "-o",
                            "ConnectTimeout=30",
                            // The default, which resists quantum computers, takes most of the time of a connection.
                            "-o",
                            "KexAlgorithms=curve25519-sha256",
                            "box",
                            "true")
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes());
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return process.exitValue() == 0 ? "" : "refused: " + said;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static String ours(Path config) {
        try {
            SshConnection.open(
                            "box", SshOptions.defaults().withConfig(config).withConnectWithin(Duration.ofSeconds(30)))
                    .close();
            return "";
        } catch (SshRefusedException e) {
            return "refused: " + e.getMessage();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void decisionsAreThoseOfOpenSsh() throws Exception {
        Map<String, String> different = new TreeMap<>();
        List<Scenario> scenarios = scenarios();
        try (ExecutorService workers = Executors.newFixedThreadPool(4)) {
            Map<Scenario, Future<Decision[]>> decisions = new LinkedHashMap<>();
            for (Scenario scenario : scenarios) {
                Path place = directory.resolve("scenarios").resolve(Integer.toString(decisions.size()));
                decisions.put(scenario, workers.submit(() -> new Decision[] {
                    decide(scenario, place.resolve("theirs"), OpenSshAgreementTest::theirs),
                    decide(scenario, place.resolve("ours"), OpenSshAgreementTest::ours)
                }));
            }
            for (Map.Entry<Scenario, Future<Decision[]>> one : decisions.entrySet()) {
                Decision[] both = one.getValue().get();
                if (one.getKey().departs()) {
                    assertThat(both[1].accepted()).as(one.getKey().name()).isFalse();
                } else if (!both[0].isAs(both[1])) {
                    different.put(one.getKey().name(), "OpenSSH: " + both[0] + "\n  ours: " + both[1]);
                }
            }
        }
        assertThat(scenarios).hasSizeGreaterThan(250);
        assertThat(different.entrySet())
                .as("decisions that differ from those of OpenSSH, of " + scenarios.size() + " scenarios")
                .isEmpty();
    }
}
