package org.atex.ssh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.atex.lab.LabImage;
import org.atex.lab.OpenSsh;
import org.atex.lab.PodmanSocket;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;

/** Ssh servers in a container of Testcontainers. */
final class SshContainer extends GenericContainer<SshContainer> {
    private static final int FIRST_PORT = 2200;

    private final Path directory;
    private final int servers;

    private SshContainer(LabImage image, Path directory, List<String> servers, String begin, String each)
            throws Exception {
        super(DockerImageName.parse(image.reference()));
        this.directory = directory;
        this.servers = servers.size();
        OpenSsh.key(directory.resolve("id"), "");
        String script = begin + "port=" + FIRST_PORT + "; for options in \"$@\"; do " + each
                + " & port=$((port + 1)); done; wait";
        withLabels(PodmanSocket.labels());
        withCopyToContainer(
                Transferable.of(Files.readAllBytes(directory.resolve("id.pub"))), "/root/.ssh/authorized_keys");
        withExposedPorts(
                IntStream.range(FIRST_PORT, FIRST_PORT + this.servers).boxed().toArray(Integer[]::new));
        withCreateContainerCmdModifier(create -> create.withEntrypoint("sh", "-c", script, "sh"));
        withCommand(servers.toArray(String[]::new));
        withStartupTimeout(Duration.ofSeconds(60));
    }

    /**
     * {@return running servers of OpenSSH}
     *
     * @param directory an empty directory
     * @param options options of {@code sshd}, one text for each server
     */
    static SshContainer openSsh(Path directory, String... options) throws Exception {
        String begin = "mkdir -p /run/sshd; cat /etc/ssh/*.pub >/keys; ";
        return started(new SshContainer(
                LabImage.SYSTEMD, directory, List.of(options), begin, "/usr/sbin/sshd -D -e -p $port $options"));
    }

    /**
     * {@return a running dropbear}
     *
     * @param directory an empty directory
     */
    static SshContainer dropbear(Path directory) throws Exception {
        String begin = "dropbearkey -t ed25519 -f /key | grep ^ssh- >/keys; ";
        return started(new SshContainer(
                LabImage.SERVERS, directory, List.of(""), begin, "dropbear -F -E -r /key -p $port $options"));
    }

    /**
     * {@return a running tinysshd}
     *
     * @param directory an empty directory
     */
    static SshContainer tiny(Path directory) throws Exception {
        String begin = "tinysshd-makekey /key; tinysshd-printkey /key >/keys; ";
        return started(new SshContainer(
                LabImage.SERVERS, directory, List.of(""), begin, "tcpserver -HRDl0 0 $port tinysshd $options /key"));
    }

    private static SshContainer started(SshContainer container) throws Exception {
        container.start();
        String keys = container.execInContainer("cat", "/keys").getStdout();
        Files.writeString(
                container.directory.resolve("known_hosts"),
                IntStream.range(0, container.servers)
                        .boxed()
                        .flatMap(i ->
                                keys.lines().map(key -> "[" + container.place(i).replace(":", "]:") + " " + key))
                        .collect(Collectors.joining("\n", "", "\n")));
        return container;
    }

    /**
     * {@return the host and port of a server}
     *
     * @param server the number of the server, from 0
     */
    String place(int server) {
        return getHost() + ":" + getMappedPort(FIRST_PORT + server);
    }

    /**
     * {@return a connection to a server}
     *
     * @param server the number of the server, from 0
     */
    SshConnection connect(int server) throws InterruptedException {
        return connect(server, options());
    }

    SshConnection connect(int server, SshOptions options) throws InterruptedException {
        return SshConnection.open("root@" + place(server), options);
    }

    /** {@return options with which the login succeeds} */
    SshOptions options() {
        return SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withConnectWithin(Duration.ofMinutes(2))
                .withKey(directory.resolve("id"))
                .withHostKeys(HostKeys.knownHosts(directory.resolve("known_hosts")));
    }

    /** {@return the output of a command that is run in the container} */
    String said(String... command) throws IOException, InterruptedException {
        return execInContainer(command).getStdout().strip();
    }
}
