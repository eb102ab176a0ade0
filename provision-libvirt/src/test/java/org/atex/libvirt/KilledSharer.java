package org.atex.libvirt;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.atex.api.Remote;
import org.atex.local.LocalConnection;

/** A program that is killed while it uses a shared domain. It prints a line when it does. */
final class KilledSharer {
    private KilledSharer() {}

    public static void main(String[] arguments) throws Exception {
        List<GuestTemplate> templates =
                SharedDomainsTest.templates(arguments[0], Path.of(arguments[1]), Path.of(arguments[2]));
        SharedDomainsProvisioner domains = SharedDomainsProvisioner.builder(
                        LocalConnection.open(), arguments[3], templates)
                .lease(Duration.ofSeconds(10))
                .build();
        domains.provision(1);
        Remote system = domains.take(Guests.LONG).orThrow();
        System.out.println("uses " + system.labels().get("domain"));
        Thread.sleep(Duration.ofMinutes(10));
    }
}
