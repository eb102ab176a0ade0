package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
@ExtendWith(LeakCheck.class)
class ArtifactDirectoriesTest {
    @TempDir
    private Path directory;

    private final List<String> problems = new ArrayList<>();

    @Test
    void directoryThatCannotBeDeletedIsReportedAsAProblem() throws Exception {
        Path parent = Files.createDirectory(directory.resolve("parent"));
        ArtifactDirectories room = new ArtifactDirectories(Files.createDirectory(parent.resolve("room")), true);
        room.next().delete();
        // Not by permissions, which root ignores.
        Files.delete(parent.resolve("room"));
        Files.delete(parent);
        Files.writeString(parent, "in the way");

        room.close(problems::add);

        assertThat(problems)
                .singleElement()
                .asString()
                .contains("could not delete", parent.resolve("room").toString());
    }

    @Test
    void keptGivenOrMissingDirectoriesAreNoProblem() throws Exception {
        Path root = Files.createDirectory(directory.resolve("room"));
        ArtifactDirectories room = new ArtifactDirectories(root, true);
        Artifacts kept = room.next();
        room.close(problems::add);
        assertThat(kept.directory()).exists();

        kept.delete();
        ArtifactDirectories.in(root).close(problems::add);
        assertThat(root).exists();

        room.close(problems::add);
        assertThat(root).doesNotExist();
        room.close(problems::add);
        assertThat(problems).isEmpty();
    }

    /** Deletes the directory, as a cleanup job for {@code /tmp} does. */
    private static final class Sweeper implements Aggregator {
        @Override
        public void ingest(TestRecord record, Artifacts artifacts) {
            try {
                Path room = Objects.requireNonNull(artifacts.directory().getParent());
                artifacts.delete();
                Files.delete(room);
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
