package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.Command;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.atex.artifacts.History;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.jsonl.JsonLinesAggregator;
import org.atex.local.LocalProvisioner;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A test that is ended at a limit that follows from its history leaves a list of processes. */
@Timeout(300)
@ExtendWith(LeakCheck.class)
class TimeLimitsTest {
    @TempDir
    private Path directory;

    @Test
    void adaptiveLimitLeavesTheProcesses() throws Exception {
        Path history = directory.resolve("history.jsonl");
        Instant yesterday = Instant.now().minus(Duration.ofDays(1));
        List<TestRecord> earlier = IntStream.range(0, 5)
                .mapToObj(i -> TestRecord.of("default", "/hangs", TestEnd.exited(0))
                        .withTimes(yesterday.plusSeconds(i), Duration.ofMillis(500)))
                .toList();
        for (TestRecord record : earlier) {
            var unused = History.add(history, History.of("run " + record.started(), List.of(record)));
        }
        CommandTest hangs = CommandTest.of("/hangs", Command.bash("echo begun; sleep 87654"))
                .withLimit(Duration.ofHours(1));
        TestSummary test;
        try (var systems = LocalProvisioner.withMaxSystems(1);
                var results = JsonLinesAggregator.open(directory.resolve("results.jsonl"), directory.resolve("files"));
                var run = AdHocOrchestrator.builder(List.of(hangs))
                        .on(systems)
                        .with(CommandExecutor.factory())
                        .into(results)
                        .history(history)
                        .adaptiveLimits(Duration.ofSeconds(2))
                        .build()) {
            test = run.run().tests().get(0);
        }

        assertThat(test.end().outcome()).isEqualTo(Outcome.TIMED_OUT);
        assertThat(test.end().note()).contains("its limit of 2s follows from 5 earlier attempts");
        assertThat(test.excerpt().lastLines())
                .as("the last lines are those of the test")
                .containsExactly("begun");
        assertThat(directory.resolve("files/default/hangs/processes.txt"))
                .content()
                .contains(" sleep 87654\n");
        assertThat(directory.resolve("results.jsonl")).content().contains("\"processes.txt\"");
    }
}
