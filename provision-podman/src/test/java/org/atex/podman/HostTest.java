package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.Capability;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Outcome;
import org.atex.api.PlainRemote;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.api.RunSummary;
import org.atex.api.RunningCommand;
import org.atex.api.TestRecord;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.lab.Lab;
import org.atex.lab.LabContainer;
import org.atex.lab.LabImage;
import org.atex.lab.OpenSsh;
import org.atex.local.LocalConnection;
import org.atex.ssh.Hosts;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshProvisioner;
import org.atex.support.ProcessIdentity;
import org.atex.support.SystemOwner;
import org.atex.testkit.Call;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Containers of a host that a connection reaches, such as a machine that another provisioner has reserved. */
@Timeout(300)
@ExtendWith(LeakCheck.class)
class HostTest {
    private static final Duration LONG = Duration.ofMinutes(2);

    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    @AfterEach
    void containersAreRemoved() throws Exception {
        PodmanCli.assertNoContainersLeft();
    }

    private static PodmanProvisioner.Builder on(Connection host) {
        return PodmanProvisioner.builder(host, LabImage.PLAIN.reference())
                .pull(PullPolicy.NEVER)
                .runOptions("--network=none");
    }

    private static PodmanProvisioner.Builder on(Remote host) {
        return PodmanProvisioner.builder(host, LabImage.PLAIN.reference())
                .pull(PullPolicy.NEVER)
                .runOptions("--network=none");
    }

    private static Remote ready(PodmanProvisioner provisioner) throws Exception {
        provisioner.provision(1);
        return provisioner.take(LONG).orThrow();
    }

    @Test
    void testsRunInContainersOfAReservedMachine() throws Exception {
        try (OpenSsh server = OpenSsh.start(directory);
                SshProvisioner machines = SshProvisioner.builder(
                                Hosts.of(server.destination()), SshHosts.options(server))
                        .build()) {
            machines.provision(1);
            try (Remote machine = machines.take(LONG).orThrow();
                    PodmanProvisioner containers =
                            on(machine).options(SshHosts.podman()).maxSystems(2).build()) {
                List<CommandTest> tests = IntStream.range(0, 6)
                        .mapToObj(i -> CommandTest.of("/test-" + i, Command.of("test", "!", "-e", "/host")))
                        .toList();
                RecordingAggregator results = RecordingAggregator.create();
                RunSummary summary;
                try (AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(containers)
                        .with(CommandExecutor.factory())
                        .into(results)
                        .build()) {
                    summary = run.run();
                }

                assertThat(summary.problems()).isEmpty();
                assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 6));
                assertThat(results.records())
                        .allSatisfy(record -> assertThat(record.system().host()).isEqualTo(machine.name()));
            }
        }
    }

    @Test
    void lossOfTheMachineIsTheCauseOfTheLossOfATest() throws Exception {
        String run;
        try (OpenSsh server = OpenSsh.start(directory);
                SshProvisioner machines = SshProvisioner.builder(
                                Hosts.of(server.destination()), SshHosts.options(server))
                        .build()) {
            machines.provision(1);
            try (Remote machine = machines.take(LONG).orThrow();
                    PodmanProvisioner containers =
                            on(machine).options(SshHosts.podman()).maxSystems(1).build()) {
                run = containers.run();
                CommandTest endless = CommandTest.of("/endless", Command.of("sleep", "4712"));
                RecordingAggregator results = RecordingAggregator.create();
                try (AdHocOrchestrator orchestrator = AdHocOrchestrator.builder(List.of(endless))
                        .on(containers)
                        .with(CommandExecutor.factory())
                        .into(results)
                        .build()) {
                    Call<RunSummary> running = Call.of(orchestrator::run);
                    Call.eventually("the test runs", () -> runs("sleep 4712"));
                    server.cutConnections();
                    var unused = running.result(LONG);
                }

                TestRecord record = results.records().getFirst();
                assertThat(record.end().outcome()).isEqualTo(Outcome.LOST);
                assertThat(record.end().note())
                        .contains("container atex-atex-lab-plain-" + run, "its host " + machine.name() + " is lost");
            }
        }
        Call.eventually("the test has ended with its connection", () -> !runs("sleep 4712"));
        try (LocalConnection host = LocalConnection.open()) {
            PodmanProvisioner.sweep(host, run, PodmanOptions.defaults());
        }
    }

    private static boolean runs(String commandLine) {
        return ProcessHandle.allProcesses()
                .anyMatch(process -> process.info().commandLine().orElse("").endsWith(commandLine));
    }

    @Test
    void machineThatIsClosedFirstLosesItsContainers() throws Exception {
        LocalConnection host = LocalConnection.open();
        String run;
        try (PodmanProvisioner containers = on(host).build();
                Remote system = ready(containers);
                RunningCommand waits = system.connection().start(Command.of("sleep", "1000"))) {
            run = containers.run();
            Call<CommandEnd> waiting = Call.of(waits::await).awaitBlocked();

            host.close();

            assertThat(waiting.failure())
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContainingAll(system.name(), "this machine");
            assertThatThrownBy(() -> system.connection().run(Command.of("true")))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContainingAll(system.name(), "its host this machine is lost", "closed");
            assertThatThrownBy(() -> system.connection().reconnect(Duration.ofSeconds(1)))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("closed");
            containers.provision(1);
            assertThatThrownBy(() -> containers.take(LONG).orThrow())
                    .isInstanceOf(ProvisioningException.class)
                    .hasMessageContaining("its host this machine is lost");
        }
        try (LocalConnection again = LocalConnection.open()) {
            assertThat(PodmanProvisioner.sweep(again, run, PodmanOptions.defaults()))
                    .as("containers of the run, which are removed by the next sweep")
                    .hasSize(1);
        }
    }

    @Test
    void systemsHaveTheLimitsOfTheirContainersAndTheReservationOfTheirMachine() throws Exception {
        Instant end = Instant.now().plusSeconds(3600);
        try (Remote machine = PlainRemote.builder("machine-1", LocalConnection.open())
                        .expires(end)
                        .build();
                PodmanProvisioner containers = on(machine)
                        .runOptions("--network=none", "--memory=300m", "--cpus=1")
                        .build();
                Remote system = ready(containers)) {
            assertThat(system.labels())
                    .containsEntry(Capability.MEMORY, "300 MiB")
                    .containsEntry(Capability.CPUS, "1");
            assertThat(system.host()).isEqualTo("machine-1");
            assertThat(system.expires()).isEqualTo(end);
            assertThat(system.connection()).hasToString("container " + system.name() + " on machine-1");
            assertThat(system.connection().loginCommand())
                    .containsExactly("podman", "exec", "--interactive", "--tty", system.name(), "bash");
            assertThat(system.reset()).isTrue();
            assertThat(system.connection().run(Command.of("echo", "fresh")).stdout())
                    .isEqualTo("fresh\n");
        }
    }

    @Test
    void rebootInsideRestartsAContainerWithSystemd() throws Exception {
        Command bootTime = Command.bash("cut -d ' ' -f 22 /proc/1/stat");
        try (LocalConnection host = LocalConnection.open();
                PodmanProvisioner containers = PodmanProvisioner.builder(host, LabImage.SYSTEMD.reference())
                        .pull(PullPolicy.NEVER)
                        .systemd()
                        .build();
                Remote system = ready(containers)) {
            Connection connection = system.connection();
            String before = connection.run(bootTime).orThrow().stdout();
            try {
                connection.run(Command.of("systemctl", "reboot"));
                connection.run(Command.of("sleep", "1000"));
            } catch (ConnectionLostException e) {
                assertThat(e).hasMessageContaining(system.name());
            }

            connection.reconnect(LONG);

            assertThat(connection.run(bootTime).orThrow().stdout()).isNotEqualTo(before);
        }
    }

    @Test
    void loginLeadsThroughTheMachine() throws Exception {
        LabContainer container = lab.container();
        try (OpenSsh server = OpenSsh.start(directory);
                SshConnection host = SshHosts.connect(server);
                PodmanConnection connection = PodmanConnection.open(
                        host, container.id(), PodmanOptions.defaults().withUser("a b"))) {
            assertThat(connection.loginCommand())
                    .startsWith("ssh")
                    .endsWith("-t", "podman exec --interactive --tty" + " '--user=a b' " + container.id() + " bash");
        } catch (ConnectionLostException e) {
            assertThat(e).hasMessageContainingAll(container.id(), "a b");
        }
    }

    @Test
    void containersOfEndedProgramsOfThisMachineAreRemoved() throws Exception {
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        String current = SystemOwner.current();
        String endedOwner = current.replaceFirst("-\\d+-(\\d+)$", "-" + ended.pid() + "-$1");
        String otherMachine = endedOwner.replaceFirst("^.", endedOwner.startsWith("0") ? "1" : "0");
        // A program that runs on the host itself: its process id says nothing about processes of this machine.
        String onHost = endedOwner.replaceFirst("^\\w+-", "");
        List<String> left = labelled(endedOwner);
        List<String> kept = List.of(
                labelled(current).getFirst(),
                labelled(otherMachine).getFirst(),
                labelled(onHost).getFirst());
        try (LocalConnection host = LocalConnection.open()) {
            assertThat(ProcessIdentity.hasEnded(onHost)).isTrue();

            on(host).build().close();

            assertThat(PodmanCli.run("ps", "--all", "--quiet", "--no-trunc"))
                    .contains(kept)
                    .doesNotContain(left);
        } finally {
            for (String id : kept) {
                PodmanCli.run("rm", "--force", "--time=0", "--ignore", id);
            }
            PodmanCli.run("rm", "--force", "--time=0", "--ignore", left.getFirst());
        }
    }

    private static List<String> labelled(String owner) throws Exception {
        String label = "--label=" + Lease.OWNER + "=" + owner;
        return List.of(PodmanCli.run("run", "--detach", label, LabImage.PLAIN.reference(), "sleep", "1000"));
    }

    @Test
    void missingPodmanIsReportedWithTheHost() {
        try (Connection host = LocalConnection.open()) {
            PodmanOptions none = PodmanOptions.defaults().withProgram("/no/such/podman");

            assertThatThrownBy(() -> on(host).options(none).build())
                    .isInstanceOf(ProvisioningException.class)
                    .hasMessageContainingAll("/no/such/podman", "install podman");
        }
    }

    @Test
    void commandsContinueAfterTheirShellIsKilled() throws Exception {
        LabContainer container = lab.container();
        try (LocalConnection host = LocalConnection.open();
                PodmanConnection connection = PodmanConnection.open(host, container.id(), PodmanOptions.defaults());
                RunningCommand killed =
                        connection.start(Command.bash("read; kill -9 $$").withStdin(Input.pipe()))) {
            container.exec("pkill", "-KILL", "-P", "0", "-f", "atex-resident");

            assertThat(connection.run(Command.of("echo", "new")).stdout()).isEqualTo("new\n");
            killed.stdin().close();
            assertThat(killed.await()).isEqualTo(new CommandEnd.Signalled("KILL"));

            container.exec("sh", "-c", "rm -rf /dev/shm/*");
            assertThat(connection.run(Command.of("echo", "again")).stdout()).isEqualTo("again\n");
        }
        assertThat(container.exec("ls", "/dev/shm"))
                .as("files left in the container")
                .isEmpty();
    }

    @Test
    void interruptedCloseRemovesTheContainer() throws Exception {
        Path fifo = directory.resolve("fifo");
        new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor();
        Path slow = Files.writeString(
                directory.resolve("podman"),
                "#!/bin/bash\n[[ $1 != rm ]] || echo removing >'%s'\nexec podman \"$@\"\n".formatted(fifo));
        Files.setPosixFilePermissions(slow, PosixFilePermissions.fromString("rwx------"));
        PodmanOptions options = PodmanOptions.defaults().withProgram(slow.toString());
        try (LocalConnection host = LocalConnection.open()) {
            for (PodmanProvisioner.Builder builder : List.of(
                    on(host),
                    PodmanProvisioner.builder(LabImage.PLAIN.reference()).pull(PullPolicy.NEVER))) {
                try (PodmanProvisioner containers = builder.options(options).build();
                        Remote system = ready(containers)) {
                    Call<Boolean> closing = Call.to(system::close).awaitBlocked();

                    closing.interrupt();

                    // The removal waits until the pipe is read.
                    assertThat(Files.readString(fifo)).isEqualTo("removing\n");
                    closing.result();
                    assertThat(PodmanCli.run("ps", "--all", "--quiet", "--filter=name=" + system.name()))
                            .as("containers after close()")
                            .isEmpty();
                }
            }
        }
    }

    @Test
    void linksInTheContainerDoNotLeadToFilesOfTheHost() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "of the host");
        LabContainer container = lab.container();
        PodmanOptions options = PodmanOptions.defaults().withConnectWithin(Duration.ofSeconds(5));
        try (LocalConnection host = LocalConnection.open();
                PodmanConnection connection = PodmanConnection.open(host, container.id(), options)) {
            Command cat = Command.of("cat").withStdin(Input.text("of the container"));
            assertThat(connection.run(cat).stdout()).isEqualTo("of the container");
            container.exec("bash", "-c", "for i in /dev/shm/*/*.[ioe]; do ln -sf \"$0\" $i; done", file.toString());

            assertThat(connection.run(cat).succeeded()).isFalse();
            assertThat(file).hasContent("of the host");

            container.exec("bash", "-c", "cd /dev/shm && d=(*) && mv $d was && ln -s \"$0\" $d", directory.toString());
            assertThatThrownBy(() -> connection.run(cat))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContainingAll(container.id(), "pipes");
            assertThat(file).hasContent("of the host");
        }
    }
}
