package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandResult;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;
import org.atex.lab.Lab;
import org.atex.lab.LabContainer;
import org.atex.lab.LabImage;
import org.atex.lab.SlowFile;
import org.atex.testkit.Call;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Connections when processes or the container are killed, or resources run out. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class PodmanFailureTest {
    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    private static String readLine(RunningCommand command) throws Exception {
        StringBuilder line = new StringBuilder();
        for (int b; (b = command.stdout().read()) >= 0 && b != '\n'; ) {
            line.append((char) b);
        }
        return line.toString();
    }

    private static void assertEchoes(RunningCommand cat, String line) throws Exception {
        cat.stdin().write((line + "\n").getBytes(UTF_8));
        cat.stdin().flush();
        assertThat(readLine(cat)).isEqualTo(line);
    }

    private static RunningCommand cat(PodmanConnection connection) throws Exception {
        return connection.start(Command.of("cat").withStdin(Input.pipe()));
    }

    @Test
    void commandsContinueAfterTheirShellIsKilled() throws Exception {
        LabContainer container = lab.container();
        try (PodmanConnection connection = PodmanConnection.open(container.id());
                RunningCommand cat = cat(connection)) {
            assertEchoes(cat, "before");

            container.exec("pkill", "-KILL", "-P", "0", "-f", "atex-resident");

            assertThat(connection.run(Command.of("echo", "new")).stdout()).isEqualTo("new\n");
            assertEchoes(cat, "after");
            cat.stdin().close();
            assertThat(cat.await()).isEqualTo(new CommandEnd.Exited(0));
        }
        assertThat(container.exec("ls", "/dev/shm"))
                .as("files left in /dev/shm of the container")
                .isEmpty();
    }

    @Test
    void connectionSurvivesACommandThatKillsAllProcesses() throws Exception {
        LabContainer container = lab.container();
        try (PodmanConnection connection = PodmanConnection.open(container.id())) {
            try (RunningCommand killer = connection.start(Command.bash("kill -9 -1; sleep 1000"))) {
                assertThatThrownBy(killer::await)
                        .isInstanceOf(ConnectionLostException.class)
                        .hasMessageContaining("killed");
            }
            assertThat(connection.run(Command.of("echo", "alive")).stdout()).isEqualTo("alive\n");
        }
    }

    @Test
    void commandThatKillsItsParentIsLostAlone() throws Exception {
        LabContainer container = lab.container();
        try (PodmanConnection connection = PodmanConnection.open(container.id());
                RunningCommand other = cat(connection)) {
            String process;
            try (RunningCommand orphan = connection.start(Command.bash("kill -9 $PPID; echo $$; exec sleep 1000"))) {
                process = readLine(orphan);
                assertThatThrownBy(orphan::await).isInstanceOf(ConnectionLostException.class);
            }
            assertThat(connection
                            .run(Command.of("test", "-d", "/proc/" + process))
                            .end())
                    .as("close() kills the orphaned process")
                    .isEqualTo(new CommandEnd.Exited(1));
            assertEchoes(other, "unharmed");
        }
    }

    @Test
    void removedPipesAreCreatedAgain() throws Exception {
        LabContainer container = lab.container();
        try (PodmanConnection connection = PodmanConnection.open(container.id());
                RunningCommand cat = cat(connection)) {
            container.exec("sh", "-c", "rm -rf /dev/shm/*");

            assertThat(connection.run(Command.of("echo", "again")).stdout()).isEqualTo("again\n");
            assertEchoes(cat, "unharmed");
        }
    }

    @Test
    void killedContainerIsReported() throws Exception {
        LabContainer container = lab.container();
        try (PodmanConnection connection = PodmanConnection.open(container.id());
                RunningCommand running = connection.start(Command.of("sleep", "1000"))) {
            container.kill();

            assertThatThrownBy(running::await)
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining(container.id())
                    .hasMessageContaining("sleep 1000");
            assertThatThrownBy(() -> connection.run(Command.of("true")))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("the container has ended");
            assertThatThrownBy(() -> connection.reconnect(Duration.ofMillis(300)))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("is not running");
        }
    }

    @Test
    void stoppedContainerIsReported() throws Exception {
        LabContainer container = lab.container();
        container.kill();

        assertThatThrownBy(() -> PodmanConnection.open(container.id()))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining(container.id())
                .hasMessageContaining("is not running");
        assertThatThrownBy(() -> PodmanConnection.open("no-such-container"))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining("no-such-container");
    }

    @Test
    void startInPausedContainerTimesOut() throws Exception {
        LabContainer container = lab.container();
        PodmanOptions options = PodmanOptions.defaults().withConnectWithin(Duration.ofSeconds(3));
        try (PodmanConnection connection = PodmanConnection.open(container.id(), options)) {
            PodmanCli.run("pause", container.id());
            try {
                assertThatThrownBy(() -> connection.run(Command.of("true")))
                        .isInstanceOf(ConnectionLostException.class)
                        .hasMessageContaining("paused");
            } finally {
                PodmanCli.run("unpause", container.id());
            }
            assertThat(connection.run(Command.of("echo", "on")).stdout()).isEqualTo("on\n");
        }
    }

    @Test
    void closeInPausedContainerDoesNotBlock() throws Exception {
        LabContainer container = lab.container();
        PodmanConnection connection = PodmanConnection.open(container.id());
        RunningCommand waits = connection.start(Command.of("sleep", "1000"));
        RunningCommand fed = cat(connection);
        PodmanCli.run("pause", container.id());
        try {
            long begun = System.nanoTime();
            waits.close();
            fed.close();
            connection.close();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
        } finally {
            PodmanCli.run("unpause", container.id());
        }
    }

    @Test
    void fullDiskIsReported() throws Exception {
        LabContainer container = lab.container(LabImage.PLAIN, "--tmpfs=/small:rw,size=256k");
        byte[] noise = new byte[1 << 20];
        new Random(1).nextBytes(noise);
        Path large = Files.write(directory.resolve("large"), noise);
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.copy(large, tree.resolve("large"));
        try (PodmanConnection connection = PodmanConnection.open(container.id())) {
            for (Path source : new Path[] {large, tree}) {
                assertThatThrownBy(() -> connection.upload(source, "/small/copy"))
                        .isInstanceOf(TransferException.class)
                        .hasMessageContaining(source.toString())
                        .hasMessageContaining("/small/copy")
                        .hasMessageFindingMatch("No space left|Wrote only");
            }
            CommandResult left = connection.run(Command.of("find", "/small", "-name", "*.atex-*"));
            assertThat(left.stdout())
                    .as("temporary files that were not removed")
                    .isEmpty();
        }
    }

    @Test
    void closeWaitsForAFileOnASlowDisk() throws Exception {
        try (PodmanConnection connection = PodmanConnection.open(lab.container().id())) {
            SlowFile.assertClosedWhenWritten(connection, directory);
        }
    }

    // The file is so large that the upload cannot complete before it is cancelled. It consists of one hole.
    @Test
    void cancelledUploadLeavesNoFiles() throws Exception {
        LabContainer container = lab.container();
        Path slow = Files.createFile(directory.resolve("slow"));
        try (RandomAccessFile sparse = new RandomAccessFile(slow.toFile(), "rw")) {
            sparse.setLength(1L << 36);
        }
        for (String how : new String[] {"interrupted", "killed", "closed"}) {
            try (PodmanConnection connection = PodmanConnection.open(container.id())) {
                Call<Boolean> uploading = Call.to(() -> connection.upload(slow, "/part/" + how));
                Call.eventually(
                        "a part of the file has been written",
                        () -> !partialFiles(container).isEmpty());
                container.exec("pkill", "-STOP", "-x", "dd"); // the upload makes no more progress
                switch (how) {
                    case "interrupted" -> uploading.interrupt();
                    case "killed" -> {
                        container.exec("pkill", "-KILL", "-f", "part=");
                        container.exec("pkill", "-KILL", "-x", "dd");
                    }
                    default -> connection.close();
                }
                assertThat(uploading.failure()).isNotNull();
                assertThat(partialFiles(container))
                        .as("%s: files left in the container", how)
                        .isEmpty();
            }
        }
    }

    private static String partialFiles(LabContainer container) {
        try {
            return container.exec("sh", "-c", "ls /part 2>/dev/null || true");
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void valuesOfVariablesAreHiddenFromProcessLists() throws Exception {
        LabContainer container = lab.container();
        String secret = "s3cr3t-" + System.nanoTime();
        Command waits = Command.bash("echo up; exec sleep 1000").withEnvironment("TOKEN", secret);
        try (PodmanConnection connection = PodmanConnection.open(container.id());
                RunningCommand running = connection.start(waits)) {
            assertThat(readLine(running)).isEqualTo("up");
            try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
                assertThat(all.map(process -> process.info().commandLine().orElse("")))
                        .noneMatch(words -> words.contains(secret));
            }
        }
    }

    @Test
    void downloadOfHostileTreeStaysInsideItsTarget() throws Exception {
        LabContainer container = lab.container();
        container.exec("bash", "-c", "mkdir -p /evil/tree && ln -s /etc /evil/tree/up && echo x > /evil/victim");
        Path outside = Files.createDirectory(directory.resolve("outside"));
        Path target = Files.createDirectory(directory.resolve("target"));
        Files.createSymbolicLink(target.resolve("up"), outside);
        try (PodmanConnection connection = PodmanConnection.open(container.id())) {
            connection.download("/evil/tree", target);

            assertThat(Files.readSymbolicLink(target.resolve("up"))).isEqualTo(Path.of("/etc"));
            try (Stream<Path> files = Files.list(outside)) {
                assertThat(files).isEmpty();
            }
        }
    }
}
