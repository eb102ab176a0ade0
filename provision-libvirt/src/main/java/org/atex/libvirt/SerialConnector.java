package org.atex.libvirt;

import java.time.Duration;
import org.atex.api.Connection;
import org.atex.ssh.Host;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshOptions;

/** Connects through the virtio-serial port of a virtual machine. Thread-safe. */
final class SerialConnector implements GuestConnector {
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(5);

    private final SshOptions options;

    SerialConnector(SshOptions options) {
        this.options = options;
    }

    @Override
    public boolean usesSerialPort() {
        return true;
    }

    @Override
    public Connection connect(Guest guest) throws InterruptedException {
        if (guest.serialPort().isEmpty()) {
            throw new IllegalStateException("the virtual machine " + guest.name() + " has no serial port "
                    + SerialPort.NAME + ": a connector that uses another one must return true from usesSerialPort");
        }
        // Less than the attempt, so that the reason becomes known.
        Duration half = guest.attempt().dividedBy(2);
        Duration within = half.compareTo(ANSWER_WITHIN) < 0 ? half : ANSWER_WITHIN;
        return SshConnection.open(
                Host.of(guest.name()),
                options.withCarrier(() -> SerialPort.open(guest.host(), guest.serialPort(), within))
                        .withConnectWithin(guest.attempt()));
    }
}
