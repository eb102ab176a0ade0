package org.atex.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.api.PlainTest;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.artifacts.PastRun;
import org.atex.artifacts.Spool;
import org.atex.artifacts.SpooledAttempt;

/** Measures how long a new JVM with 64 MiB of heap reads a kept run, compared to reading the lines of its journal. */
final class KeptRun implements Scenario {
    private static final int ATTEMPTS = 100_000;

    @Override
    public String name() {
        return "kept-run";
    }

    @Override
    public String about() {
        return "a kept run of 100,000 attempts, read in a heap of 64 MiB, against counting the lines of its journal";
    }

    @Override
    public int samples() {
        return 3;
    }

    @Override
    public Sample measure() throws Exception {
        Path directory = Files.createTempDirectory("atex-runs-");
        try {
            write(directory);
            return new Sample(
                    Runs.child(KeptRun.class, "read", directory), Runs.child(KeptRun.class, "count", directory));
        } finally {
            Runs.delete(directory);
        }
    }

    private static void write(Path directory) throws IOException {
        List<PlainTest> tests = IntStream.range(0, ATTEMPTS)
                .mapToObj(i -> TestCase.named("/suite/area-" + i % 100 + "/test-number-" + i)
                        .withTags(Set.of("slow", "net")))
                .toList();
        try (Spool spool = Spool.keep(directory, "1", "default", List.of("a"), tests, false)) {
            for (int i = 0; i < ATTEMPTS; i++) {
                SpooledAttempt attempt = spool.next();
                TestRecord started = TestRecord.of("default", tests.get(i), SpooledAttempt.KILLED)
                        .withTimes(Instant.now(), Duration.ZERO)
                        .withSystem(SystemInfo.named("system-" + i % 100), 1);
                attempt.write(SpooledAttempt.State.RUNNING, started);
                TestRecord ended = TestRecord.of("default", tests.get(i), TestEnd.exited(i % 10 == 0 ? 1 : 0))
                        .withTimes(started.started(), Duration.ofMillis(i))
                        .withSystem(started.system(), 1);
                attempt.write(SpooledAttempt.State.ENDED, ended);
                attempt.stored(ended);
            }
        }
    }

    /**
     * Main method of the measured process: prints the seconds.
     *
     * @param args the operation and the directory
     */
    public static void main(String[] args) throws Exception {
        Path run = Path.of(args[1], "run-1");
        System.out.println(Runs.seconds(() -> {
            if (args[0].equals("read")) {
                return (long) PastRun.read(run).attempts().size();
            }
            try (Stream<String> lines = Files.lines(run.resolve("journal.jsonl"))) {
                return lines.count();
            }
        }));
    }

    @Override
    public String describe(Sample median) {
        return String.format(Locale.ROOT, "%.2f s (goal: less than 1), ratio %.1f", median.seconds(), median.ratio());
    }
}
