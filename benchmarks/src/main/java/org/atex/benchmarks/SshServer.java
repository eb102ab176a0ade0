package org.atex.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.atex.lab.OpenSsh;
import org.atex.ssh.HostKeys;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshOptions;

/** A real sshd on loopback, and OpenSSH's client with one open connection for all commands, as a baseline. */
final class SshServer implements AutoCloseable {
    private final Path directory;
    private final OpenSsh server;

    SshServer() throws Exception {
        directory = Files.createTempDirectory("atex-sshd-");
        server = OpenSsh.start(directory);
    }

    /** {@return the private key for login} */
    Path key() {
        return directory.resolve("id");
    }

    String destination() {
        return server.destination();
    }

    SshConnection connect() throws InterruptedException {
        return SshConnection.open(
                destination(),
                SshOptions.defaults()
                        .withoutConfig()
                        .withoutAgent()
                        .withKey(directory.resolve("id"))
                        .withHostKeys(HostKeys.knownHosts(directory.resolve("known_hosts"))));
    }

    /**
     * {@return the command line of OpenSSH's client that runs a command over a shared connection, kept open for 60 s}
     */
    List<String> client(int connection, String... command) {
        List<String> line = new ArrayList<>(List.of("ssh", "-F", "none", "-p", Integer.toString(server.port())));
        line.addAll(List.of("-i", directory.resolve("id").toString(), "-o", "BatchMode=yes"));
        line.addAll(List.of("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"));
        line.addAll(List.of("-o", "LogLevel=ERROR", "-o", "ControlMaster=auto", "-o", "ControlPersist=60"));
        line.addAll(List.of(
                "-S", directory.resolve("c" + connection).toString(), System.getProperty("user.name") + "@127.0.0.1"));
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
        server.close();
        // The control sockets of the clients may disappear during the deletion; rm tolerates that.
        run(List.of("rm", "-rf", directory.toString()));
    }
}
