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
 * A real sshd on a port of its own, which accepts the user of the tests with the key {@code id} in its directory. The
 * file {@code known_hosts} in that directory has its host key.
 *
 * <p>Thread safety: not thread-safe.
 */
public final class OpenSsh implements AutoCloseable {
    private static final Path SSHD = Path.of("/usr/sbin/sshd");
    private static final boolean REQUIRED = Boolean.getBoolean("atex.required");

    private final Path directory;
    private final int port;
    private final List<String> options;

    /**
     * Bound to the port until the server is closed, without listening, so that no other process gets the port while the
     * server is down.
     */
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
     * {@return a running server; the test is skipped if this host has no sshd}
     *
     * @param directory an empty directory
     * @param options lines for its configuration
     * @throws Exception if it does not start
     */
    public static OpenSsh start(Path directory, String... options) throws Exception {
        if (!Files.isExecutable(SSHD)) {
            if (REQUIRED) {
                throw new AssertionError("the OpenSSH server is required but not installed: " + SSHD);
            }
            throw new TestAbortedException("the OpenSSH server is not installed: " + SSHD);
        }
        if (System.getProperty("user.name").equals("root")) {
            Files.createDirectories(Path.of("/run/sshd")); // sshd changes its root to this directory before the login
        }
        key(directory.resolve("host"), "");
        key(directory.resolve("id"), "");
        Files.copy(directory.resolve("id.pub"), directory.resolve("authorized_keys"));
        Socket placeholder = reservePort();
        try {
            return new OpenSsh(directory, placeholder, List.of(options));
        } catch (Exception e) {
            placeholder.close();
            throw e;
        }
    }

    /**
     * Creates a key pair.
     *
     * @param file the file of the private key; the public key is written to the same name with {@code .pub} added
     * @param passphrase the passphrase; empty for none
     * @param more options of {@code ssh-keygen}; an ed25519 key by default
     * @throws Exception if it cannot be created
     */
    public static void key(Path file, String passphrase, String... more) throws Exception {
        List<String> line = new ArrayList<>(List.of("ssh-keygen", "-q", "-N", passphrase, "-f", file.toString()));
        line.addAll(more.length == 0 ? List.of("-t", "ed25519") : List.of(more));
        Shell.run(line);
    }

    private static Socket reservePort() throws IOException {
        Socket socket = new Socket();
        socket.setReuseAddress(true); // allows sshd to listen on the port as well
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return socket;
    }

    private Process launch() throws IOException {
        List<String> lines = new ArrayList<>(options); // the first value of an option counts
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
                // Otherwise bash notices that sshd started it and reads a .bashrc, which may be slow.
                "SetEnv SHLVL=2",
                "LogLevel VERBOSE",
                "Subsystem sftp internal-sftp"));
        Path config = Files.write(directory.resolve("sshd_config"), lines);
        Process process = new ProcessBuilder(SSHD.toString(), "-D", "-e", "-f", config.toString())
                .redirectErrorStream(true)
                .start();
        BufferedReader output = process.inputReader();
        StringBuilder log = new StringBuilder();
        for (@Nullable String line; (line = output.readLine()) != null; ) {
            log.append(line).append('\n');
            if (line.contains("Server listening")) {
                Thread.ofVirtual().start(() -> discardLog(output));
                return process;
            }
        }
        throw new IOException("sshd did not start: " + log);
    }

    /** Discards the log: a server that cannot write to its log blocks. */
    private static void discardLog(BufferedReader output) {
        try {
            output.transferTo(Writer.nullWriter());
        } catch (IOException e) {
            // The server was killed.
        }
    }

    /** {@return the directory of its keys and configuration} */
    public Path directory() {
        return directory;
    }

    /** {@return its port on 127.0.0.1} */
    public int port() {
        return port;
    }

    /** {@return the destination for an ssh client} */
    public String destination() {
        return System.getProperty("user.name") + "@127.0.0.1:" + port;
    }

    /**
     * {@return its line for a known hosts file}
     *
     * @throws IOException if its host key cannot be read
     */
    public String knownHost() throws IOException {
        String[] key = Files.readString(directory.resolve("host.pub")).split(" ", -1);
        return "[127.0.0.1]:" + port + " " + key[0] + " " + key[1] + "\n";
    }

    /** {@return the address on which it listens} */
    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /**
     * Authorizes another key.
     *
     * @param publicKey the line of the public key
     * @throws IOException if the file cannot be written
     */
    public void authorize(String publicKey) throws IOException {
        Files.writeString(directory.resolve("authorized_keys"), publicKey + "\n", StandardOpenOption.APPEND);
    }

    /** Kills the processes that serve the connections; the commands continue. */
    public void cutConnections() {
        sessions().forEach(ProcessHandle::destroyForcibly);
    }

    private Stream<ProcessHandle> sessions() {
        return server.descendants()
                .filter(process -> process.info()
                        .command()
                        .filter(command -> command.endsWith("/sshd") || command.endsWith("/sshd-session"))
                        .isPresent());
    }

    /**
     * Kills the server and the processes that serve the connections.
     *
     * @throws InterruptedException if interrupted
     */
    public void kill() throws InterruptedException {
        // Listed first: once the server is dead, they are no longer its descendants.
        List<ProcessHandle> sessions = sessions().toList();
        server.destroyForcibly().waitFor();
        sessions.forEach(ProcessHandle::destroyForcibly);
    }

    /**
     * Starts the server again with the same port and keys.
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
            throw new UncheckedIOException("could not release port " + port, e);
        }
    }
}
