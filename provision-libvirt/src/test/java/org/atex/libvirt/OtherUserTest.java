package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Remote;
import org.atex.api.RunningCommand;
import org.atex.lab.Libvirt;
import org.atex.local.LocalConnection;
import org.atex.testkit.Call;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A user of the host without privileges, who may use the libvirt of the system, as members of the group libvirt. */
@Timeout(300)
class OtherUserTest {
    @RegisterExtension
    static final Libvirt LAB = Libvirt.ofDistribution();

    private static final String USER = "atex-lab";
    private static final List<String> FILES = List.of("disk.qcow2", "vmlinuz", "initrd");

    /** Not in a directory of this JVM, whose parents other users may not be able to enter. */
    private Path directory;

    private final LocalConnection root = LocalConnection.open();
    private final Connection host = new AsUser(root);

    @BeforeEach
    void copyGuest() throws Exception {
        directory = Files.createTempDirectory(Path.of("/tmp"), "atex-other-user-");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        for (String file : FILES) {
            Path copy = Files.copy(LAB.disk().resolveSibling(file), directory.resolve(file));
            Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-r--r--"));
        }
        Files.copy(LAB.key(), directory.resolve("id"));
    }

    @AfterEach
    void deleteGuest() throws Exception {
        Guests.assertNothingLeft(LAB);
        root.run(Command.of("rm", "-rf", directory.toString())).orThrow();
        root.close();
    }

    @Test
    void systemsAreForkedAndAPanicIsNoticed() throws Exception {
        GuestTemplate template = Guests.options(
                        LAB.uri(), directory.resolve("systems"), directory.resolve("disk.qcow2"))
                .withPreparation(guest ->
                        guest.run(Command.bash("echo prepared >/etc/prepared")).orThrow());
        try (LibvirtProvisioner provisioner =
                        LibvirtProvisioner.builder(host, template).maxSystems(1).build();
                Remote system = Guests.ready(provisioner)) {
            assertThat(host.run(Command.of("id", "-un")).stdout()).isEqualTo(USER + "\n");
            assertThat(Guests.run(system, "cat /etc/prepared")).isEqualTo("prepared");
            assertThat(Guests.run(system, "touch /changed; sync")).isEmpty();
            assertThat(system.reset()).isTrue();
            assertThat(Guests.run(system, "ls /")).doesNotContain("changed");

            system.connection().start(Command.bash("echo c >/proc/sysrq-trigger"));

            Call.eventually("the panic is known", () -> Guests.failure(system).contains("Kernel panic"));
        }
    }

    /** Runs all commands as the other user. */
    private record AsUser(LocalConnection connection) implements Connection {
        @Override
        public RunningCommand start(Command command) throws InterruptedException {
            List<String> line = new ArrayList<>(List.of("runuser", "-u", USER, "--"));
            line.addAll(command.arguments());
            return connection.start(command.withArguments(line));
        }

        @Override
        public void upload(Path source, String target) throws InterruptedException {
            connection.upload(source, target);
        }

        @Override
        public void download(String source, Path target) throws InterruptedException {
            connection.download(source, target);
        }

        @Override
        public void reconnect(Duration within) throws InterruptedException {
            connection.reconnect(within);
        }

        @Override
        public boolean isThisMachine() {
            return connection.isThisMachine();
        }

        @Override
        public void close() {
            connection.close();
        }
    }
}
