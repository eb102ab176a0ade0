package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.adhoc.Limits;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.console.Progress;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs a program with its output in a pipe that is not read: progress cannot be printed, and the run continues. */
class UnreadOutputTest {
    private static final int TESTS = 2000;

    /** Prints more than the capacity of a pipe. */
    static final class Talkative {
        public static void main(String[] args) throws Exception {
            RunSummary summary;
            try (var systems = FakeProvisioner.of(FakeSystem.ready()).maxSystems(4);
                    var run = AdHocOrchestrator.builder(IntStream.range(0, TESTS)
                                    .mapToObj(i -> TestCase.named("/a/test/with/a/long/name/" + i))
                                    .toList())
                            .platform("a platform with a name that is long, too")
                            .on(systems)
                            .with(FakeExecutors.passing(Duration.ZERO))
                            .into(RecordingAggregator.create())
                            .limits(Limits.defaults()
                                    .withListener(Duration.ofSeconds(1))
                                    .withGrace(Duration.ofSeconds(1)))
                            .listener(Progress.onConsole())
                            .build()) {
                summary = run.run();
            }
            Files.writeString(Path.of(args[0]), summary.counts() + "\n" + summary.problems());
            System.exit(summary.exitCode());
        }
    }

    @Test
    @Timeout(180)
    void runContinuesAndReportsTheBlockedProgress(@TempDir Path directory) throws Exception {
        Path ended = directory.resolve("ended");
        Process process = new ProcessBuilder(Signalled.plainJava(Talkative.class, ended.toString()))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assertThat(process.waitFor(50, TimeUnit.SECONDS)).as("the run ends").isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(ended).content().contains("{PASSED=" + TESTS + "}", Progress.class.getName());
    }
}
