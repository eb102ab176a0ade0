package org.atex.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.PlainTest;
import org.atex.api.Remote;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.artifacts.Spool;
import org.atex.artifacts.SpooledAttempt;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;

/**
 * Measures the processor time of the journal of 10,000 tests. The baseline is the processor time of a run of 10,000 tests
 * that do nothing, without that of the journal. The directories that each attempt needs for its results are made and
 * deleted in both.
 */
final class JournalShare implements Scenario {
    private static final int TESTS = 10_000;
    private static final int SYSTEMS = 16;

    @Override
    public String name() {
        return "journal";
    }

    @Override
    public String about() {
        return "processor time of the journal of 10,000 tests, against a run of tests that do nothing";
    }

    @Override
    public Sample measure() throws Exception {
        double journal = journal() - directories();
        return new Sample(journal, run() - journal);
    }

    private static double journal() throws IOException {
        Path directory = Files.createTempDirectory("atex-journal-");
        List<PlainTest> tests = IntStream.range(0, TESTS)
                .mapToObj(i -> TestCase.named("/t" + i))
                .toList();
        List<TestRecord> started = new ArrayList<>();
        List<TestRecord> ended = new ArrayList<>();
        for (int i = 0; i < TESTS; i++) {
            SystemInfo system = SystemInfo.named("system-" + i % SYSTEMS);
            Instant now = Instant.now();
            started.add(TestRecord.of("default", tests.get(i), SpooledAttempt.KILLED)
                    .withTimes(now, Duration.ZERO)
                    .withSystem(system, 1));
            ended.add(TestRecord.of("default", tests.get(i), TestEnd.exited(0))
                    .withTimes(now, Duration.ofMillis(1))
                    .withSystem(system, 1));
        }
        try {
            return threadSeconds(() -> {
                try (Spool spool = Spool.keep(directory, "1", "default", List.of("a"), tests, false)) {
                    for (int i = 0; i < TESTS; i++) {
                        SpooledAttempt attempt = spool.next();
                        attempt.write(SpooledAttempt.State.RUNNING, started.get(i));
                        attempt.write(SpooledAttempt.State.ENDED, ended.get(i));
                        attempt.stored(ended.get(i));
                    }
                }
            });
        } finally {
            Runs.delete(directory);
        }
    }

    private static double directories() throws IOException {
        Path directory = Files.createTempDirectory("atex-journal-");
        try {
            return threadSeconds(() -> {
                for (int i = 0; i < TESTS; i++) {
                    Artifacts.at(Files.createDirectory(directory.resolve(Integer.toString(i))))
                            .delete();
                }
            });
        } finally {
            Runs.delete(directory);
        }
    }

    private static double run() throws Exception {
        Executor executor = new Executor() {
            @Override
            public TestEnd run(TestCase test, Artifacts into) {
                return TestEnd.exited(0);
            }

            @Override
            public void close() {}
        };
        OperatingSystemMXBean process = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready()).maxSystems(SYSTEMS)) {
            long before = process.getProcessCpuTime();
            double unused = Runs.run(Runs.tests(TESTS), systems, (Remote system) -> executor);
            return (process.getProcessCpuTime() - before) / 1e9;
        }
    }

    private interface Action {
        void run() throws IOException;
    }

    private static double threadSeconds(Action action) throws IOException {
        long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        action.run();
        return (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before) / 1e9;
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.1f us for each test, %.1f %% of the rest of its run (goal: less than 5 %%)",
                median.seconds() / TESTS * 1e6,
                median.ratio() * 100);
    }
}
