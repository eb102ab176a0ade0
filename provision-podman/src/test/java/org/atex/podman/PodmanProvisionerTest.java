package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.atex.api.Command;
import org.atex.api.Input;
import org.atex.api.Offer;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.api.RunningCommand;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.support.LeaseEnd;
import org.atex.support.ProcessIdentity;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Properties of provisioned containers, and error messages. */
@Timeout(300)
@ExtendWith(LeakCheck.class)
class PodmanProvisionerTest {
    private static final Duration LONG = Duration.ofMinutes(2);

    @RegisterExtension
    final Lab lab = new Lab();

    @AfterEach
    void containersAreRemoved() throws Exception {
        PodmanCli.assertNoContainersLeft();
    }

    private static PodmanProvisioner.Builder builder() {
        return PodmanProvisioner.builder(LabImage.PLAIN.reference())
                .pull(PullPolicy.NEVER)
                .runOptions("--network=none");
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
    void containersHaveTheOptionsOfTheBuilder() throws Exception {
        try (PodmanProvisioner provisioner = builder()
                .runOptions("--hostname=here", "--env=A=1")
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
    void missingImageIsReportedWithRemedy() throws Exception {
        assertThat(failure(PodmanProvisioner.builder("localhost/no-such-image").pull(PullPolicy.NEVER)))
                .hasMessageContaining("localhost/no-such-image")
                .hasMessageContaining("image not known")
                .hasMessageContaining("build or pull it first");
    }

    @Test
    void unknownRunOptionIsReported() throws Exception {
        assertThat(failure(builder().runOptions("--no-such-option")))
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
    void runOptionThatPreventsRemovalIsRefused(String option) {
        assertThatThrownBy(() -> builder().runOptions("--memory=1g", option))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(option, "leave it out");
    }

    @Test
    void containerThatEndsAtOnceIsReportedAndRemoved() throws Exception {
        assertThat(failure(builder().command("sh", "-c", "echo words; echo errors >&2; exit 3")))
                .hasMessageContainingAll("exit code 3", "words", "errors", "give a command that keeps running");
    }

    // One entrypoint ends at once, one prints a reason first, and one runs the command. The first two are also
    // disabled.
    @Test
    void entrypointThatDoesNotRunTheCommandIsReported() throws Exception {
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
        try (PodmanProvisioner provisioner = builder().build()) {
            provisioner.provision(1);
            Remote system = ((Offer.Ready) provisioner.take(LONG)).remote();
            RunningCommand waits = system.connection().start(Command.of("sleep", "1000"));
            RunningCommand fed = system.connection().start(Command.of("cat").withStdin(Input.pipe()));
            PodmanCli.run("pause", system.name());
            long begun = System.nanoTime();
            system.close();
            waits.close();
            fed.close();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
        }
    }

    @Test
    void missingPodmanIsReported() {
        PodmanOptions none = PodmanOptions.defaults().withProgram("/no/such/podman");

        assertThatThrownBy(() -> builder().options(none).build())
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining("/no/such/podman")
                .hasMessageContaining("install podman");
    }

    /** As after a test that shuts its system down. Podman 4 fails in one of six of these removals. */
    @Test
    void containersThatEndDuringTheirRemovalAreRemoved() throws Exception {
        int systems = 20;
        Random random = new Random(22);
        try (PodmanProvisioner provisioner = builder().maxSystems(systems).build();
                ScheduledExecutorService ends = Executors.newSingleThreadScheduledExecutor()) {
            provisioner.provision(systems);
            for (int i = 0; i < systems; i++) {
                Remote system = ((Offer.Ready) provisioner.take(LONG)).remote();
                long process = Long.parseLong(PodmanCli.run("inspect", "--format={{.State.Pid}}", system.name()));
                ProcessHandle first = ProcessHandle.of(process).orElseThrow();
                ScheduledFuture<?> end =
                        ends.schedule(first::destroyForcibly, random.nextInt(250), TimeUnit.MILLISECONDS);
                system.close();
                end.get();
            }
            PodmanCli.assertNoContainersLeft();
        }
    }

    @Test
    void containersOfEndedProgramsAreRemoved() throws Exception {
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        ProcessIdentity current = ProcessIdentity.current();
        ProcessIdentity endedOwner = new ProcessIdentity(current.namespace(), ended.pid(), current.startMillis());
        String plain = LabImage.PLAIN.reference();
        String left =
                PodmanCli.run("run", "--detach", "--label=" + Lease.OWNER + "=" + endedOwner, plain, "sleep", "1000");
        String mine =
                PodmanCli.run("run", "--detach", "--label=" + Lease.OWNER + "=" + current, plain, "sleep", "1000");
        try {
            builder().build().close();

            assertThat(PodmanCli.run("ps", "--all", "--quiet", "--no-trunc"))
                    .contains(mine)
                    .doesNotContain(left);
        } finally {
            PodmanCli.run("rm", "--force", "--time=0", "--ignore", mine, left);
        }
    }

    @Test
    void containersWithAPastDeadlineAreRemovedWhoeverStartedThem() throws Exception {
        // Other tests on this machine may remove it first. A start of it would fail then.
        String overdue = PodmanCli.run(
                "create",
                "--label=" + Lease.OWNER + "=" + ProcessIdentity.current(),
                "--label=" + Lease.DEADLINE + "=" + LeaseEnd.in(Duration.ofSeconds(-1)),
                LabImage.PLAIN.reference(),
                "true");

        builder().build().close();

        assertThat(PodmanCli.run("ps", "--all", "--quiet", "--no-trunc")).doesNotContain(overdue);
    }

    @Test
    void containersHaveTheEndOfTheirLease() throws Exception {
        Duration lease = Duration.ofHours(3);
        try (PodmanProvisioner provisioner = builder().lease(lease).build()) {
            long before = Long.parseLong(LeaseEnd.in(lease));
            provisioner.provision(1);
            String name = provisioner.take(LONG).orThrow().name();

            String format = "--format={{index .Config.Labels \"" + Lease.DEADLINE + "\"}}";
            assertThat(Long.parseLong(PodmanCli.run("inspect", format, name)))
                    .isBetween(before, Long.parseLong(LeaseEnd.in(lease)));
        }
    }

    @Test
    void sweepRemovesTheContainersOfOneRun() throws Exception {
        try (PodmanProvisioner swept = builder().build();
                PodmanProvisioner other = builder().build()) {
            swept.provision(2);
            other.provision(1);
            Remote kept = other.take(LONG).orThrow();
            Set<String> names = Set.of(
                    swept.take(LONG).orThrow().name(),
                    swept.take(LONG).orThrow().name());

            assertThat(PodmanProvisioner.sweep(swept.run(), PodmanOptions.defaults()))
                    .containsExactlyInAnyOrderElementsOf(names);
            assertThat(PodmanProvisioner.sweep(swept.run(), PodmanOptions.defaults()))
                    .as("the second time")
                    .isEmpty();
            assertThat(kept.connection().run(Command.of("true")).succeeded()).isTrue();
        }
    }

    @Test
    void contradictoryOptionsAreRefused() {
        assertThatThrownBy(() -> builder().systemd().command("true")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder().command("true").systemd()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder().maxSystems(0)).hasMessageContaining("at least 1");
        assertThatThrownBy(() -> PodmanProvisioner.builder("--privileged"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void imageIsBuiltOnceForItsContent() throws Exception {
        PodmanImage image = PodmanImage.from(LabImage.PLAIN.reference())
                .packages("atex-lab-greeting")
                .line("RUN echo built > /built");
        StringBuffer progress = new StringBuffer();
        String name = image.build(progress::append);
        try {
            assertThat(progress.toString()).contains("atex-lab-greeting");
            assertThat(image.build(line -> progress.setLength(0))).isEqualTo(name);
            assertThat(progress.toString()).as("the image is not built again").isNotEmpty();
            assertThat(PodmanCli.run("run", "--rm", name, "sh", "-c", "atex-lab-hello; cat /built"))
                    .isEqualTo("atex-lab-hello 1.0\nbuilt");
        } finally {
            PodmanImage.remove(name);
        }
        assertThat(PodmanCli.run("images", "--format={{.Repository}}:{{.Tag}}")).doesNotContain(name);
    }

    @Test
    void packagesAreInstalledWithDnf() throws Exception {
        String name = PodmanImage.from(LabImage.DNF.reference())
                .packages("atex-lab-greeting")
                .build();
        try {
            assertThat(PodmanCli.run("run", "--rm", name, "atex-lab-hello")).isEqualTo("atex-lab-hello 1.0");
        } finally {
            PodmanImage.remove(name);
        }
    }

    @Test
    void unknownPackageIsReported() {
        assertThatThrownBy(() -> PodmanImage.from(LabImage.PLAIN.reference())
                        .packages("no-such-package")
                        .build())
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining("no-such-package");
    }
}
