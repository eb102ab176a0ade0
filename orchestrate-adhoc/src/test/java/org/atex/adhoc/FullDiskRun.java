package org.atex.adhoc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.SmallDisk;

/** A program with a run on a disk that fills up during the run and has space again after the run was paused. */
final class FullDiskRun {
    private FullDiskRun() {}

    private static final class OnDisk implements Executor {
        private final Path disk;
        private final AtomicInteger runs;

        OnDisk(Path disk, AtomicInteger runs) {
            this.disk = disk;
            this.runs = runs;
        }

        @Override
        public TestEnd run(TestCase test, Artifacts into) {
            if (runs.incrementAndGet() == 5) {
                SmallDisk.fill(disk);
            }
            try {
                Files.writeString(into.results(), "{\"status\":\"pass\",\"files\":[\"output.txt\"]}\n");
                Files.createDirectory(into.files());
                Files.write(into.files().resolve("output.txt"), new byte[10_000]);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return TestEnd.exited(0);
        }

        @Override
        public void close() {}
    }

    /** Writes a file for each test to the disk. */
    private record Copies(Path directory) implements Aggregator {
        @Override
        public void ingest(TestRecord record, Artifacts artifacts) {
            try {
                Files.write(directory.resolve(record.name().substring(1)), new byte[5000]);
                artifacts.delete();
            } catch (IOException e) {
                throw new AggregationException("could not store " + record.name(), e);
            }
        }

        @Override
        public void close() {}
    }

    /**
     * Starts the run.
     *
     * @param args the mount point of the disk
     */
    public static void main(String[] args) throws Exception {
        Path disk = Path.of(args[0]);
        AtomicInteger runs = new AtomicInteger();
        List<TestCase> tests = IntStream.range(0, 24)
                .mapToObj(i -> (TestCase) TestCase.named("/t" + i))
                .toList();
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(connection -> new OnDisk(disk, runs))
                        .into(new Copies(Files.createDirectory(disk.resolve("stored"))))
                        .workDirectory(disk.resolve("work"))
                        .maxSystems(4)
                        .diskSpaceWithin(Duration.ofMinutes(1))
                        .listener(event -> {
                            if (event instanceof RunEvent.Paused paused) {
                                System.out.println(paused.why().isEmpty() ? "goes on" : "paused: " + paused.why());
                                makeRoom(disk, paused);
                            }
                        })
                        .build()) {
            RunSummary summary = run.run();
            System.out.println(summary.verdict() + " " + summary.counts() + " " + summary.problems());
            System.out.println("systems " + systems.handedOut().size());
        }
        try (var stored = Files.list(disk.resolve("stored"))) {
            System.out.println("stored " + stored.count());
        }
    }

    private static void makeRoom(Path disk, RunEvent.Paused paused) {
        if (!paused.why().isEmpty()) {
            try {
                SmallDisk.makeRoom(disk);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
