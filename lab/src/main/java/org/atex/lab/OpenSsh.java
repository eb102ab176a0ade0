package org.atex.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * The real sshd on a port of its own, which lets the user of the tests in with a key of its own: {@code id} in its
 * directory, where {@code known_hosts} is what it is known by.
 *
 * <p>Thread safety: one thread at a time.
 */
public final class OpenSsh implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/sbin/sshd");
    private static final boolean REQUIRED = Boolean.getBoolean("atex.required");

    private final Path directory;
    private final int port;
    private final List<String> options;

    /** Bound until the server is closed, and never listens: nobody else is given the port while the server is down. */
    private final Socket placeholder;

    private Process server;

    private OpenSsh(Path directory, Socket placeholder, List<String> options) throws Exception {
        this.directory = directory;
        this.placeholder = placeholder;
        this.port = placeholder.getLocalPort();
        this.options = options;
        server = launch();
        Files.writeString(directory.resolve("known_hosts"), knownHost());
    }

    /**
     * {@return a running server; the test is skipped where there is none}
     *
     * @param directory an empty directory
     * @param options lines of its configuration
     * @throws Exception if it does not start
     */
    public static OpenSsh start(Path directory, String... options) throws Exception {
        if (!Files.isExecutable(PROGRAM)) {
            if (REQUIRED) {
                throw new AssertionError("the OpenSSH server is required, and not here: " + PROGRAM);
            }
            throw new TestAbortedException("no OpenSSH server here: " + PROGRAM);
        }
        if (System.getProperty("user.name").equals("root")) {
            Files.createDirectories(Path.of("/run/sshd")); // where it locks itself in, until it knows who comes
        }
        key(directory.resolve("host"), "");
        key(directory.resolve("id"), "");
        Files.copy(directory.resolve("id.pub"), directory.resolve("authorized_keys"));
        Socket placeholder = keepPort();
        try {
            return new OpenSsh(directory, placeholder, List.of(options));
        } catch (Exception e) {
            placeholder.close();
            throw e;
        }
    }

    /**
     * Makes a pair of keys.
     *
     * @param file where the private one goes; the other gets {@code .pub} added
     * @param passphrase what it is encrypted with; empty for nothing
     * @param more options of {@code ssh-keygen}; none means an ed25519 key
     * @throws Exception if it cannot be made
     */
    public static void key(Path file, String passphrase, String... more) throws Exception {
        List<String> line = new ArrayList<>(List.of("ssh-keygen", "-q", "-N", passphrase, "-f", file.toString()));
        line.addAll(more.length == 0 ? List.of("-t", "ed25519") : List.of(more));
        Shell.run(line);
    }

    private static Socket keepPort() throws IOException {
        Socket socket = new Socket();
        socket.setReuseAddress(true); // sshd may then listen there
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return socket;
    }

    private Process launch() throws IOException {
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
        for (@Nullable String line; (line = said.readLine()) != null; ) {
            all.append(line).append('\n');
            if (line.contains("Server listening")) {
                Thread.ofVirtual().start(() -> drain(said));
                return process;
            }
        }
        throw new IOException("sshd did not start: " + all);
    }

    /** A server that cannot write to its log stands still. */
    private static void drain(BufferedReader said) {
        try {
            said.transferTo(Writer.nullWriter());
        } catch (IOException e) {
            // The server was killed.
        }
    }

    /** {@return where its keys and its configuration are} */
    public Path directory() {
        return directory;
    }

    /** {@return where it listens, on 127.0.0.1} */
    public int port() {
        return port;
    }

    /** {@return what an ssh client is given to go there} */
    public String destination() {
        return System.getProperty("user.name") + "@127.0.0.1:" + port;
    }

    /**
     * {@return the line by which it is known}
     *
     * @throws IOException if its key cannot be read
     */
    public String knownHost() throws IOException {
        String[] key = Files.readString(directory.resolve("host.pub")).split(" ", -1);
        return "[127.0.0.1]:" + port + " " + key[0] + " " + key[1] + "\n";
    }

    /** {@return where it listens} */
    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /**
     * Lets another key in.
     *
     * @param publicKey its line
     * @throws IOException if that cannot be written down
     */
    public void authorize(String publicKey) throws IOException {
        Files.writeString(directory.resolve("authorized_keys"), publicKey + "\n", StandardOpenOption.APPEND);
    }

    /** Kills the processes that serve the connections; commands go on. */
    public void cutConnections() {
        serving().forEach(ProcessHandle::destroyForcibly);
    }

    private Stream<ProcessHandle> serving() {
        return server.descendants()
                .filter(process -> process.info()
                        .command()
                        .filter(command -> command.endsWith("/sshd") || command.endsWith("/sshd-session"))
                        .isPresent());
    }

    /**
     * Kills the server and those that serve the connections.
     *
     * @throws InterruptedException if interrupted
     */
    public void kill() throws InterruptedException {
        List<ProcessHandle> serving = serving().toList();
        server.destroyForcibly().waitFor();
        serving.forEach(ProcessHandle::destroyForcibly);
    }

    /**
     * Starts it again, on the same port and with the same keys.
     *
     * @throws IOException if it does not start
     */
    public void restart() throws IOException {
        server = launch();
    }

    @Override
    public void close() throws InterruptedException {
        try (placeholder) {
            kill();
        } catch (IOException e) {
            throw new UncheckedIOException("could not give up port " + port, e);
        }
    }
}
