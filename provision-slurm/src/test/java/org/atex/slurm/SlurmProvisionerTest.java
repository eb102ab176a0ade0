package org.atex.slurm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Offer;
import org.atex.api.Remote;
import org.atex.api.RunningCommand;
import org.atex.lab.ChildJvm;
import org.atex.lab.SlurmCluster;
import org.atex.local.LocalConnection;
import org.atex.support.ProcessIdentity;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Allocations of a real cluster: what they offer, how they are refused, lost and given back. */
@ExtendWith(LeakCheck.class)
@Timeout(300)
class SlurmProvisionerTest {
    private static final Duration READY_WITHIN = Duration.ofSeconds(60);

    @RegisterExtension
    static final SlurmCluster CLUSTER = new SlurmCluster();

    @AfterEach
    void nothingIsHeld() throws Exception {
        CLUSTER.awaitIdle();
    }

    private static SlurmOptions options() {
        return Clusters.options(CLUSTER);
    }

    private static Remote system(SlurmProvisioner provisioner) throws Exception {
        provisioner.provision(1);
        return provisioner.take(READY_WITHIN).orThrow();
    }

    private static String jobOf(Remote remote) {
        return remote.name().replaceAll(".*-", "");
    }

    @Test
    void systemDescribesItsAllocation() throws Exception {
        Instant before = Instant.now();
        try (SlurmProvisioner provisioner = SlurmProvisioner.here(
                        options().withConstraint("number3").withSubmitOptions("--mem=200M"));
                Remote remote = system(provisioner)) {
            assertThat(remote.host()).isEqualTo("n3");
            assertThat(remote.address()).isEqualTo("127.0.0.1");
            assertThat(remote.labels())
                    .containsAllEntriesOf(Map.of(
                            "node", "n3",
                            "partition", "main",
                            "constraint", "number3",
                            "features", "lab,number3",
                            "feature.number3", "yes",
                            "cpus", "1",
                            "memory", "200 MiB",
                            "reboot", "no"))
                    .containsKeys("arch", "distro");
            assertThat(remote.expires()).isBetween(before.plusSeconds(9 * 60), before.plusSeconds(12 * 60));
            assertThat(remote.connection()
                            .run(Command.bash("echo $SLURM_JOB_ID"))
                            .stdout()
                            .strip())
                    .isEqualTo(jobOf(remote));
            assertThat(remote.connection().loginCommand()).startsWith("srun", "--jobid=" + jobOf(remote));
        }
    }

    /** Slurm kills steps at the end of their jobs, so that they could not remove files. */
    @Test
    void stepKeepsNoFilesOnItsNode() throws Exception {
        try (SlurmProvisioner provisioner = SlurmProvisioner.here(options());
                Remote remote = system(provisioner);
                Stream<Path> files = Files.list(Path.of("/tmp"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .as("files on the node while its step runs")
                    .noneMatch(name -> name.startsWith("atex-step-" + jobOf(remote) + "."));
        }
    }

    @Test
    void largeFilesArriveUnchanged(@TempDir Path directory) throws Exception {
        byte[] bytes = new byte[3_000_000];
        new java.util.Random(7).nextBytes(bytes);
        Path file = Files.write(directory.resolve("file"), bytes);
        try (SlurmProvisioner provisioner = SlurmProvisioner.here(options());
                Remote remote = system(provisioner)) {
            String there = directory.resolve("there").toString();
            remote.connection().upload(file, there);
            remote.connection().download(there, directory.resolve("back"));
        }
        assertThat(directory.resolve("back")).hasBinaryContent(bytes);
    }

    @Test
    void cancelledAllocationIsLostWithTheWordsOfSlurm() throws Exception {
        try (SlurmProvisioner provisioner = SlurmProvisioner.here(options());
                Remote remote = system(provisioner);
                RunningCommand command = remote.connection().start(Command.of("sleep", "600"))) {
            CLUSTER.run("scancel", jobOf(remote));

            assertThatThrownBy(command::await)
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("Slurm job " + jobOf(remote))
                    .hasMessageContaining("state CANCELLED");
            assertThatThrownBy(() -> remote.connection().run(Command.of("true")))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("state CANCELLED");
            assertThatThrownBy(() -> remote.connection().reconnect(Duration.ofSeconds(5)))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("state CANCELLED");
        }
    }

    @Test
    void preemptedAllocationIsLostAndItsNodeIsNotBlamed() throws Exception {
        try (SlurmProvisioner provisioner = SlurmProvisioner.here(
                        options().withConstraint("number2").withMaxFailures(1));
                Remote remote = system(provisioner);
                RunningCommand command = remote.connection().start(Command.of("sleep", "600"))) {
            CLUSTER.run("srun", "--partition=urgent", "--nodelist=n2", "--chdir=/", "true");

            assertThatThrownBy(command::await)
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("Slurm job " + jobOf(remote))
                    .hasMessageContaining("state PREEMPTED");
            assertThat(provisioner.excludedNodes()).isEmpty();
            system(provisioner).close();
        }
    }

    @Test
    void requeuedAllocationIsLostAndCancelled() throws Exception {
        try (SlurmProvisioner provisioner = SlurmProvisioner.here(options());
                Remote remote = system(provisioner);
                RunningCommand command = remote.connection().start(Command.of("sleep", "600"))) {
            CLUSTER.run("scontrol", "update", "jobid=" + jobOf(remote), "requeue=1");
            CLUSTER.run("scontrol", "requeue", jobOf(remote));

            assertThatThrownBy(command::await)
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("Slurm job " + jobOf(remote) + " was requeued: state");
            remote.close();
            assertThat(CLUSTER.run("squeue", "--noheader", "--states=PENDING,RUNNING"))
                    .isEmpty();
        }
    }

    @Test
    void allocationAtItsTimeLimitIsLostWithTheWordsOfSlurm() throws Exception {
        try (SlurmProvisioner provisioner = SlurmProvisioner.here(options());
                Remote remote = system(provisioner);
                RunningCommand command = remote.connection().start(Command.of("sleep", "600"))) {
            CLUSTER.run("scontrol", "update", "jobid=" + jobOf(remote), "endtime=now+1second");

            assertThatThrownBy(command::await)
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("state TIMEOUT");
        }
    }

    /** The connection of the user knows nothing of the allocation, and would go on. */
    @Test
    void cancelledAllocationEndsTheConnectionOfTheUser() throws Exception {
        SlurmConnector local = (allocation, within) -> LocalConnection.open();
        try (SlurmProvisioner provisioner = SlurmProvisioner.here(options().withConnector(local));
                Remote remote = system(provisioner);
                RunningCommand command = remote.connection().start(Command.of("sleep", "600"))) {
            CLUSTER.run("scancel", jobOf(remote));

            assertThatThrownBy(command::await)
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("state CANCELLED");
        }
    }

    @Test
    void failureOfANodeIsLostWithTheWordsOfSlurm() throws Exception {
        try (SlurmProvisioner provisioner = SlurmProvisioner.here(options().withMaxFailures(1));
                Remote remote = system(provisioner);
                RunningCommand command = remote.connection().start(Command.of("sleep", "600"))) {
            CLUSTER.run("scontrol", "update", "nodename=" + remote.host(), "state=down", "reason=smoke");
            try {
                assertThatThrownBy(command::await)
                        .isInstanceOf(ConnectionLostException.class)
                        .hasMessageContaining("state NODE_FAIL");
                try (Remote next = system(provisioner)) {
                    assertThat(next.host()).isNotEqualTo(remote.host());
                }
            } finally {
                CLUSTER.resume(remote.host());
            }
        }
    }

    @Test
    void refusedRequestFailsAtOnceWithTheMessageOfSlurm() throws Exception {
        for (SlurmOptions bad : List.of(
                options().withPartition("nowhere"),
                options().withConstraint("gold"),
                options().withSubmitOptions("--mem=9000G"))) {
            try (SlurmProvisioner provisioner = SlurmProvisioner.here(bad)) {
                provisioner.provision(1);
                assertThat(provisioner.take(Duration.ofSeconds(30)))
                        .isInstanceOfSatisfying(
                                Offer.Failed.class,
                                failed -> assertThat(failed.cause())
                                        .hasMessageContaining("Slurm refused an allocation")
                                        .hasMessageContaining("Batch job submission failed"));
            }
        }
    }

    @Test
    void requestThatCanNeverStartFailsAtOnce() throws Exception {
        // The partition allows 5 minutes.
        try (SlurmProvisioner provisioner = SlurmProvisioner.here(options().withPartition("short"))) {
            provisioner.provision(1);
            assertThat(provisioner.take(Duration.ofSeconds(30)))
                    .isInstanceOfSatisfying(
                            Offer.Failed.class,
                            failed -> assertThat(failed.cause())
                                    .hasMessageContaining("can never start")
                                    .hasMessageContaining("PartitionTimeLimit"));
        }
    }

    @Test
    void drainedNodeIsNotUsedAndItsReasonIsTold() throws Exception {
        CLUSTER.run("scontrol", "update", "nodename=n1", "state=drain", "reason=broken | disk");
        try (SlurmProvisioner provisioner =
                SlurmProvisioner.here(options().withMaxSystems(4).withStartWithin(Duration.ofSeconds(12)))) {
            provisioner.provision(4);
            Set<String> hosts = new HashSet<>();
            for (int i = 0; i < 3; i++) {
                hosts.add(provisioner.take(READY_WITHIN).orThrow().host());
            }
            assertThat(hosts).containsExactlyInAnyOrder("n2", "n3", "n4");
            assertThat(provisioner.nodes())
                    .filteredOn(node -> node.name().equals("n1"))
                    .singleElement()
                    .extracting(SlurmNode::reason)
                    .isEqualTo("broken | disk");
            assertThat(provisioner.waiting()).hasSize(1);
            assertThat(provisioner.take(READY_WITHIN))
                    .isInstanceOfSatisfying(
                            Offer.Failed.class,
                            failed -> assertThat(failed.cause())
                                    .hasMessageContaining("did not start within PT12S")
                                    .hasMessageContaining("state PENDING, reason Resources")
                                    .hasMessageContaining("n1 drained: broken | disk"));
        } finally {
            CLUSTER.resume("n1");
        }
    }

    @Test
    void nodeThatFailsRepeatedlyIsExcluded() throws Exception {
        SlurmConnector broken = (allocation, within) -> {
            if (allocation.node().equals("n1")) {
                throw new ConnectionLostException("no route to n1", null);
            }
            return LocalConnection.open();
        };
        try (SlurmProvisioner provisioner =
                SlurmProvisioner.here(options().withConnector(broken).withMaxFailures(2))) {
            List<Offer.Failed> failures = new ArrayList<>();
            while (true) {
                provisioner.provision(1);
                Offer offer = provisioner.take(READY_WITHIN);
                if (offer instanceof Offer.Failed failed) {
                    failures.add(failed);
                    assertThat(failures).hasSizeLessThan(3);
                    continue;
                }
                try (Remote remote = offer.orThrow()) {
                    assertThat(remote.host()).isNotEqualTo("n1");
                }
                if (failures.size() == 2) {
                    break;
                }
            }
            assertThat(failures.getFirst().cause())
                    .hasMessageContaining("no route to n1")
                    .hasMessageContaining("failure 1 of n1 in a row; it is excluded after 2");
            assertThat(failures.getFirst().cause().host()).contains("n1");
            assertThat(provisioner.excludedNodes()).isEqualTo(Map.of("n1", 2));
        }
    }

    @Test
    void onePollServesAllWaitingAllocations() throws Exception {
        try (SlurmProvisioner provisioner = SlurmProvisioner.here(options().withMaxSystems(12))) {
            long start = System.nanoTime();
            provisioner.provision(12);
            for (int i = 0; i < 12; i++) {
                provisioner.take(READY_WITHIN).orThrow().close();
            }
            long quarters = Duration.ofNanos(System.nanoTime() - start).toMillis() / 250;
            assertThat(provisioner.polls()).isLessThanOrEqualTo(quarters + 2);
        }
    }

    @Test
    void controllerMayRestart() throws Exception {
        try (SlurmProvisioner provisioner = SlurmProvisioner.here(options());
                Remote remote = system(provisioner);
                RunningCommand command = remote.connection()
                        .start(Command.bash("read -r line; exit 3").withStdin(Input.pipe()))) {
            CLUSTER.stopController();
            assertThat(remote.connection().run(Command.of("true")).succeeded()).isTrue();
            provisioner.provision(1);
            CLUSTER.startController();
            try (Remote second = provisioner.take(READY_WITHIN).orThrow()) {
                assertThat(second.connection().run(Command.of("true")).succeeded())
                        .isTrue();
            }
            command.stdin().close();
            assertThat(command.await()).isEqualTo(new CommandEnd.Exited(3));
        }
    }

    @Test
    void jobsOfARunAreSwept() throws Exception {
        try (LocalConnection submitHost = LocalConnection.open();
                SlurmProvisioner provisioner = SlurmProvisioner.on(submitHost, options());
                SlurmProvisioner other = SlurmProvisioner.on(submitHost, options())) {
            Remote remote = system(provisioner);
            Remote kept = system(other);

            assertThat(SlurmProvisioner.sweep(provisioner.run(), submitHost, options()))
                    .containsExactly(jobOf(remote));
            assertThat(kept.connection().run(Command.of("true")).succeeded()).isTrue();
            assertThat(SlurmProvisioner.sweep("no-such-run", submitHost, options()))
                    .isEmpty();
        }
    }

    /** The program to kill: it prints a line for each of two systems, and waits. */
    static final class Program {
        public static void main(String[] arguments) throws Exception {
            SlurmOptions options = SlurmOptions.defaults()
                    .withVariable("SLURM_CONF", arguments[0])
                    .withPollEvery(Duration.ofMillis(500));
            SlurmProvisioner provisioner = SlurmProvisioner.here(options);
            provisioner.provision(4);
            for (int i = 0; i < 2; i++) {
                System.out.println(provisioner.take(READY_WITHIN).orThrow().name());
            }
            Thread.sleep(Duration.ofHours(1));
        }
    }

    @Test
    void nextProgramCancelsTheJobsOfAKilledOne(@TempDir Path directory) throws Exception {
        Process program = ChildJvm.start(
                directory,
                ChildJvm.command("64m", Program.class, CLUSTER.configuration().toString()));
        assertThat(ChildJvm.linesUntilKilled(program, 2)).isEqualTo(2);
        assertThat(CLUSTER.run("squeue", "--noheader", "--states=RUNNING")).isNotEmpty();

        SlurmProvisioner.here(options()).close();

        CLUSTER.awaitIdle();
    }

    @Test
    void commentNamesTheRunAndTheProcess() {
        JobOwner owner = JobOwner.current("12ab");

        assertThat(JobOwner.parse(owner.toString())).isEqualTo(owner);
        assertThat(owner.hasEnded()).isFalse();
        ProcessIdentity current = ProcessIdentity.current();
        String ended = new ProcessIdentity(current.namespace(), current.process(), 1).toString();
        assertThat(new JobOwner("12ab", owner.machine(), ended).hasEnded()).isTrue();
        assertThat(new JobOwner("12ab", "elsewhere", ended).hasEnded())
                .as("a process of another machine, of which nothing is known")
                .isFalse();
        assertThat(JobOwner.parse("of a user")).isNull();
    }

    @Test
    void keysOfKilledProgramsAreRemoved() throws Exception {
        try (StepKey live = StepKey.create()) {
            Path directory = live.file().getParent();
            String name = directory.getFileName().toString();
            // The same process id, of a process that started at another time.
            Path left = Files.createDirectory(directory.resolveSibling(name.replaceAll("-\\d+-\\d+$", "-1-2")));
            Files.createFile(left.resolve("id"));

            StepKey.create().close();

            assertThat(left).doesNotExist();
            assertThat(live.file()).exists();
        }
    }

    @Test
    void linesOfSlurmAreParsed() {
        Job job = Job.parse("12|RUNNING|n1|1795888439|2|1G|main|a comment|None");
        assertThat(job).isNotNull();
        assertThat(job.end()).isEqualTo(Instant.ofEpochSecond(1795888439));
        assertThat(job.isRunning()).isTrue();
        assertThat(Job.parse("slurm_load_jobs error: garbage | of | any | kind"))
                .isNull();
        assertThat(SlurmProvisioner.memory("1G", 500)).isEqualTo("1 GiB");
        assertThat(SlurmProvisioner.memory("0", 500)).isEqualTo("500 MiB");
    }

    @Test
    void optionsThatHideAJobAreRefused() {
        assertThatThrownBy(() -> SlurmOptions.defaults().withSubmitOptions("--mem=1G", "--comment=mine"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--comment=mine");
        assertThatThrownBy(() -> SlurmOptions.defaults().withSubmitOptions("-Jmine"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-J");
    }

    @Test
    void programOutsideAnAllocationIsTold() {
        assertThatThrownBy(() -> SlurmNodes.of(Map.of(), options()))
                .hasMessageContaining("SLURM_JOB_NODELIST")
                .hasMessageContaining("sbatch or salloc");
    }
}
