package org.atex.testingfarm;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.atex.api.Connection;
import org.atex.lab.OpenSsh;
import org.atex.ssh.Forwarding;
import org.atex.ssh.HostKeys;
import org.atex.ssh.PortForwarding;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshOptions;
import org.atex.testkit.ConnectionContract;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Runs the connection contract with the wrapper around the ssh connection. */
@ExtendWith(LeakCheck.class)
class GuestConnectionContractTest extends ConnectionContract {
    @TempDir
    private static Path directory;

    private static OpenSsh server;

    @TempDir
    private Path there;

    @BeforeAll
    static void start() throws Exception {
        server = OpenSsh.start(Files.createDirectory(directory.resolve("sshd")));
        OpenSsh.key(directory.resolve("id"), "");
        server.authorize(Files.readString(directory.resolve("id.pub")).strip());
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Override
    protected Connection connect() throws Exception {
        SshOptions options = RunKey.fromFile(
                        directory.resolve("id"),
                        SshOptions.defaults().withoutConfig().withoutAgent())
                .options()
                .withHostKeys(HostKeys.acceptNew(directory.resolve("known")));
        String address = "127.0.0.1:" + server.address().getPort();
        return new GuestConnection(SshConnection.open(address, options), () -> null, () -> null);
    }

    @Test
    void portsAreForwardedInBothDirections() throws Exception {
        try (PortForwarding connection = (PortForwarding) connect();
                ServerSocket service = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                Forwarding local = connection.forwardLocal(0, "127.0.0.1", service.getLocalPort());
                Forwarding remote = connection.forwardRemote(
                        0, new InetSocketAddress(InetAddress.getLoopbackAddress(), service.getLocalPort()))) {
            for (Forwarding forwarding : List.of(local, remote)) {
                try (Socket client = new Socket(InetAddress.getLoopbackAddress(), forwarding.port());
                        Socket accepted = service.accept()) {
                    client.getOutputStream().write(42);
                    assertThat(accepted.getInputStream().read()).isEqualTo(42);
                }
            }
        }
    }

    @Override
    protected String there() throws Exception {
        return Files.createDirectories(there).toRealPath().toString();
    }

    @Override
    protected boolean canBeLost() {
        return true;
    }

    @Override
    protected void lose(Connection broken) {
        server.cutConnections();
    }
}
