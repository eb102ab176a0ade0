package org.atex.libvirt;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.ssh.HostKeys;
import org.atex.ssh.SshOptions;
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

    /** The fingerprint of the last installation: that of all systems that continue from one state. */
    private volatile String fingerprint = "";

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
        String last = fingerprint;
        if (!last.isEmpty()) {
            try {
                return connect(guest, last);
            } catch (ConnectionLostException e) {
                LOG.debug("the serial port of {} is not served yet: {}", guest.name(), e.getMessage());
            }
        }
        String installed;
        try (Connection connection = first.connect(guest)) {
            installed = install(connection, guest);
        }
        fingerprint = installed;
        return connect(guest, installed);
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
