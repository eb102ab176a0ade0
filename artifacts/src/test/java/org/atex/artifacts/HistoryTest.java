package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.atex.api.AttemptCause;
import org.atex.api.Outcome;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A history knows durations and outcomes of earlier runs, and its file survives several writers and damage. */
@Timeout(300)
class HistoryTest {
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    private Path directory;

    private Path file() {
        return directory.resolve("history.jsonl");
    }

    private static TestRecord record(String test, Outcome outcome, long seconds, long hour) {
        return TestRecord.of("here", TestCase.named(test), TestEnd.of(outcome, null))
                .withTimes(BEGIN.plus(Duration.ofHours(hour)), Duration.ofSeconds(seconds));
    }

    private static History run(int number, TestRecord... records) {
        return History.of("run-" + number, List.of(records));
    }

    private static History runs(String test, Outcome... outcomes) {
        History all = History.empty();
        for (int i = 0; i < outcomes.length; i++) {
            all = all.with(run(i, record(test, outcomes[i], i + 1, i)));
        }
        return all;
    }

    private static SystemInfo system(String name) {
        return new SystemInfo(name, "cloud", name, Map.of());
    }

    @Test
    void testThatNeverRanHasNoNumbers() {
        TestHistory test = History.empty().test("/a");
        assertThat(test.expected()).isNull();
        assertThat(test.p99()).isNull();
        assertThat(test.flakeRate()).isZero();
        assertThat(test.lastOutcome()).isNull();
        assertThat(test.lastStarted()).isNull();
        assertThat(test).hasToString("never run");
        assertThat(History.empty().setUp("cloud")).isNull();
    }

    @Test
    void oneSlowAttemptDoesNotChangeTheExpectedDuration() {
        History history = History.empty();
        for (int i = 0; i < 9; i++) {
            history = history.with(run(i, record("/a", Outcome.PASSED, i == 4 ? 3600 : 10, i)));
        }
        assertThat(history.test("/a").expected()).isEqualTo(Duration.ofSeconds(10));
        assertThat(history.test("/a").p99()).isEqualTo(Duration.ofHours(1));
        assertThat(history.test("/a").samples()).isEqualTo(9);
        assertThat(history.test("/a").passed()).isEqualTo(9);
    }

    @Test
    void expectedDurationFollowsATestThatBecameSlower() {
        History history = History.empty();
        for (int i = 0; i < 20; i++) {
            history = history.with(run(i, record("/a", Outcome.PASSED, i < 10 ? 10 : 60, i)));
        }
        assertThat(history.test("/a").expected()).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void failuresCountForTheExpectedDurationOnlyIfNothingPassed() {
        assertThat(runs("/a", Outcome.FAILED, Outcome.TIMED_OUT, Outcome.FAILED)
                        .test("/a")
                        .expected())
                .isEqualTo(Duration.ofSeconds(2));
        assertThat(runs("/a", Outcome.FAILED, Outcome.PASSED, Outcome.ERROR)
                        .test("/a")
                        .expected())
                .isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void attemptsThatSayNothingAboutTheTestAreLeftOut() {
        History history = runs("/a", Outcome.PASSED, Outcome.LOST, Outcome.CANCELLED, Outcome.SETUP_FAILED);
        assertThat(history.test("/a").ends()).hasSize(1);
        assertThat(history.test("/a").lastOutcome()).isEqualTo(Outcome.PASSED);
        assertThat(run(1, record("/a", Outcome.SKIPPED, 0, 0).withAttempt(0, true))
                        .tests())
                .as("tests that never started")
                .isEmpty();
    }

    @Test
    void testThatIsAlwaysSkippedTakesAsLongAsItsSkips() {
        assertThat(runs("/a", Outcome.SKIPPED).test("/a").expected()).isNotNull();
        assertThat(runs("/a", Outcome.SKIPPED).test("/a").p99()).isNull();
    }

    @Test
    void flakeRateIsTheShareOfChanges() {
        Outcome pass = Outcome.PASSED;
        Outcome fail = Outcome.FAILED;
        assertThat(runs("/a", pass, fail, pass, fail, pass).test("/a").flakeRate())
                .isEqualTo(1);
        assertThat(runs("/a", fail, fail, fail).test("/a").flakeRate()).isZero();
        assertThat(runs("/a", pass, pass, Outcome.SKIPPED, fail, fail, fail)
                        .test("/a")
                        .flakeRate())
                .as("a test that broke once")
                .isEqualTo(0.25);
    }

    @Test
    void rerunsAreAttempts() {
        TestRecord failed = record("/a", Outcome.FAILED, 1, 0);
        TestRecord passed = record("/a", Outcome.PASSED, 1, 1).withAttempt(2, true);
        TestHistory test = run(1, failed, passed).test("/a");
        assertThat(test.ends()).extracting(TestHistory.End::attempt).containsExactly(1, 2);
        assertThat(test.flakeRate()).isEqualTo(1);
        assertThat(test.lastStarted()).isEqualTo(BEGIN.plus(Duration.ofHours(1)));
    }

    @Test
    void failureOnABadHostIsNotOneOfTheTest() {
        TestRecord failed = record("/a", Outcome.FAILED, 1, 0);
        TestRecord passed =
                record("/a", Outcome.PASSED, 1, 1).withAttempt(2, true).withCause(AttemptCause.HOST_QUARANTINED);
        assertThat(run(1, failed, passed, record("/b", Outcome.FAILED, 1, 0))
                        .test("/a")
                        .ends())
                .extracting(TestHistory.End::attempt)
                .containsExactly(2);
    }

    @Test
    void historyIsBounded() {
        History history = History.empty();
        for (int i = 0; i < 50; i++) {
            history = history.with(run(i, record("/a", Outcome.PASSED, i, i), record("/b", Outcome.PASSED, i, 0)));
        }
        assertThat(history.test("/a").ends()).hasSize(History.MAX_ENDS);
        assertThat(history.test("/a").ends().get(0).run()).isEqualTo("run-30");
        History later = history.with(run(50, record("/b", Outcome.PASSED, 1, 24 * 180)));
        assertThat(later.tests()).as("180 days later").containsOnlyKeys("/a", "/b");
        assertThat(later.with(run(51, record("/b", Outcome.PASSED, 1, 24 * 183)))
                        .tests())
                .as("a test that has not run for 181 days is dropped")
                .containsOnlyKeys("/b");
    }

    @Test
    void fastClockDoesNotMakeOtherTestsOld() {
        History now = History.of(
                "now", List.of(record("/a", Outcome.PASSED, 1, 0).withTimes(Instant.now(), Duration.ofSeconds(1))));
        History fast = History.of(
                "fast",
                List.of(record("/b", Outcome.PASSED, 1, 0)
                        .withTimes(Instant.parse("2999-01-01T00:00:00Z"), Duration.ofSeconds(1))));
        assertThat(now.with(fast).tests()).containsOnlyKeys("/a", "/b");
    }

    /** Whatever is merged in whatever order, the result is the same, and adding something twice changes nothing. */
    @Test
    void mergingHasNoOrder() {
        Random random = new Random(7);
        Outcome[] outcomes = Outcome.values();
        for (int round = 0; round < 100; round++) {
            List<History> parts = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                History part = History.empty();
                for (int run = 0; run < 8; run++) {
                    part = part.with(run(
                                    random.nextInt(60),
                                    record(
                                            "/t" + random.nextInt(3),
                                            outcomes[random.nextInt(outcomes.length)],
                                            random.nextInt(5),
                                            random.nextInt(24 * 50))))
                            .withReady("run-" + random.nextInt(5), system("s"), BEGIN, Duration.ofSeconds(run));
                }
                parts.add(part);
            }
            History one = parts.stream().reduce(History.empty(), History::with);
            Collections.shuffle(parts, random);
            History other = parts.stream().reduce(History.empty(), (a, b) -> b.with(a));
            assertThat(other).as("round %d", round).isEqualTo(one);
            assertThat(one.with(parts.get(0)).with(one)).isEqualTo(one);
        }
    }

    @Test
    void fileHasWhatWasAdded() throws Exception {
        String hostile = "/a \"b\"\n\u0000\ud83d\ude00 ]]> \\";
        History history = run(1, record(hostile, Outcome.FAILED, 5, 0))
                .withReady("run-1", system("vm-1"), BEGIN, Duration.ofSeconds(30))
                .withReady("run-1", system("vm-2"), BEGIN, Duration.ofSeconds(50));
        assertThat(History.read(file())).isEqualTo(History.empty());
        assertThat(History.add(file(), history)).isEqualTo(history);
        assertThat(History.read(file())).isEqualTo(history);
        assertThat(history.setUp("cloud")).isEqualTo(Duration.ofSeconds(40));
        History more = History.add(file(), run(2, record(hostile, Outcome.PASSED, 7, 5)));
        assertThat(more.test(hostile).ends()).hasSize(2);
        assertThat(History.read(file())).isEqualTo(more);
        assertThat(directory).as("no other file is left").isDirectoryContaining(file()::equals);
        assertThat(Files.list(directory)).hasSize(1);
    }

    @Test
    void linkToAFileStaysALink() throws Exception {
        Path real = directory.resolve("real.jsonl");
        Files.writeString(real, "");
        Files.createSymbolicLink(file(), real);
        History.add(file(), run(1, record("/a", Outcome.PASSED, 1, 0)));
        assertThat(file()).isSymbolicLink();
        assertThat(History.read(real).tests()).containsOnlyKeys("/a");
    }

    @Test
    void strangeTimesAreKept() throws Exception {
        List<TestRecord> records = new ArrayList<>();
        for (Instant time :
                List.of(Instant.MIN, Instant.EPOCH, Instant.parse("2026-01-01T00:00:00.123456789Z"), Instant.MAX)) {
            records.add(record("/" + time, Outcome.PASSED, 0, 0).withTimes(time, Duration.ofNanos(1_999_999)));
        }
        for (TestRecord record : records) {
            History.add(file(), History.of("run-1", List.of(record)));
            Files.move(file(), directory.resolve("one"), StandardCopyOption.REPLACE_EXISTING);
            assertThat(History.read(directory.resolve("one")))
                    .as("the history with %s", record)
                    .isEqualTo(History.of("run-1", List.of(record)));
        }
    }

    @Test
    void damagedLinesAreReportedAndLeftOut() throws Exception {
        History history = run(1, record("/a", Outcome.PASSED, 1, 0));
        History.add(file(), history);
        Files.writeString(
                file(),
                String.join(
                        "\n",
                        "{\"test\": \"/b\", \"ends\": [[\"run-1\", 1, 1767225600000, 1000]]}",
                        "{\"test\": \"/c\", \"ends\": [[\"run-1\", \"x\", 1767225600000, 1000, \"PASSED\"]]}",
                        "{\"test\": \"/d\", \"ends\": [[\"run-1\", 1, -5, 1000, \"PASSED\"]]}",
                        "{\"test\": \"/e\", \"ends\": 3}",
                        "{\"test\": 3}",
                        "{\"provisioner\": \"x\", \"ready\": [1]}",
                        "{\"something\": \"of a later version\"}",
                        "",
                        "{\"test\": \"/f\", \"en"),
                StandardOpenOption.APPEND);
        History read = History.read(file());
        assertThat(read).isEqualTo(history);
        assertThat(read.problems()).hasSize(7).allMatch(problem -> problem.startsWith(file() + ", line "));
        assertThat(read.problems().get(6)).contains("line 10", "incomplete");
        History more = History.add(file(), run(2, record("/a", Outcome.PASSED, 1, 1)));
        assertThat(more.problems()).as("the writer tells them too").hasSize(7);
        assertThat(History.read(file()).problems()).isEmpty();
        assertThat(History.read(file()).test("/a").ends()).hasSize(2);
    }

    @Test
    void fileOfBytesThatAreNoTextHasBoundedProblems() throws Exception {
        byte[] noise = new byte[200_000];
        new Random(5).nextBytes(noise);
        Files.write(file(), noise);
        assertThat(History.read(file()).problems()).hasSizeBetween(1, 21);
        assertThat(History.read(file()).tests()).isEmpty();
    }

    @Test
    void fileThatCannotBeWrittenStaysAsItWas() throws Exception {
        History.add(file(), run(1, record("/a", Outcome.PASSED, 1, 0)));
        Files.createDirectory(directory.resolve("history.jsonl.new"));
        assertThatThrownBy(() -> History.add(file(), run(2, record("/a", Outcome.PASSED, 1, 1))))
                .isInstanceOf(IOException.class);
        assertThat(History.read(file()).test("/a").ends()).hasSize(1);
        assertThatThrownBy(() -> History.read(directory)).isInstanceOf(IOException.class);
    }

    /** A program that adds runs. */
    static final class Writer {
        public static void main(String[] arguments) throws Exception {
            write(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
        }
    }

    private static void write(Path file, int writer) throws IOException, InterruptedException {
        for (int i = 0; i < 10; i++) {
            History.add(
                    file,
                    History.of(
                            writer + "-" + i,
                            List.of(
                                    record("/of " + writer, Outcome.PASSED, 1, i),
                                    record("/shared " + i, Outcome.PASSED, 1, writer))));
        }
    }

    @Test
    void severalProgramsAndThreadsLoseNothing() throws Exception {
        List<Process> programs = new ArrayList<>();
        for (int writer = 0; writer < 2; writer++) {
            programs.add(new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Writer.class.getName(),
                            file().toString(),
                            String.valueOf(writer))
                    .inheritIO()
                    .start());
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Future<?>> writers = new ArrayList<>();
            for (int writer = 2; writer < 5; writer++) {
                int number = writer;
                writers.add(threads.submit(() -> {
                    write(file(), number);
                    return true;
                }));
            }
            for (Future<?> writer : writers) {
                writer.get();
            }
        }
        for (Process program : programs) {
            assertThat(program.waitFor()).isZero();
        }
        History all = History.read(file());
        assertThat(all.problems()).isEmpty();
        IntStream.range(0, 5)
                .forEach(writer -> assertThat(all.test("/of " + writer).ends())
                        .as("ends of writer %d", writer)
                        .hasSize(10));
        IntStream.range(0, 10)
                .forEach(i -> assertThat(all.test("/shared " + i).ends()).hasSize(5));
    }
}
