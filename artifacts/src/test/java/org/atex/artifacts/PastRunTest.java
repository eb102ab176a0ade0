package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.assertj.core.api.Assertions;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.artifacts.SpooledAttempt.State;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A kept run has the files of its attempts, and can be stored again, bundled and merged. */
@Timeout(180)
class PastRunTest {
    private static final SystemInfo SYSTEM = new SystemInfo("s", "lab", "host-1", Map.of("arch", "x86_64"));

    @TempDir
    private Path directory;

    private int runs;

    /** What an aggregator got: the text of {@code output.txt} by attempt. */
    private static final class Sink implements Aggregator {
        private final Map<String, String> outputs = new LinkedHashMap<>();
        private final List<TestRecord> records = new ArrayList<>();

        @Override
        public void ingest(TestRecord record, Artifacts artifacts) {
            if (record.name().equals("/refused")) {
                throw new AggregationException("it is full", null);
            }
            try {
                records.add(record);
                outputs.put(
                        record.platform() + record.name() + " " + record.attempt(),
                        artifacts.isNone()
                                ? "none"
                                : Files.readString(artifacts.files().resolve("output.txt")));
                artifacts.delete();
            } catch (IOException e) {
                throw new AggregationException("it failed", e);
            }
        }

        @Override
        public void close() {}
    }

    private static TestRecord record(String platform, String test, Outcome outcome, int attempt, boolean last) {
        return TestRecord.of(platform, test, TestEnd.of(outcome, "why"))
                .withAttempt(attempt, last)
                .withTimes(Instant.parse("2026-11-27T10:00:00Z"), Duration.ofSeconds(attempt))
                .withSystem(SYSTEM, 1);
    }

    /** Keeps a run, which plans the tests of its records and the further ones, and returns it. */
    private PastRun run(boolean isEnded, List<TestRecord> records, String... further) throws IOException {
        return run(directory.resolve("runs"), isEnded, records, further);
    }

    private PastRun run(Path home, boolean isEnded, List<TestRecord> records, String... further) throws IOException {
        List<PlainTest> planned = new ArrayList<>();
        Stream.concat(records.stream().map(TestRecord::name), Stream.of(further))
                .distinct()
                .forEach(name -> planned.add(TestCase.named(name)));
        String platform = records.get(0).platform();
        String id = "id-" + ++runs;
        Spool spool = Spool.keep(home, id, platform, List.of("a"), planned, true);
        for (TestRecord record : records) {
            if (record.attempt() == 0) {
                spool.stored(record);
                continue;
            }
            SpooledAttempt attempt = spool.next();
            Files.createDirectories(attempt.artifacts().files());
            Files.writeString(attempt.artifacts().files().resolve("output.txt"), id + record.name() + record.attempt());
            attempt.write(State.RUNNING, record);
            attempt.write(State.ENDED, record);
            attempt.ingest(new Sink(), record, true);
            attempt.storedBy("a", record);
        }
        if (isEnded) {
            spool.close();
        } else {
            spool.leave();
        }
        return PastRun.read(home.resolve("run-" + id));
    }

    @Test
    void directoryOfRunsMayBeCalledLikeARun() throws Exception {
        Path home = directory.resolve("run-nightly");
        PastRun run = run(home, true, List.of(record("p", "/a", Outcome.PASSED, 1, true)));

        assertThat(PastRun.latest(home)).map(PastRun::directory).contains(run.directory());
        assertThat(PastRun.latest(run.directory())).map(PastRun::directory).contains(run.directory());
        Sink sink = new Sink();
        assertThat(Spool.replay(home, "b", sink).problems()).isEmpty();
    }

    private static String output(PastRun run, TestRecord record) throws IOException {
        return Files.readString(run.artifacts(record).files().resolve("output.txt"));
    }

    private static Map<String, String> replayed(PastRun run) throws IOException {
        Sink sink = new Sink();
        assertThat(run.replay(sink)).isEmpty();
        return sink.outputs;
    }

    private static List<String> unchangedFiles(Path home) throws IOException {
        try (Stream<Path> all = Files.walk(home)) {
            return all.map(Path::toString).sorted().toList();
        }
    }

    @Test
    void filesStayAfterTheyWereStored() throws Exception {
        TestRecord first = record("p", "/a", Outcome.FAILED, 1, false);
        TestRecord second = record("p", "/a", Outcome.PASSED, 2, true);
        TestRecord never = TestRecord.notRun("p", "/never", "no system");
        PastRun run = run(true, List.of(first, second, never));
        assertThat(output(run, first)).isEqualTo("id-1/a1");
        assertThat(output(run, second)).isEqualTo("id-1/a2");
        assertThat(run.artifacts(never).isNone()).isTrue();
        assertThat(run.artifacts(record("p", "/other", Outcome.PASSED, 1, true)).isNone())
                .isTrue();
        assertThat(run.hasEnded()).isTrue();
        assertThat(run.about()).containsKeys("host", "user", "directory", "java", "os");
        assertThat(run.verdict()).isEqualTo(Verdict.INCOMPLETE);
    }

    @Test
    void replayStoresTheRunAgainAndLeavesItAsItIs() throws Exception {
        PastRun run = run(
                true,
                List.of(
                        record("p", "/a", Outcome.FAILED, 1, false),
                        record("p", "/a", Outcome.PASSED, 2, true),
                        TestRecord.notRun("p", "/never", "no system")));
        List<String> before = unchangedFiles(run.directory());
        for (int i = 0; i < 2; i++) {
            assertThat(replayed(run))
                    .containsExactly(
                            Map.entry("p/a 1", "id-1/a1"),
                            Map.entry("p/a 2", "id-1/a2"),
                            Map.entry("p/never 0", "none"));
        }
        assertThat(unchangedFiles(run.directory())).isEqualTo(before);
    }

    @Test
    void replayTellsWhatIsNotStored() throws Exception {
        PastRun run = run(true, List.of(record("p", "/a", Outcome.PASSED, 1, true)));
        PastRun refused = PastRun.merge(
                List.of(run, run(true, List.of(TestRecord.notRun("p", "/refused", "no system")))),
                directory.resolve("merged"));
        Sink sink = new Sink();
        assertThat(refused.replay(sink)).containsExactly("attempt 0 at /refused on p was not stored: it is full");
        assertThat(sink.outputs).containsOnlyKeys("p/a 1");
    }

    @Test
    void mergedShardsAreOneRun() throws Exception {
        PastRun one = run(true, List.of(record("p", "/a", Outcome.PASSED, 1, true)));
        PastRun two = run(true, List.of(record("p", "/b", Outcome.FAILED, 1, true)));
        PastRun merged = PastRun.merge(List.of(two, one), directory.resolve("merged"));
        assertThat(merged.tests()).extracting(PlainTest::name).containsExactly("/a", "/b");
        assertThat(merged.failed()).containsExactly("/b");
        assertThat(merged.verdict()).isEqualTo(Verdict.FAILED);
        assertThat(merged.started()).isEqualTo(one.started());
        assertThat(replayed(merged)).containsExactly(Map.entry("p/a 1", "id-1/a1"), Map.entry("p/b 1", "id-2/b1"));
        assertThat(replayed(one)).containsExactly(Map.entry("p/a 1", "id-1/a1"));
        assertThat(merged.attempts().get(0).system()).isEqualTo(SYSTEM);
    }

    @Test
    void attemptsOfLaterRunsFollow() throws Exception {
        PastRun first = run(
                true,
                List.of(
                        record("p", "/a", Outcome.FAILED, 1, false),
                        record("p", "/a", Outcome.FAILED, 2, true),
                        TestRecord.notRun("p", "/late", "no system"),
                        record("p", "/c", Outcome.PASSED, 1, true)));
        PastRun rerun = run(
                true,
                List.of(record("p", "/a", Outcome.PASSED, 1, true), record("p", "/late", Outcome.PASSED, 1, true)));
        PastRun merged = PastRun.merge(List.of(first, rerun), directory.resolve("merged"));
        assertThat(merged.attempts())
                .extracting(TestRecord::name, TestRecord::attempt, TestRecord::last, TestRecord::cause)
                .containsExactly(
                        Assertions.tuple("/a", 1, false, AttemptCause.FIRST),
                        Assertions.tuple("/a", 2, false, AttemptCause.FIRST),
                        Assertions.tuple("/c", 1, true, AttemptCause.FIRST),
                        Assertions.tuple("/a", 3, true, AttemptCause.RERUN),
                        Assertions.tuple("/late", 1, true, AttemptCause.FIRST));
        assertThat(merged.flaky()).containsExactly("/a");
        assertThat(merged.verdict()).isEqualTo(Verdict.PASSED);
        assertThat(output(merged, merged.attempts().get(3))).isEqualTo("id-2/a1");
    }

    @Test
    void platformsStayApart() throws Exception {
        PastRun one = run(true, List.of(record("p", "/a", Outcome.FAILED, 1, true)));
        PastRun two = run(true, List.of(record("q", "/a", Outcome.PASSED, 1, true)));
        // Its program was killed before the second test.
        PastRun three = run(false, List.of(record("r", "/a", Outcome.PASSED, 1, true)), "/b");
        PastRun merged = PastRun.merge(List.of(one, two, three), directory.resolve("merged"));
        assertThat(merged.platform()).isEqualTo("p, q, r");
        assertThat(merged.failed()).containsExactly("/a");
        assertThat(merged.flaky()).as("it passed elsewhere only").isEmpty();
        assertThat(merged.notRun()).containsExactly("/b");
        assertThat(merged.ends().get("/a").platform()).isEqualTo("p");
        assertThat(replayed(merged)).containsOnlyKeys("p/a 1", "q/a 1", "r/a 1", "r/b 0");
        PastRun again = PastRun.merge(List.of(merged), directory.resolve("again"));
        assertThat(replayed(again)).isEqualTo(replayed(merged));
    }

    @Test
    void mergeKeepsProblems() throws Exception {
        PastRun run = run(true, List.of(record("p", "/a", Outcome.PASSED, 1, true)));
        Files.writeString(run.directory().resolve("journal.jsonl"), "{\"att", java.nio.file.StandardOpenOption.APPEND);
        PastRun damaged = PastRun.read(run.directory());
        assertThat(PastRun.merge(List.of(damaged), directory.resolve("merged")).problems())
                .isEqualTo(damaged.problems())
                .isNotEmpty();
        assertThatThrownBy(() -> PastRun.merge(List.of(), directory))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("there is none");
    }

    @Test
    void bundleIsTheRunOnAnotherMachine() throws Exception {
        PastRun run = run(
                true,
                List.of(record("p", "/a", Outcome.FAILED, 1, true), TestRecord.notRun("p", "/never", "no system")));
        Path files = run.artifacts(run.attempts().get(0)).files();
        Files.createSymbolicLink(files.resolve("link"), Path.of("/etc/passwd"));
        Files.createDirectories(files.resolve("empty"));
        Path zip = directory.resolve("run.zip");
        assertThat(run.bundle(zip)).containsExactly(files.resolve("link") + " is not a regular file");
        PastRun there = PastRun.unpack(zip, directory.resolve("there"));
        assertThat(there.directory()).isEqualTo(directory.resolve("there/run-id-1"));
        assertThat(there.attempts()).isEqualTo(run.attempts());
        assertThat(replayed(there)).isEqualTo(replayed(run));
        Path unpacked = there.artifacts(there.attempts().get(0)).files();
        assertThat(unpacked.resolve("empty")).isDirectory();
        assertThat(Files.getLastModifiedTime(unpacked.resolve("output.txt")).toInstant())
                .isCloseTo(
                        Files.getLastModifiedTime(files.resolve("output.txt")).toInstant(),
                        org.assertj.core.api.Assertions.within(2, java.time.temporal.ChronoUnit.SECONDS));
        assertThatThrownBy(() -> PastRun.unpack(zip, directory.resolve("there")))
                .hasMessageContaining("run.zip")
                .hasMessageContaining("the run exists");
        assertThatThrownBy(() -> run.bundle(zip)).hasMessageContaining("exists");
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("run.zip", "runs", "there");
        }
        try (Stream<Path> left = Files.list(directory.resolve("there"))) {
            assertThat(left).hasSize(1);
        }
    }

    @Test
    void runThatGoesOnIsNotBundled() throws Exception {
        Spool spool = Spool.keep(directory, "on", "p", List.of("a"), List.of(TestCase.named("/a")), true);
        try {
            PastRun run = PastRun.read(directory.resolve("run-on"));
            assertThat(run.hasEnded()).isFalse();
            assertThatThrownBy(() -> run.bundle(directory.resolve("run.zip"))).hasMessageContaining("it goes on");
            assertThat(directory.resolve("run.zip")).doesNotExist();
            assertThat(directory.resolve("run.zip.part")).doesNotExist();
        } finally {
            spool.close();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "run-x/../../evil",
                "run-x/attempts/../../../evil",
                "run-x/attempts/1/./x",
                "run-x/attempts//x",
                "run-y/attempts/1/x",
                "/run-x/attempts/1/x",
                "run-x/attempts/1/\0",
                "run-x/other",
                "run-x/12x/y",
                "run-x",
                "../run-x/journal.jsonl"
            })
    void hostileBundleIsRefused(String entry) throws Exception {
        Path zip = zip("run-x/journal.jsonl", entry);
        Path there = directory.resolve("deep/there");
        assertThatThrownBy(() -> PastRun.unpack(zip, there))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(zip.toString());
        try (Stream<Path> left = Files.list(there)) {
            assertThat(left).as("nothing is left").isEmpty();
        }
        assertThat(directory.resolve("deep/evil")).doesNotExist();
        assertThat(directory.resolve("evil")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"run-x/other", "run-/journal.jsonl", "journal.jsonl", "run-../journal.jsonl"})
    void fileWithoutRunIsRefused(String entry) throws Exception {
        Path zip = zip(entry);
        assertThatThrownBy(() -> PastRun.unpack(zip, directory.resolve("there")))
                .hasMessageContaining("could not unpack the run in " + zip)
                .hasMessageContaining("it does not contain a run");
        Path text = Files.writeString(directory.resolve("text"), "no zip");
        assertThatThrownBy(() -> PastRun.unpack(text, directory.resolve("there")))
                .hasMessageContaining("could not unpack the run in " + text);
    }

    private Path zip(String... entries) throws IOException {
        Path zip = directory.resolve("hostile.zip");
        try (OutputStream out = Files.newOutputStream(zip);
                ZipOutputStream to = new ZipOutputStream(out)) {
            for (String entry : entries) {
                to.putNextEntry(new ZipEntry(entry));
                to.write("{\"run\": \"x\", \"aggregators\": []}\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
                to.closeEntry();
            }
        }
        return zip;
    }

    @Test
    void retentionBoundsAgeAndSize() throws Exception {
        PastRun old = run(true, List.of(record("p", "/a", Outcome.PASSED, 1, true)));
        Path journal = old.directory().resolve("journal.jsonl");
        String text = Files.readString(journal);
        Files.writeString(journal, text.replaceFirst("\"started\":\"[^\"]*\"", "\"started\":\"2020-01-01T00:00:00Z\""));
        PastRun middle = run(true, List.of(record("p", "/a", Outcome.PASSED, 1, true)));
        PastRun newest = run(true, List.of(record("p", "/a", Outcome.PASSED, 1, true)));
        Path runs = directory.resolve("runs");
        assertThat(PastRun.prune(runs, Retention.all())).isEmpty();
        assertThat(PastRun.prune(runs, Retention.all().withMaxAge(Duration.ofDays(30))))
                .containsExactly(old.directory());
        assertThat(PastRun.prune(runs, Retention.all().withMaxBytes(1 << 20))).isEmpty();
        Files.write(middle.artifacts(middle.attempts().get(0)).files().resolve("big"), new byte[1 << 20]);
        assertThat(PastRun.prune(runs, Retention.newest(5).withMaxBytes(1 << 20)))
                .containsExactly(middle.directory());
        assertThat(PastRun.prune(runs, Retention.all().withMaxBytes(0).withMaxAge(Duration.ZERO)))
                .as("the newest run stays")
                .isEmpty();
        assertThat(newest.directory()).exists();
        assertThat(PastRun.prune(runs, Retention.newest(0))).containsExactly(newest.directory());
        assertThat(runs).isEmptyDirectory();
        assertThatThrownBy(() -> Retention.newest(-1)).hasMessageContaining("negative");
    }

    @Test
    void killedProgramLeavesFilesThatAreFound() throws Exception {
        Spool spool = Spool.keep(directory, "k", "p", List.of("a", "b"), List.of(TestCase.named("/a")), true);
        TestRecord record = record("p", "/a", Outcome.FAILED, 1, true);
        SpooledAttempt attempt = spool.next();
        Files.createDirectories(attempt.artifacts().files());
        Files.writeString(attempt.artifacts().files().resolve("output.txt"), "half");
        attempt.write(State.ENDED, record);
        attempt.storedBy("a", record);
        spool.leave();
        PastRun run = PastRun.read(directory.resolve("run-k"));
        assertThat(output(run, run.attempts().get(0))).isEqualTo("half");
        Sink sink = new Sink();
        assertThat(Spool.replay(directory, "b", sink).problems()).isEmpty();
        assertThat(sink.outputs).containsExactly(Map.entry("p/a 1", "half"));
        PastRun after = PastRun.read(directory.resolve("run-k"));
        assertThat(output(after, after.attempts().get(0)))
                .as("also after the replay")
                .isEqualTo("half");
        assertThat(after.problems()).isEmpty();
        assertThat(directory.resolve("run-k/attempts/1")).isDirectory();
    }

    @Test
    void refusedAttemptIsKeptOnceItIsStored() throws Exception {
        Spool spool = Spool.keep(directory, "k", "p", List.of("a"), List.of(TestCase.named("/refused")), true);
        TestRecord record = record("p", "/refused", Outcome.FAILED, 1, true);
        SpooledAttempt attempt = spool.next();
        Files.createDirectories(attempt.artifacts().files());
        Files.writeString(attempt.artifacts().files().resolve("output.txt"), "text");
        attempt.write(State.ENDED, record);
        assertThatThrownBy(() -> attempt.ingest(new Sink(), record, true)).isInstanceOf(AggregationException.class);
        attempt.write(State.KEPT, record);
        spool.close();
        List<String> stored = new ArrayList<>();
        Aggregator later = new Aggregator() {
            @Override
            public void ingest(TestRecord late, Artifacts artifacts) {
                stored.add(late.name());
            }

            @Override
            public void close() {}
        };
        assertThat(Spool.replay(directory, "a", later).problems()).isEmpty();
        assertThat(stored).containsExactly("/refused");
        PastRun run = PastRun.read(directory.resolve("run-k"));
        assertThat(output(run, run.attempts().get(0))).isEqualTo("text");
        assertThat(directory.resolve("run-k/1")).doesNotExist();
    }
}
