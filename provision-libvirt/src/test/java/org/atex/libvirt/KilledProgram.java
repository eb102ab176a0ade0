package org.atex.libvirt;

import java.nio.file.Path;
import org.atex.api.Remote;
import org.atex.local.LocalConnection;

/** A program that is killed while it uses virtual machines. It prints a line when it has reached a certain point. */
final class KilledProgram {
    private KilledProgram() {}

    public static void main(String[] arguments) throws Exception {
        GuestTemplate options = Guests.options(arguments[0], Path.of(arguments[1]), Path.of(arguments[2]));
        LibvirtProvisioner provisioner =
                LibvirtProvisioner.builder(LocalConnection.open(), options).build();
        provisioner.provision(1);
        System.out.println("started");
        Remote system = provisioner.take(Guests.LONG).orThrow();
        System.out.println("ready");
        while (system.reset()) {
            System.out.println("reset");
        }
    }
}
