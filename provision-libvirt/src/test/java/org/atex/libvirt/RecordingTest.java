package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
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
        failureIsReplayed(Guests.options(LAB));
    }

    @Test
    void failureIsReplayedThatCameOverTheSerialPort() throws Exception {
        failureIsReplayed(Guests.serial(LAB));
    }

    private void failureIsReplayed(GuestTemplate template) throws Exception {
        try (LocalConnection host = LocalConnection.open();
                LibvirtProvisioner provisioner =
                        LibvirtProvisioner.builder(host, template.withRecording()).build();
                Remote system = Guests.ready(provisioner)) {
            Artifacts into = Artifacts.at(files);
            TestEnd end;
            try (Executor executor = Recordings.around(CommandExecutor.factory()).open(system)) {
                Artifacts passed = Artifacts.at(Files.createTempDirectory(files, "passed-"));
                assertThat(executor.run(CommandTest.of("/passes", Command.of("true")), passed).outcome())
                        .isEqualTo(Outcome.PASSED);
                assertThat(passed.files().resolve("recording")).as("the recording of a test that passed").doesNotExist();
                end = executor.run(CommandTest.of("/race", Command.bash(RACE + "exit 7")), into);
            }
            assertThat(end.outcome()).as("%s", end).isEqualTo(Outcome.FAILED);
            assertThat(end.systemUsable()).as("the virtual machine has ended").isFalse();
            assertThat(Files.readString(into.results())).contains("replay.sh");
            Path recording = into.files().resolve("recording");
            String first = replay(recording);
            assertThat(first).contains("the lab guest is up", "racer 1", "racer 6");
            assertThat(replay(recording)).as("the second replay").isEqualTo(first);
        }
        Guests.assertNothingLeft(LAB);
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
