package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.ConnectionLostException;
import org.atex.api.Remote;
import org.atex.lab.Libvirt;
import org.atex.ssh.HostKeys;
import org.atex.ssh.SshOptions;

/** Options for the guest of the lab. */
final class Guests {
    /** Longer than the limit of a start, so that a system that does not come is reported by its provisioner, with the reason. */
    static final Duration LONG = Duration.ofMinutes(25);

    private Guests() {}

    static GuestTemplate options(Libvirt lab) {
        return options(lab.uri(), lab.systems(), lab.disk());
    }

    /** The files of the guest are in one directory. */
    static GuestTemplate options(String uri, Path systems, Path disk) {
        return GuestTemplate.image(disk.toString())
                .withKernel(
                        disk.resolveSibling("vmlinuz").toString(),
                        disk.resolveSibling("initrd").toString(),
                        Libvirt.COMMAND_LINE)
                .withUri(uri)
                .withDirectory(systems.toString())
                .withMemory(128)
                .withNetwork(GuestNetwork.ISOLATED)
                .withConnector(GuestConnector.ssh(ssh(disk.resolveSibling("id"))));
    }

    /** Debian with systemd. */
    static GuestTemplate debian(Libvirt lab) {
        return options(lab.uri(), lab.systems(), lab.debianDisk()).withMemory(384);
    }

    /** Without a network: the connection goes through the serial port. */
    static GuestTemplate serial(Libvirt lab) throws IOException {
        SshOptions options = ssh(lab.key()).withHostKeys(HostKeys.pinned(lab.serialFingerprint()));
        return options(lab).withNetwork(GuestNetwork.NONE).withConnector(GuestConnector.serial(options));
    }

    /** Through the serial port of Debian, which has no program for it. */
    static GuestConnector installed(Libvirt lab) {
        SshOptions options = ssh(lab.key());
        Path publicKey = lab.key().resolveSibling("id.pub");
        return GuestConnector.serial(options, publicKey, GuestConnector.ssh(options));
    }

    static SshOptions ssh(Path key) {
        return SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withUser("root")
                .withKey(key)
                .withHostKeys(HostKeys.acceptAny());
    }

    static Remote ready(LibvirtProvisioner provisioner) throws Exception {
        provisioner.provision(1);
        return provisioner.take(LONG).orThrow();
    }

    static String run(Remote system, String script) throws Exception {
        return system.connection().run(Command.bash(script)).orThrow().stdout().strip();
    }

    static String failure(Remote system) {
        try {
            system.connection().run(Command.of("true"));
            return "";
        } catch (ConnectionLostException e) {
            return String.valueOf(e.getMessage());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Fails if a virtual machine or a file of one is left. */
    static void assertNothingLeft(Libvirt lab) throws Exception {
        assertThat(lab.virsh("list", "--all", "--name")).as("domains").isBlank();
        assertThat(lab.processes()).as("processes").isEmpty();
        assertThat(files(lab.systems())).as("files").isEmpty();
    }

    static List<String> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(Path::toString).toList();
        }
    }
}
