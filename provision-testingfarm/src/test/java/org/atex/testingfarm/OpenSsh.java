package org.atex.testingfarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The real sshd on a port of its own, which lets the user of the tests in with those keys that it is told. */
final class OpenSsh implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/sbin/sshd");
    private static final boolean REQUIRED = Boolean.getBoolean("atex.required");

    private final Path directory;
    private final int port;
    private final List<String> options;
    private Process server;

    private OpenSsh(Path directory, int port, List<String> options) throws Exception {
        this.directory = directory;
        this.port = port;
        this.options = options;
        server = launch();
    }

    /**
     * {@return a running server; the test is skipped where there is none}
     *
     * @param directory an empty directory
     * @param options lines of its configuration
     */
    static OpenSsh start(Path directory, String... options) throws Exception {
        assumeTrue(REQUIRED || Files.isExecutable(PROGRAM), "no OpenSSH server here: " + PROGRAM);
        assertThat(PROGRAM).as("the OpenSSH server, which is required").isExecutable();
        if (System.getProperty("user.name").equals("root")) {
            Files.createDirectories(Path.of("/run/sshd")); // where it locks itself in, until it knows who comes
        }
        key(directory.resolve("host"), "");
        Files.createFile(directory.resolve("authorized_keys"));
        return new OpenSsh(directory, freePort(), List.of(options));
    }

    static void key(Path file, String passphrase, String... more) throws Exception {
        List<String> line = new ArrayList<>(List.of("ssh-keygen", "-q", "-N", passphrase, "-f", file.toString()));
        line.addAll(more.length == 0 ? List.of("-t", "ed25519") : List.of(more));
        Process keygen = new ProcessBuilder(line).inheritIO().start();
        assertThat(keygen.waitFor()).as("ssh-keygen").isZero();
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private Process launch() throws Exception {
        List<String> lines = new ArrayList<>(options); // the first value of a word counts
        lines.addAll(List.of(
                "Port " + port,
                "ListenAddress 127.0.0.1",
                "HostKey " + directory.resolve("host"),
                "AuthorizedKeysFile " + directory.resolve("authorized_keys"),
                "PidFile none",
                "StrictModes no",
                "UsePAM no",
                "PermitRootLogin yes",
                "PasswordAuthentication no",
                "KbdInteractiveAuthentication no",
                "MaxSessions 500",
                "MaxStartups 1000",
                // Else bash, which knows that sshd started it, reads a .bashrc of unknown slowness.
                "SetEnv SHLVL=2",
                "LogLevel VERBOSE",
                "Subsystem sftp internal-sftp"));
        Path config = Files.write(directory.resolve("sshd_config"), lines);
        Process process = new ProcessBuilder(PROGRAM.toString(), "-D", "-e", "-f", config.toString())
                .redirectErrorStream(true)
                .start();
        BufferedReader said = process.inputReader();
        StringBuilder all = new StringBuilder();
        for (String line; (line = said.readLine()) != null; ) {
            all.append(line).append('\n');
            if (line.contains("Server listening")) {
                Thread.ofVirtual().start(() -> drain(said));
                return process;
            }
        }
        throw new AssertionError("sshd did not start: " + all);
    }

    /** A server that cannot write to its log stands still. */
    private static void drain(BufferedReader said) {
        try {
            said.transferTo(Writer.nullWriter());
        } catch (IOException e) {
            // The server was killed.
        }
    }

    /** Lets a key in. */
    void authorize(String line) throws IOException {
        Files.writeString(directory.resolve("authorized_keys"), line + "\n", StandardOpenOption.APPEND);
    }

    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private Stream<ProcessHandle> serving() {
        return server.descendants()
                .filter(process -> process.info()
                        .command()
                        .filter(command -> command.endsWith("/sshd") || command.endsWith("/sshd-session"))
                        .isPresent());
    }

    /** Kills the server and those that serve the connections. */
    void kill() throws Exception {
        List<ProcessHandle> serving = serving().toList();
        server.destroyForcibly().waitFor();
        serving.forEach(ProcessHandle::destroyForcibly);
    }

    @Override
    public void close() throws Exception {
        kill();
        assertThat(server.waitFor(5, TimeUnit.SECONDS)).isTrue();
    }
}
