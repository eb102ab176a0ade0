package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.atex.api.PlainTest;
import org.atex.artifacts.PastRun;
import org.atex.lab.ChildJvm;
import org.atex.lab.Libvirt;
import org.atex.testkit.Call;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The program of a run, the daemon of libvirt, and virtual machines are killed at random moments of a run. {@code
 * -Datex.kills=50} makes it thorough, and {@code -Datex.seed=N} repeats a failure.
 */
@Timeout(7200)
class RandomKillsTest {
    private static final int KILLS = Integer.getInteger("atex.kills", 3);
    private static final long SEED = Long.getLong("atex.seed", 1);

    /** About the number of events of a run. */
    private static final int EVENTS = 40;

    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    @TempDir
    private Path directory;

    private enum Victim {
        PROGRAM,
        DAEMON,
        MACHINE
    }

    @Test
    void eachTestHasOneFinalEndAndNothingIsLeft() throws Exception {
        for (int i = 0; i < KILLS; i++) {
            Random random = new Random(SEED + i);
            Victim victim = Victim.values()[i % Victim.values().length];
            int events = random.nextInt(EVENTS);
            String what = "seed " + (SEED + i) + ", " + victim + " is killed after " + events + " events";
            Path run = directory.resolve("run-" + i);
            boolean ended = runAndKill(run, victim, events, random);
            int exitCode = ended ? 0 : end(start(run));

            String log = Files.readString(run.resolve("log"));
            assertThat(exitCode).as("the exit code: %s; %s", what, log).isZero();
            PastRun past = PastRun.latest(run).orElseThrow();
            assertThat(past.problems()).as(what).isEmpty();
            assertThat(past.notPassed()).as(what).isEmpty();
            assertThat(past.tests())
                    .as(what)
                    .extracting(PlainTest::name)
                    .containsExactlyInAnyOrderElementsOf(IntStream.rangeClosed(1, ResumedProgram.TESTS)
                            .mapToObj(n -> "/t" + n)
                            .toList());
            Call.eventually("nothing is left: " + what + log, () -> isClean());
        }
    }

    /** {@return whether the program has ended by itself, after the kill} */
    private boolean runAndKill(Path run, Victim victim, int events, Random random) throws Exception {
        Process program = start(run);
        BufferedReader output = program.inputReader();
        for (int n = 0; n < events && output.readLine() != null; n++) {
            // to the moment of the kill
        }
        switch (victim) {
            case PROGRAM -> {
                program.destroyForcibly().waitFor();
                return false;
            }
            case DAEMON -> {
                LAB.kill();
                LAB.start();
            }
            case MACHINE -> {
                List<ProcessHandle> machines = LAB.machines();
                if (!machines.isEmpty()) {
                    machines.get(random.nextInt(machines.size())).destroyForcibly();
                }
            }
        }
        assertThat(end(program)).as("the exit code of the run").isZero();
        return true;
    }

    private Process start(Path run) throws IOException {
        Files.createDirectories(run);
        return new ProcessBuilder(ChildJvm.command(
                        "128m",
                        ResumedProgram.class,
                        run.toString(),
                        LAB.uri(),
                        LAB.systems().toString(),
                        LAB.disk().toString()))
                .redirectError(ProcessBuilder.Redirect.appendTo(run.resolve("log").toFile()))
                .start();
    }

    private static int end(Process program) throws Exception {
        BufferedReader output = program.inputReader();
        while (output.readLine() != null) {
            // to the end
        }
        assertThat(program.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return program.exitValue();
    }

    private static boolean isClean() {
        try {
            return Guests.files(LAB.systems()).isEmpty()
                    && LAB.machines().isEmpty()
                    && LAB.virsh("list", "--all", "--name").isBlank();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
