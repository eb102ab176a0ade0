package org.atex.testingfarm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.atex.api.Provisioner;
import org.atex.lab.OpenSsh;
import org.atex.ssh.Host;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.ProvisionerContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs the provisioner contract against the fake Testing Farm, with a real sshd as the guest. */
@ExtendWith(LeakCheck.class)
class TestingFarmProvisionerContractTest extends ProvisionerContract {
    @TempDir
    private static Path directory;

    private static OpenSsh server;

    private FakeTestingFarm farm;
    private TestingFarmApi api;

    /** Runs after the contract has closed its provisioner and before the leak check. */
    @RegisterExtension
    private final AfterEachCallback closing = context -> {
        api.close();
        farm.close();
    };

    @BeforeAll
    static void start() throws Exception {
        server = OpenSsh.start(Files.createDirectory(directory.resolve("sshd")));
        OpenSsh.key(directory.resolve("id"), "");
        server.authorize(Files.readString(directory.resolve("id.pub")).strip());
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Override
    protected Provisioner open() throws IOException {
        if (farm == null) {
            farm = FakeTestingFarm.open();
            api = farm.api().build();
        }
        return TestingFarmProvisioner.builder(
                        api, Reservation.builder("Fedora-41").build())
                .maxSystems(3)
                .key(directory.resolve("id"))
                .sourceCidrs("192.0.2.1/32")
                .pollEvery(Duration.ofMillis(10))
                .hosts(host ->
                        Host.of(host.user() + "@127.0.0.1:" + server.address().getPort()))
                .build();
    }

    @Override
    protected int maxSystems() {
        return 3;
    }
}
