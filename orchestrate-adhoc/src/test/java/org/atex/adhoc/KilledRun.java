package org.atex.adhoc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestRecord;
import org.atex.testkit.Call;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;

/**
 * A program whose run has 12 tests on two systems. A sink appends the names of its tests to a
 * file. The last two tests do not end. The program prints a line when the other ten have ended, and waits to be killed.
 */
final class KilledRun {
    private KilledRun() {}

    /** Appends names to a file, up to a number, and then blocks. */
    static final class Names implements Aggregator {
        private final Path file;
        private final int most;
        private final AtomicInteger count = new AtomicInteger();

        Names(Path file, int most) {
            this.file = file;
            this.most = most;
        }

        @Override
        public synchronized void ingest(TestRecord record, Artifacts artifacts) {
            if (count.incrementAndGet() > most) {
                LockSupport.park(); // until the program is killed
            }
            try {
                Files.writeString(
                        file,
                        record.name() + " " + record.end().outcome() + "\n",
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND);
                artifacts.delete();
            } catch (IOException e) {
                throw new AggregationException("could not store " + record, e);
            }
        }

        @Override
        public void close() {}

        @Override
        public String toString() {
            return "names";
        }
    }

    /**
     * Starts the program in a process of its own.
     *
     * @param runs the directory of runs
     * @param names the file of the names
     * @param stored how many names are stored
     * @param kept whether the run is kept
     */
    static Process start(Path runs, Path names, int stored, boolean kept) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledRun.class.getName(),
                        runs.toString(),
                        names.toString(),
                        Integer.toString(stored),
                        Boolean.toString(kept))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Waits until the journal has the ends of ten tests: the events of a run do not wait for it. */
    static void awaitJournal(Path runs) {
        Pattern ends = Pattern.compile("\\{\"attempt\":(\\d+),\"state\":\"(ENDED|STORED)\"");
        Call.eventually("ten ends are in the journal", () -> {
            try (Stream<Path> entries = Files.list(runs)) {
                Path run = entries.filter(Files::isDirectory).findFirst().orElseThrow();
                return ends.matcher(Files.readString(run.resolve("journal.jsonl")))
                                .results()
                                .map(end -> end.group(1))
                                .distinct()
                                .count()
                        >= 10;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /**
     * Runs the program.
     *
     * @param args the directory of runs, the file of the names, how many names are stored, and whether the run is kept
     */
    public static void main(String[] args) throws Exception {
        List<TestCase> tests = IntStream.range(0, 12)
                .<TestCase>mapToObj(i -> TestCase.named("/t" + i))
                .toList();
        AtomicInteger events = new AtomicInteger();
        AdHocOrchestrator.Builder builder = AdHocOrchestrator.builder(tests);
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                AdHocOrchestrator run = (Boolean.parseBoolean(args[3])
                                ? builder.keep(Path.of(args[0]))
                                : builder.workDirectory(Path.of(args[0])))
                        .on(systems)
                        .with(FakeExecutors.running(
                                test -> Integer.parseInt(test.name().substring(2)) < 10
                                        ? FakeRun.passing(Duration.ZERO)
                                        : FakeRun.passing(Duration.ofDays(1))))
                        .into(new Names(Path.of(args[1]), Integer.parseInt(args[2])))
                        .maxSystems(2)
                        .listener(event -> {
                            boolean passed = event instanceof RunEvent.TestFinished finished
                                    && finished.record().end().outcome() == Outcome.PASSED;
                            if ((passed || event instanceof RunEvent.TestStarted)
                                    && events.incrementAndGet() == 12 + 10) {
                                System.out.println("ten tests have ended");
                            }
                        })
                        .build()) {
            RunSummary unused = run.run();
        }
    }
}
