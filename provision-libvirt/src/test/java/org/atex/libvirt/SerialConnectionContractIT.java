package org.atex.libvirt;

import java.util.concurrent.atomic.AtomicReference;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Remote;
import org.atex.lab.Libvirt;
import org.atex.local.LocalConnection;
import org.atex.testkit.ConnectionContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The connection contract through the serial port of a virtual machine. An emulated processor needs several minutes for
 * it: the build does not run it, {@code -Dtest=SerialConnectionContractIT} does.
 *
 * <p>Without the leak check: the provisioner, which all rules share, reads the console with changing threads.
 */
@Timeout(300)
class SerialConnectionContractIT extends ConnectionContract {
    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    private static final LocalConnection HOST = LocalConnection.open();
    private static final AtomicReference<Guest> GUEST = new AtomicReference<>();

    private static LibvirtProvisioner provisioner;
    private static Remote system;
    private static GuestConnector serial;
    private static int directories;

    private boolean isInUse;
    private String directory;

    /** Boots with the ssh port, and remembers the serial port. */
    private static final class Remembering implements GuestConnector {
        @Override
        public boolean usesSerialPort() {
            return true;
        }

        @Override
        public Connection connect(Guest guest) throws Exception {
            GUEST.set(guest);
            return GuestConnector.ssh(Guests.ssh(LAB.key())).connect(guest);
        }
    }

    @BeforeAll
    static void boot() throws Exception {
        serial = Guests.installed(LAB);
        GuestTemplate template = Guests.debian(LAB).withConnector(new Remembering());
        provisioner = LibvirtProvisioner.builder(HOST, template).build();
        system = Guests.ready(provisioner);
    }

    @AfterAll
    static void nothingIsLeft() throws Exception {
        if (system != null) {
            system.close();
        }
        if (provisioner != null) {
            provisioner.close();
        }
        HOST.close();
        Guests.assertNothingLeft(LAB);
    }

    /** The port serves one connection, so that a second one at the same time takes the network. */
    @Override
    protected Connection connect() throws Exception {
        if (isInUse) {
            return GuestConnector.ssh(Guests.ssh(LAB.key())).connect(GUEST.get());
        }
        isInUse = true;
        return serial.connect(GUEST.get());
    }

    @Override
    protected String there() throws Exception {
        if (directory == null) {
            directory = "/var/tmp/contract-" + ++directories;
            system.connection().run(Command.of("mkdir", directory)).orThrow();
        }
        return directory;
    }

    @AfterEach
    void removeDirectory() throws Exception {
        if (directory != null) {
            system.connection().run(Command.of("rm", "-rf", directory)).orThrow();
        }
    }

    /** An emulated processor starts each command in dozens of milliseconds. */
    @Override
    protected int manyCommands() {
        return 64;
    }

    @Override
    protected boolean canBeLost() {
        return true;
    }

    @Override
    protected void lose(Connection broken) throws Exception {
        system.connection().run(Command.bash("kill -KILL $(pidof atex-server)")).orThrow();
    }
}
