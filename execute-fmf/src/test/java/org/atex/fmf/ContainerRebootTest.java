package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.atex.api.Offer;
import org.atex.api.Remote;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.podman.PodmanProvisioner;
import org.atex.podman.PullPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A test that reboots its container, over a connection without ssh. */
@Timeout(300)
class ContainerRebootTest {
    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    @Test
    void aTestContinuesAfterAReboot() throws Exception {
        try (PodmanProvisioner containers = PodmanProvisioner.builder(LabImage.SYSTEMD.reference())
                .pull(PullPolicy.NEVER)
                .systemd()
                .build()) {
            containers.provision(1);
            try (Remote system = ((Offer.Ready) containers.take(Duration.ofSeconds(60))).remote()) {
                Ran ran = new Suite(directory).run(system.connection(), """
                        echo "start $TMT_REBOOT_COUNT"
                        if ((TMT_REBOOT_COUNT < 2)); then
                            tmt-report-result "before-$TMT_REBOOT_COUNT" PASS
                            tmt-reboot
                            echo not reached
                        fi
                        """);
                assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
                assertThat(ran.output())
                        .contains("start 0\n", "start 1\n", "start 2\n")
                        .doesNotContain("not reached");
                assertThat(ran.results()).containsExactly("pass before-0 null", "pass before-1 null", "pass null null");
            }
        }
    }
}
