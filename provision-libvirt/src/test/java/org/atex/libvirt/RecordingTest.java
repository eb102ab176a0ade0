package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.Remote;
import org.atex.api.TestEnd;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.lab.Libvirt;
import org.atex.local.LocalConnection;
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
        """;

    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    @TempDir
    Path files;

    @Test
    void failureIsReplayed() throws Exception {
        GuestTemplate template = Guests.options(LAB).withRecording().withConsoles(files.resolve("consoles"));
        Path recording;
        try (LocalConnection host = LocalConnection.open();
                LibvirtProvisioner provisioner =
                        LibvirtProvisioner.builder(host, template).build();
                Remote system = Guests.ready(provisioner);
                Executor executor =
                        Recordings.around(CommandExecutor.factory()).open(system)) {
            Artifacts passed = artifacts("passed");
            assertThat(executor.run(CommandTest.of("/passes", Command.of("true")), passed))
                    .isEqualTo(TestEnd.exited(0));
            assertThat(passed.files().resolve("recording")).as("the recording of a test that passed").doesNotExist();

            Artifacts failed = artifacts("failed");
            TestEnd end = executor.run(CommandTest.of("/race", Command.bash(RACE + "exit 7")), failed);
            assertThat(end)
                    .isEqualTo(new TestEnd(
                            Outcome.FAILED, 7, "exit code 7; its virtual machine was recorded: recording/replay.sh", false));
            assertThat(Files.readString(failed.results())).contains("replay.sh");
            recording = failed.files().resolve("recording");
        }
        Guests.assertNothingLeft(LAB);
        String console = console();
        assertThat(console).contains("the lab guest is up", "racer 1", "racer 6");
        assertThat(replay(recording)).as("the console of the replay").isEqualTo(console);
    }

    /** A panic ends the virtual machine before the test has ended. */
    @Test
    void panicIsRecorded() throws Exception {
        GuestTemplate template = Guests.options(LAB).withRecording();
        try (LocalConnection host = LocalConnection.open();
                LibvirtProvisioner provisioner =
                        LibvirtProvisioner.builder(host, template).build();
                Remote system = Guests.ready(provisioner);
                Executor executor =
                        Recordings.around(CommandExecutor.factory()).open(system)) {
            Artifacts lost = artifacts("lost");
            TestEnd end = executor.run(
                    CommandTest.of("/panic", Command.bash("echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger")),
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
            assertThatThrownBy(() -> LibvirtProvisioner.builder(host, Guests.serial(LAB).withRecording())
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
        Process process = new ProcessBuilder("bash", recording.resolve("replay.sh").toString())
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
