package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Orchestrator;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestRecord;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@Timeout(120)
@ExtendWith(LeakCheck.class)
class DeletedDirectoryTest {
    /** Deletes the directory, as a cleanup job for {@code /tmp} does. */
    private static final class Sweeper implements Aggregator {
        @Override
        public void ingest(TestRecord record, Artifacts artifacts) {
            try {
                Path room = Objects.requireNonNull(artifacts.directory().getParent());
                Artifacts.at(room).delete();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {}
    }

    @Test
    void runWithADeletedDirectoryReturnsItsSummary() throws Exception {
        List<TestCase> tests = List.of(TestCase.named("/test"));
        FakeExecutors executors = FakeExecutors.passing(Duration.ZERO);
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                Orchestrator one = SequentialOrchestrator.builder(tests)
                        .on(systems)
                        .with(executors)
                        .into(new Sweeper())
                        .build();
                Orchestrator other = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(executors)
                        .into(new Sweeper())
                        .build()) {
            for (Orchestrator orchestrator : List.of(one, other)) {
                RunSummary summary = orchestrator.run();
                assertThat(summary.exitCode()).isZero();
                assertThat(summary.problems()).isEmpty();
            }
        }
    }
}
