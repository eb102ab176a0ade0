package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.atex.lab.OpenSsh;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** OpenSSH's client reaches the system of a connection with the command that the connection names. */
@Timeout(180)
class LoginCommandTest {
    @TempDir
    private Path directory;

    private OpenSsh server;
    private SshOptions options;

    @BeforeEach
    void serve() throws Exception {
        server = OpenSsh.start(directory);
        options = SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withKey(directory.resolve("id"))
                .withHostKeys(HostKeys.knownHosts(directory.resolve("known_hosts")));
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    private static void assertReaches(String destination, SshOptions options) throws Exception {
        try (SshConnection connection = SshConnection.open(destination, options)) {
            List<String> line = new ArrayList<>(connection.loginCommand());
            line.addAll(1, List.of("-o", "BatchMode=yes"));
            line.add("echo reached");
            Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes());
            assertThat(process.waitFor()).as("%s: %s", line, output).isZero();
            assertThat(output).contains("reached");
        }
    }

    @Test
    void reachesTheHost() throws Exception {
        assertReaches(server.destination(), options);
        assertReaches(server.destination(), options.withHostKeys(HostKeys.acceptAny()));
        assertReaches(server.destination(), options.withHostKeys(HostKeys.acceptNew(directory.resolve("new hosts"))));
    }

    @Test
    void reachesTheHostThroughAProxy() throws Exception {
        assertReaches(
                server.destination(),
                options.withProxyCommand("/usr/sbin/sshd -i -f /dev/null -o HostKey="
                        + directory.resolve("host") + " -o AuthorizedKeysFile=" + directory.resolve("authorized_keys")
                        + " -o StrictModes=no # 100%"));
    }

    @Test
    void readsTheSameConfiguration() throws Exception {
        Path config = Files.writeString(
                directory.resolve("config"),
                "Host box\n HostName 127.0.0.1\n Port " + server.port() + "\n IdentityFile " + directory.resolve("id")
                        + "\n UserKnownHostsFile " + directory.resolve("known_hosts") + "\n");
        assertReaches("box", SshOptions.defaults().withoutAgent().withConfig(config));
    }
}
