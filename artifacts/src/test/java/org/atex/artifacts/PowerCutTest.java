package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Outcome;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.artifacts.SpooledAttempt.State;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The journal is on the disk soon after an entry was written. The disk is a file with a file system, in a mount namespace of
 * its own. A copy of that file is the disk after a power cut: it lacks all that the kernel has not written yet.
 */
@Timeout(
        value = 180,
        threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // reading the output does not react to interrupts
class PowerCutTest {
    private static final String WITH_DISK = "mount -o loop \"$1\" \"$2\" && shift 2 && exec \"$@\"";

    @TempDir
    private Path directory;

    /** Writes a journal, and a file that nobody syncs. */
    static final class Program {
        public static void main(String[] args) throws Exception {
            Path disk = Path.of(args[0]);
            TestCase test = TestCase.named("/t");
            Spool spool = Spool.keep(disk.resolve("runs"), "x", "p", List.of("a"), List.of(TestCase.named("/t")), true);
            Files.writeString(disk.resolve("unsynced"), "text");
            for (int i = 1; i <= 3; i++) {
                spool.next()
                        .write(
                                State.RUNNING,
                                TestRecord.of("p", test, TestEnd.of(Outcome.LOST, "killed"))
                                        .withAttempt(i, true));
            }
            System.out.println("written");
            int unused = System.in.read();
            Runtime.getRuntime().halt(0);
        }
    }

    private List<String> onDisk(Path image, Path disk, List<String> command) {
        List<String> all = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", WITH_DISK, "sh"));
        all.addAll(List.of(image.toString(), disk.toString()));
        all.addAll(command);
        return all;
    }

    private static Process start(List<String> command) throws IOException {
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Process process = start(command);
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor() == 0 ? told : "failed: " + told;
    }

    @Test
    void journalSurvivesAPowerCut() throws Exception {
        Path image = directory.resolve("image");
        Path copy = directory.resolve("copy");
        Path disk = Files.createDirectory(directory.resolve("disk"));
        String made = run(List.of("sh", "-c", "truncate -s 16M \"$1\" && mkfs.ext4 -q \"$1\"", "sh", image.toString()));
        assumeTrue(
                !made.startsWith("failed")
                        && !run(onDisk(image, disk, List.of("true"))).startsWith("failed"),
                "this user cannot mount a file system");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process program = start(onDisk(
                image,
                disk,
                List.of(java, "-cp", System.getProperty("java.class.path"), Program.class.getName(), disk.toString())));
        try (BufferedReader out = program.inputReader(StandardCharsets.UTF_8)) {
            String line = out.readLine();
            while (line != null && !line.equals("written")) {
                line = out.readLine(); // a warning of the JVM or a library
            }
            assertThat(line).as("what the program told last").isEqualTo("written");
            String journal = "";
            while (!journal.contains("\"attempt\":3")) {
                assertThat(program.isAlive()).isTrue();
                Files.copy(image, copy, StandardCopyOption.REPLACE_EXISTING);
                journal = run(onDisk(
                        copy, disk, List.of("sh", "-c", "cat \"$1\"/runs/run-x/journal.jsonl", "sh", disk.toString())));
            }
            assertThat(run(onDisk(
                            copy, disk, List.of("sh", "-c", "cat \"$1\"/unsynced || true", "sh", disk.toString()))))
                    .as("a file that nobody has synced: the kernel writes it after half a minute")
                    .doesNotContain("text");
            String read = run(onDisk(
                    copy,
                    disk,
                    List.of(
                            "cp",
                            "-r",
                            disk.resolve("runs").toString(),
                            directory.resolve("after").toString())));
            assertThat(read).isEmpty();
            PastRun run = PastRun.read(directory.resolve("after/run-x"));
            assertThat(run.problems()).isEmpty();
            assertThat(run.attempts()).extracting(TestRecord::attempt).containsExactly(1, 2, 3);
        } finally {
            program.destroyForcibly().waitFor();
        }
    }
}
