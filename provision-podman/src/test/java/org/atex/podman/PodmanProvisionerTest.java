package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.atex.api.Command;
import org.atex.api.Input;
import org.atex.api.Offer;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.api.RunningCommand;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What containers are like, and what is told when there are none. */
@Timeout(120)
@ExtendWith(LeakCheck.class)
class PodmanProvisionerTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    @RegisterExtension
    final Lab lab = new Lab();

    @AfterEach
    void nothingIsLeft() throws Exception {
        Podmans.assertNothingOfOursIsLeft();
    }

    private static PodmanProvisioner.Builder plain() {
        return PodmanProvisioner.builder(LabImage.PLAIN.reference()).pull(PullPolicy.NEVER);
    }

    private static ProvisioningException failure(PodmanProvisioner.Builder builder) throws Exception {
        try (PodmanProvisioner provisioner = builder.build()) {
            provisioner.provision(1);
            Offer offer = provisioner.take(LONG);
            assertThat(offer).isInstanceOf(Offer.Failed.class);
            return ((Offer.Failed) offer).cause();
        }
    }

    @Test
    void containersAreAsTheBuilderSays() throws Exception {
        try (PodmanProvisioner provisioner = plain().runOptions("--hostname=here", "--env=A=1")
                .label("role", "server")
                .options(PodmanOptions.defaults().withUser("nobody"))
                .build()) {
            provisioner.provision(1);
            try (Remote system = ((Offer.Ready) provisioner.take(LONG)).remote()) {
                assertThat(system.name()).startsWith("atex-atex-lab-plain-");
                assertThat(system.labels()).containsEntry("role", "server").containsEntry("distro", "debian-12");
                assertThat(system.connection()
                                .run(Command.bash("echo $(hostname) $A $(id -un)"))
                                .stdout())
                        .isEqualTo("here 1 nobody\n");
            }
        }
    }

    @Test
    void missingImageIsToldWithTheWayOut() throws Exception {
        assertThat(failure(PodmanProvisioner.builder("localhost/no-such-image").pull(PullPolicy.NEVER)))
                .hasMessageContaining("localhost/no-such-image")
                .hasMessageContaining("image not known")
                .hasMessageContaining("build or pull it first");
    }

    @Test
    void unknownRunOptionIsTold() throws Exception {
        assertThat(failure(plain().runOptions("--no-such-option")))
                .hasMessageContaining("--no-such-option")
                .hasMessageContaining("run options");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--name=mine",
                "--name",
                "--replace",
                "--rm",
                "-d",
                "-itd",
                "--detach=false",
                "--cidfile=/tmp/x",
                "--pidfile",
                "--pod=new:mine",
                "--"
            })
    void runOptionByWhichAContainerCouldBeLostIsRefused(String option) {
        assertThatThrownBy(() -> plain().runOptions("--memory=1g", option))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(option, "leave it out");
    }

    @Test
    void containerThatEndsAtOnceIsToldAndRemoved() throws Exception {
        assertThat(failure(plain().command("sh", "-c", "echo words; echo errors >&2; exit 3")))
                .hasMessageContainingAll("exit code 3", "words", "errors", "give a command that goes on running");
    }

    /** One ends at once, one says why, one works, and one is left out. */
    @Test
    void entrypointThatDoesNotRunTheCommandIsTold() throws Exception {
        Map<String, String> entrypoints = Map.of(
                "[\"echo\", \"usage: none\"]", "exit code 0",
                "[\"sh\", \"-c\", \"echo no such configuration >&2; exit 5\"]", "no such configuration",
                "[\"sh\", \"-c\", \"exec \\\"$@\\\"\", \"sh\"]", "");
        for (var entrypoint : entrypoints.entrySet()) {
            PodmanImage image = PodmanImage.from(LabImage.PLAIN.reference()).line("ENTRYPOINT " + entrypoint.getKey());
            String name = image.build();
            try {
                PodmanProvisioner.Builder builder =
                        PodmanProvisioner.builder(name).pull(PullPolicy.NEVER);
                if (!entrypoint.getValue().isEmpty()) {
                    assertThat(failure(builder))
                            .hasMessageContainingAll(entrypoint.getValue(), "entrypoint", "--entrypoint=");
                    builder.runOptions("--entrypoint=");
                }
                try (PodmanProvisioner provisioner = builder.build()) {
                    provisioner.provision(1);
                    assertThat(provisioner.take(LONG)).isInstanceOf(Offer.Ready.class);
                }
            } finally {
                PodmanImage.remove(name);
            }
        }
    }

    @Test
    void pausedContainerIsRemoved() throws Exception {
        try (PodmanProvisioner provisioner = plain().build()) {
            provisioner.provision(1);
            Remote system = ((Offer.Ready) provisioner.take(LONG)).remote();
            RunningCommand waits = system.connection().start(Command.of("sleep", "1000"));
            RunningCommand fed = system.connection().start(Command.of("cat").withStdin(Input.pipe()));
            Podmans.run("pause", system.name());
            long begun = System.nanoTime();
            system.close();
            waits.close();
            fed.close();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
        }
    }

    @Test
    void missingPodmanIsTold() {
        PodmanOptions none = PodmanOptions.defaults().withProgram("/no/such/podman");

        assertThatThrownBy(() -> plain().options(none).build())
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining("/no/such/podman")
                .hasMessageContaining("install podman");
    }

    @Test
    void whatAKilledProgramLeftIsSweptAway() throws Exception {
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();
        Owner me = Owner.me();
        Owner dead = new Owner(me.namespace(), gone.pid(), me.began());
        String plain = LabImage.PLAIN.reference();
        String left = Podmans.run("run", "--detach", "--label=" + Owner.LABEL + "=" + dead, plain, "sleep", "1000");
        String mine = Podmans.run("run", "--detach", "--label=" + Owner.LABEL + "=" + me, plain, "sleep", "1000");
        try {
            plain().build().close();

            assertThat(Podmans.run("ps", "--all", "--quiet", "--no-trunc"))
                    .contains(mine)
                    .doesNotContain(left);
        } finally {
            Podmans.run("rm", "--force", "--time=0", "--ignore", mine, left);
        }
    }

    @Test
    void contradictionsAreRefused() {
        assertThatThrownBy(() -> plain().systemd().command("true")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> plain().command("true").systemd()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> plain().maxSystems(0)).hasMessageContaining("at least 1");
        assertThatThrownBy(() -> PodmanProvisioner.builder("--privileged"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void imagesAreBuiltOnceForTheirContent() throws Exception {
        PodmanImage image = PodmanImage.from(LabImage.PLAIN.reference())
                .packages("atex-lab-greeting")
                .line("RUN echo built > /built");
        StringBuffer progress = new StringBuffer();
        String name = image.build(progress::append);
        try {
            assertThat(progress.toString()).contains("atex-lab-greeting");
            assertThat(image.build(line -> progress.setLength(0))).isEqualTo(name);
            assertThat(progress.toString()).as("nothing was built again").isNotEmpty();
            assertThat(Podmans.run("run", "--rm", name, "sh", "-c", "atex-lab-hello; cat /built"))
                    .isEqualTo("atex-lab-hello 1.0\nbuilt");
        } finally {
            PodmanImage.remove(name);
        }
        assertThat(Podmans.run("images", "--format={{.Repository}}:{{.Tag}}")).doesNotContain(name);
    }

    @Test
    void imagesOfDnfGetTheirPackages() throws Exception {
        String name = PodmanImage.from(LabImage.DNF.reference())
                .packages("atex-lab-greeting")
                .build();
        try {
            assertThat(Podmans.run("run", "--rm", name, "atex-lab-hello")).isEqualTo("atex-lab-hello 1.0");
        } finally {
            PodmanImage.remove(name);
        }
    }

    @Test
    void packageThatIsNotThereIsTold() {
        assertThatThrownBy(() -> PodmanImage.from(LabImage.PLAIN.reference())
                        .packages("no-such-package")
                        .build())
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining("no-such-package");
    }
}
