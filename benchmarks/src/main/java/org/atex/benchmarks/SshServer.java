package org.atex.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.atex.ssh.HostKeys;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshOptions;

/** The real sshd on loopback, with OpenSSH's own client beside ours, which keeps one connection for all its commands. */
final class SshServer implements AutoCloseable {
    private static final String USER = System.getProperty("user.name");

    private final Path directory;
    private final int port;
    private final Process server;

    SshServer() throws Exception {
        if (USER.equals("root")) {
            Files.createDirectories(Path.of("/run/sshd"));
        }
        directory = Files.createTempDirectory("atex-sshd-");
        for (String key : List.of("host", "id")) {
            Path file = directory.resolve(key);
            run(List.of("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file.toString()));
        }
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path config = Files.write(
                directory.resolve("config"),
                List.of(
                        "Port " + port,
                        "ListenAddress 127.0.0.1",
                        "HostKey " + directory.resolve("host"),
                        "AuthorizedKeysFile " + directory.resolve("id.pub"),
                        "PidFile none",
                        "StrictModes no",
                        "UsePAM no",
                        "PermitRootLogin yes",
                        "MaxSessions 500",
                        "MaxStartups 1000",
                        // Else bash, which knows that sshd started it, reads a .bashrc of unknown slowness.
                        "SetEnv SHLVL=2"));
        server = new ProcessBuilder("/usr/sbin/sshd", "-D", "-e", "-f", config.toString())
                .redirectErrorStream(true)
                .start();
        BufferedReader said = server.inputReader();
        String line = said.readLine();
        if (line == null || !line.contains("listening")) {
            throw new IOException("sshd did not start: " + line);
        }
        Thread.ofVirtual().start(() -> drain(said));
    }

    private static void drain(BufferedReader said) {
        try {
            said.transferTo(Writer.nullWriter());
        } catch (IOException e) {
            // It ended.
        }
    }

    /** {@return the private key with which one gets in} */
    Path key() {
        return directory.resolve("id");
    }

    String destination() {
        return USER + "@127.0.0.1:" + port;
    }

    SshConnection connect() throws InterruptedException {
        return SshConnection.open(
                destination(),
                SshOptions.defaults()
                        .withoutConfig()
                        .withoutAgent()
                        .withKey(directory.resolve("id"))
                        .withHostKeys(HostKeys.acceptNew(directory.resolve("known_hosts"))));
    }

    /** {@return a line that runs a command with OpenSSH's client over a connection that is kept for a minute} */
    List<String> client(int connection, String... command) {
        List<String> line = new ArrayList<>(List.of("ssh", "-F", "none", "-p", Integer.toString(port)));
        line.addAll(List.of("-i", directory.resolve("id").toString(), "-o", "BatchMode=yes"));
        line.addAll(List.of("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"));
        line.addAll(List.of("-o", "LogLevel=ERROR", "-o", "ControlMaster=auto", "-o", "ControlPersist=60"));
        line.addAll(List.of("-S", directory.resolve("c" + connection).toString(), USER + "@127.0.0.1"));
        line.addAll(List.of(command));
        return line;
    }

    static void run(List<String> line) throws IOException, InterruptedException {
        int code = new ProcessBuilder(line)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start()
                .waitFor();
        if (code != 0) {
            throw new IOException(line.get(0) + " ended with " + code);
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        server.descendants().forEach(ProcessHandle::destroyForcibly);
        server.destroyForcibly().waitFor();
        // The clients' sockets go when their connections do, at any moment.
        run(List.of("rm", "-rf", directory.toString()));
    }
}
