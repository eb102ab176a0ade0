package org.atex.libvirt;

import java.time.Duration;
import org.atex.api.Connection;

/**
 * A virtual machine that a {@link GuestConnector} connects to.
 *
 * @param host the connection to the host
 * @param name the name of the domain in libvirt
 * @param address the address, as seen from the host, at which the virtual machine is reached: {@code 127.0.0.1}
 * @param port the port of the host that leads to the ssh port of the virtual machine; 0 without a network
 * @param serialPort where the host has the serial port of the virtual machine: the path of a Unix socket, or a port of the
 *     loopback address; empty if {@link GuestConnector#usesSerialPort} is false
 * @param forked whether it continues from a frozen state, in which a connection of the same connector was open
 * @param within the time that is left for connecting
 */
public record Guest(
        Connection host, String name, String address, int port, String serialPort, boolean forked, Duration within) {
    /** An attempt that was made before the server listens may wait for long without an answer. */
    private static final Duration LONGEST_ATTEMPT = Duration.ofSeconds(10);

    /** {@return the time limit for one attempt to connect} */
    Duration attempt() {
        Duration shorter = within.compareTo(LONGEST_ATTEMPT) < 0 ? within : LONGEST_ATTEMPT;
        return shorter.isPositive() ? shorter : Duration.ofMillis(1);
    }
}
