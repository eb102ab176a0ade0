package org.atex.libvirt;

import java.nio.file.Path;
import org.atex.api.Connection;
import org.atex.ssh.SshOptions;

/**
 * Connects to virtual machines.
 *
 * <p>Thread safety: a provisioner calls it in several threads at once.
 */
@FunctionalInterface
public interface GuestConnector {
    /**
     * Connects to a virtual machine that may not have booted yet. The call may fail while it boots; it is repeated until
     * the time limit of the start.
     *
     * @param guest the virtual machine
     * @return a connection
     * @throws InterruptedException if interrupted
     * @throws Exception if it does not answer yet
     */
    Connection connect(Guest guest) throws Exception;

    /** {@return whether virtual machines need the virtio-serial port {@code org.atex.0}; false by default} */
    default boolean usesSerialPort() {
        return false;
    }

    /**
     * {@return a connector over the virtio-serial port {@code org.atex.0}} It needs no network, so that a test cannot cut
     * it with the network, the firewall or the ssh server of the system. In the virtual machine, {@code atex-serial
     * serve} must run: {@link #serialScript} installs it in an image. The host can be any machine.
     *
     * @param options the options, with the key and the user; {@code atex-serial fingerprint} prints the fingerprint for
     *     {@code HostKeys.pinned}
     */
    static GuestConnector serial(SshOptions options) {
        return new SerialConnector(options);
    }

    /**
     * {@return a connector over the virtio-serial port for images without {@code atex-serial}} It connects to a new virtual
     * machine with another connector, installs the script there, and then connects through the port. Systems that continue
     * from a frozen state, which have the script already, are connected to through the port at once.
     *
     * @param options the options, with the key and the user. The host key is the one that the installation reports
     * @param publicKey the file with the public key, which is read at each installation
     * @param first a connector with connections of root, such as {@link #ssh(SshOptions)}. OpenSSH's server must be
     *     installed, and systemd or an {@code /etc/inittab}
     */
    static GuestConnector serial(SshOptions options, Path publicKey, GuestConnector first) {
        return new SerialInstaller(options, publicKey, first);
    }

    /**
     * {@return a connector over ssh for a host that is this machine} For another host, the start of a virtual machine fails:
     * its address would lead to this machine.
     *
     * @param options the options, with the key and the user; host keys should be {@code HostKeys.acceptAny()}, since
     *     each new system may have new ones
     */
    static GuestConnector ssh(SshOptions options) {
        return new SshConnector(options, true);
    }

    /**
     * {@return a connector over ssh for a host that is another machine}
     *
     * @param jumpHosts the hosts through which to connect, as in {@link SshOptions#withJumpHosts(String)}; the last one is
     *     the host of the virtual machines
     * @param jumpOptions the options for the jump hosts, whose host keys must be checked
     * @param options the options for the virtual machines, with the key and the user; host keys should be {@code
     *     HostKeys.acceptAny()}, since each new system may have new ones
     */
    static GuestConnector ssh(String jumpHosts, SshOptions jumpOptions, SshOptions options) {
        return new SshConnector(options.withJumpHosts(jumpHosts, jumpOptions), false);
    }

    /**
     * {@return the script {@code atex-serial} for {@code sh}, which serves ssh on the serial port} {@code atex-serial
     * install KEYS [ROOT]} installs it with the public keys of a file, {@code atex-serial fingerprint [ROOT]} prints the
     * fingerprint of its host key.
     */
    static String serialScript() {
        return SerialPort.script();
    }
}
