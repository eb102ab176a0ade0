package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.adhoc.Rerun;
import org.atex.adhoc.RerunPolicy;
import org.atex.adhoc.Source;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Capability;
import org.atex.api.Command;
import org.atex.api.Executor;
import org.atex.api.Need;
import org.atex.api.Orchestrator;
import org.atex.api.Outcome;
import org.atex.api.Remote;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.lab.Libvirt;
import org.atex.local.LocalConnection;
import org.atex.local.LocalProvisioner;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Recorded virtual machines do the same again when they are replayed. */
@Timeout(600)
class RecordingTest {
    /** What no second run repeats: random numbers, and the order in which processes write. */
    private static final String RACE = """
        for i in 1 2 3 4 5 6; do (date +%N; echo "racer $i") >>/tmp/race & done
        wait
        { cat /proc/sys/kernel/random/uuid /tmp/race; od -An -N 8 -t x1 /dev/urandom; date +%s.%N; } >/dev/console
        sync
        exit 7
        """;

    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    @TempDir
    Path files;

    /** A test fails on this machine, and runs again on a recorded one. */
    @Test
    void failureIsReplayed() throws Exception {
        GuestTemplate template = Guests.options(LAB).withRecording().withConsoles(files.resolve("consoles"));
        List<CommandTest> tests = List.of(
                CommandTest.of("/passes", Command.of("true")),
                CommandTest.of("/race", Command.bash("grep -qx ID=atex-lab /etc/os-release || exit 3\n" + RACE)));
        Path race = files.resolve("race");
        RecordingAggregator results = RecordingAggregator.create();
        Aggregator copying = new Aggregator() {
            @Override
            public void ingest(TestRecord record, Artifacts artifacts) {
                if (record.name().equals("/race") && record.last()) {
                    copy(artifacts.files().resolve("recording"), race);
                }
                results.ingest(record, artifacts);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        try (LocalConnection host = LocalConnection.open();
                LocalProvisioner local = LocalProvisioner.withMaxSystems(1);
                LibvirtProvisioner recorded = LibvirtProvisioner.builder(host, template)
                        .label(Capability.RESERVED, "recording")
                        .build();
                Orchestrator run = AdHocOrchestrator.builder(tests)
                        .on(Source.of(local).withName("local"))
                        .on(Source.of(recorded).withName("recorded"))
                        .with(Recordings.around(CommandExecutor.factory()))
                        .reruns(RerunPolicy.maxReruns(1)
                                .with(Rerun.last().withNeed(Need.of(Capability.RESERVED, "recording"))))
                        .into(copying)
                        .build()) {
            assertThat(run.run().exitCode()).isEqualTo(1);
        }
        Guests.assertNothingLeft(LAB);
        assertThat(results.entries())
                .extracting(
                        entry -> entry.record().name() + " on " + entry.record().platform() + ": "
                                + entry.record().end().exitCode())
                .containsExactlyInAnyOrder("/passes on local: 0", "/race on local: 3", "/race on recorded: 7");
        assertThat(results.entries())
                .filteredOn(entry -> entry.record().end().exitCode().equals(7))
                .allSatisfy(entry -> {
                    assertThat(entry.record().end().note()).contains("recording/replay.sh");
                    assertThat(entry.results()).anyMatch(line -> line.contains("replay.sh"));
                });
        String console = console();
        assertThat(console).contains("the lab guest is up", "racer 1", "racer 6");
        assertThat(replay(race)).as("the console of the replay").isEqualTo(console);
    }

    /** A panic ends the virtual machine before the test has ended. */
    @Test
    void panicIsRecorded() throws Exception {
        GuestTemplate template = Guests.options(LAB).withRecording();
        try (LocalConnection host = LocalConnection.open();
                LibvirtProvisioner provisioner =
                        LibvirtProvisioner.builder(host, template).build();
                Remote system = Guests.ready(provisioner);
                Executor executor = Recordings.around(CommandExecutor.factory()).open(system)) {
            Artifacts passed = artifacts("passed");
            assertThat(executor.run(CommandTest.of("/passes", Command.of("true")), passed))
                    .isEqualTo(TestEnd.exited(0));
            assertThat(passed.files().resolve("recording"))
                    .as("the recording of a test that passed")
                    .doesNotExist();

            Artifacts lost = artifacts("lost");
            TestEnd end = executor.run(
                    CommandTest.of(
                            "/panic", Command.bash("echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger")),
                    lost);
            assertThat(end.outcome()).isEqualTo(Outcome.LOST);
            assertThat(end.note()).contains("panicked", "recording/replay.sh");
            assertThat(lost.files().resolve("recording/recording")).isNotEmptyFile();
        }
        Guests.assertNothingLeft(LAB);
    }

    @Test
    void whatCannotBeRecordedIsRefused() throws Exception {
        try (LocalConnection host = LocalConnection.open()) {
            assertThatThrownBy(() -> LibvirtProvisioner.builder(
                                    host, Guests.serial(LAB).withRecording())
                            .build())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("GuestConnector.ssh");
            assertThatThrownBy(() -> LibvirtProvisioner.builder(
                                    host, GuestTemplate.domain("base").withRecording())
                            .build())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("the domain base cannot be recorded");
        }
    }

    private static void copy(Path from, Path to) {
        try {
            Files.createDirectory(to);
            for (String file : List.of("recording", "replay.sh")) {
                Files.copy(from.resolve(file), to.resolve(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Artifacts artifacts(String name) throws IOException {
        return Artifacts.at(Files.createDirectory(files.resolve(name)));
    }

    private String console() throws IOException {
        try (Stream<Path> consoles = Files.list(files.resolve("consoles"))) {
            return Files.readString(consoles.findFirst().orElseThrow());
        }
    }

    private String replay(Path recording) throws IOException, InterruptedException {
        File output = Files.createTempFile(files, "replayed-", ".txt").toFile();
        Process process = new ProcessBuilder(
                        "bash", recording.resolve("replay.sh").toString())
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
        try {
            assertThat(process.waitFor(Duration.ofMinutes(4).toSeconds(), TimeUnit.SECONDS))
                    .as("the replay ends; it printed %s", Files.readString(output.toPath()))
                    .isTrue();
            return Files.readString(output.toPath());
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
