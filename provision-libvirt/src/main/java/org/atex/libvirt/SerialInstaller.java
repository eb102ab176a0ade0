package org.atex.libvirt;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.Input;
import org.atex.ssh.HostKeys;
import org.atex.ssh.SshOptions;
import org.atex.ssh.SshRefusedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Installs {@code atex-serial} through another connection, and connects through the virtio-serial port. Thread-safe. */
final class SerialInstaller implements GuestConnector {
    private static final Logger LOG = LoggerFactory.getLogger(SerialInstaller.class);

    private static final String INSTALL = """
        script=$(mktemp) && keys=$(mktemp) || exit
        trap 'rm -f "$script" "$keys"' EXIT
        cat >"$script" && echo "$1" >"$keys" && sh "$script" install "$keys" >&2 && sh "$script" fingerprint
        """;

    private final SshOptions options;
    private final Path publicKey;
    private final GuestConnector first;

    private volatile @Nullable Installation last;

    /**
     * An installation.
     *
     * @param guest the name of the virtual machine
     * @param fingerprint that of the host key, which all systems that continue from one state have
     */
    private record Installation(String guest, String fingerprint) {}

    SerialInstaller(SshOptions options, Path publicKey, GuestConnector first) {
        this.options = options;
        this.publicKey = publicKey;
        this.first = first;
    }

    @Override
    public boolean usesSerialPort() {
        return true;
    }

    @Override
    public Connection connect(Guest guest) throws Exception {
        Installation known = last;
        if (known != null && (guest.forked() || guest.name().equals(known.guest()))) {
            try {
                return connect(guest, known.fingerprint());
            } catch (SshRefusedException e) {
                LOG.debug("atex-serial is installed anew in {}: {}", guest.name(), e.getMessage());
            }
        }
        try (Connection connection = first.connect(guest)) {
            known = new Installation(guest.name(), install(connection, guest));
        }
        last = known;
        return connect(guest, known.fingerprint());
    }

    private Connection connect(Guest guest, String key) throws InterruptedException {
        return new SerialConnector(options.withHostKeys(HostKeys.pinned(key))).connect(guest);
    }

    private String install(Connection connection, Guest guest) throws InterruptedException {
        CommandResult result = connection.run(Command.bash(INSTALL, keys()).withStdin(Input.text(SerialPort.script())));
        if (!result.succeeded()) {
            throw new IllegalStateException("could not install atex-serial in the virtual machine " + guest.name()
                    + " (" + result.end() + "): " + result.stderr().strip());
        }
        return result.stdout().strip();
    }

    private String keys() {
        try {
            return Files.readString(publicKey).strip();
        } catch (IOException e) {
            throw new IllegalStateException("could not read the public key for the serial port: " + e, e);
        }
    }
}
