package org.atex.testingfarm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.atex.api.Command;
import org.atex.api.Offer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Runs against the real service, with the token in the environment. It reserves a machine, which costs money. */
@EnabledIfEnvironmentVariable(named = "TESTING_FARM_API_TOKEN", matches = ".+", disabledReason = "no token is set")
@Timeout(3600)
class RealServiceTest {
    @Test
    void machineIsReservedUsedAndReleased() throws Exception {
        try (TestingFarmApi api = TestingFarmApi.builder().build()) {
            Identity identity = api.whoami();
            String compose = api.composes(String.valueOf(identity.ranch())).stream()
                    .filter(known -> !known.isPattern())
                    .map(Compose::name)
                    .filter(name -> name.startsWith("CentOS-Stream-"))
                    .findFirst()
                    .orElseThrow();
            String run;
            try (TestingFarmProvisioner provisioner = TestingFarmProvisioner.builder(
                            api,
                            Reservation.builder(compose).skipGuestSetup(true).build())
                    .build()) {
                run = provisioner.run();
                provisioner.provision(1);
                Offer offer = provisioner.take(Duration.ofMinutes(50));
                assertThat(offer).isInstanceOf(Offer.Ready.class);
                assertThat(((Offer.Ready) offer)
                                .remote()
                                .connection()
                                .run(Command.of("cat", "/etc/os-release"))
                                .orThrow()
                                .stdout())
                        .contains("CentOS");
            }
            assertThat(LeftoverRequests.of(api, run).list()).isEmpty();
        }
    }
}
