package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.artifacts.SpooledAttempt.State;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
@ExtendWith(LeakCheck.class)
class SpoolTest {
    private static final TestRecord FULL = TestRecord.of(
                    "rhel \u20ac \"9\"",
                    TestCase.named("/a \n test")
                            .withPriority(-3)
                            .withExpected(Duration.ofSeconds(3))
                            .withLimit(Duration.ofMinutes(5))
                            .withDestructive(true)
                            .withTags(Set.of("slow", "net"))
                            .withComponents(Set.of("bash"))
                            .withGroup("disk")
                            .withSource(new TestSource("plans/main.fmf", 7)),
                    new TestEnd(Outcome.FAILED, 3, "it failed: \u0000 \ud800", true))
            .withAttempt(2, false)
            .withCause(AttemptCause.RERUN)
            .withTimes(Instant.parse("2026-11-27T10:00:00.123456789Z"), Duration.ofNanos(1_234_567_891))
            .withSystem(new SystemInfo("host-1#2", "lab", "host-1", Map.of("arch", "x86_64")), 4)
            .withKnown(KnownFailure.of("/a*", "the disk team", LocalDate.of(2027, 1, 31), "issue 4711"));

    @TempDir
    private Path directory;

    /** Remembers records and the names of their files; refuses names that are taken, or in {@link #refused}. */
    private static final class Sink implements Aggregator {
        private final List<TestRecord> records = new ArrayList<>();
        private final List<Boolean> withOutput = new ArrayList<>();
        private final Set<String> refused = new HashSet<>();

        @Override
        public void ingest(TestRecord record, Artifacts artifacts) {
            if (refused.contains(record.name())) {
                throw new AggregationException("it is refused", null);
            }
            records.add(record);
            withOutput.add(!artifacts.isNone() && Files.exists(artifacts.files().resolve("output.txt")));
            try {
                artifacts.delete();
            } catch (IOException e) {
                throw new AggregationException("not deleted", e);
            }
        }

        @Override
        public void close() {}
    }

    private final List<Spool> open = new ArrayList<>();

    @AfterEach
    void leave() throws IOException {
        for (Spool spool : open) {
            spool.leave();
        }
    }

    /** Returns a spool of a run of its own. */
    private Spool spool(String... aggregators) throws IOException {
        Spool spool = Spool.open(directory, Integer.toString(open.size()), List.of(aggregators));
        open.add(spool);
        return spool;
    }

    private static SpooledAttempt attempt(Spool spool, State state, TestRecord record) throws IOException {
        SpooledAttempt attempt = spool.next();
        Files.createDirectories(attempt.artifacts().files());
        Files.writeString(attempt.artifacts().files().resolve("output.txt"), "hello\n");
        attempt.write(State.RUNNING, record);
        attempt.write(state, record);
        return attempt;
    }

    private static TestRecord record(String name, int number, boolean last) {
        return TestRecord.of("default", name, TestEnd.exited(0)).withAttempt(number, last);
    }

    /** Leaves the runs as a killed program does. */
    private void killed() throws IOException {
        leave();
    }

    /** Ends the runs. */
    private void ended() throws IOException {
        for (Spool spool : open) {
            spool.close();
        }
    }

    @Test
    void recordsAreReadAsTheyWereWritten() throws Exception {
        TestRecord never = TestRecord.notRun("default", "/never", "no system");
        attempt(spool("a"), State.KEPT, FULL);
        SpooledAttempt none = spool("a").nextWithoutArtifacts();
        none.write(State.KEPT, never);
        ended();
        Sink sink = new Sink();
        Spool.Replay replay = Spool.replay(directory, "a", sink);
        assertThat(replay.problems()).isEmpty();
        TestRecord read = sink.records.get(0);
        assertThat(read.end().note()).as("unpaired surrogates are replaced").isEqualTo("it failed: \u0000 \ufffd");
        assertThat(TestRecord.of(read.platform(), read.test(), FULL.end())
                        .withAttempt(read.attempt(), read.last())
                        .withCause(read.cause())
                        .withTimes(read.started(), read.took())
                        .withSystem(read.system(), read.slot())
                        .withKnown(read.known()))
                .isEqualTo(FULL);
        assertThat(sink.records.get(1)).isEqualTo(never);
        assertThat(sink.withOutput).containsExactly(true, false);
        assertThat(directory).as("what all have stored is deleted").isEmptyDirectory();
    }

    @Test
    void attemptsWaitForTheAggregatorsThatHaveNotStoredThem() throws Exception {
        SpooledAttempt attempt = attempt(spool("a", "b"), State.ENDED, record("/test", 1, true));
        attempt.storedBy("a", record("/test", 1, true));
        attempt.write(State.KEPT, record("/test", 1, true));
        ended();

        Sink sink = new Sink();
        assertThat(Spool.replay(directory, "a", sink).stored()).isEmpty();
        assertThat(Spool.replay(directory, "another", sink).stored()).hasSize(1);
        assertThat(Spool.replay(directory, "another", sink).stored())
                .as("once only")
                .isEmpty();
        assertThat(Spool.replay(directory, "b", sink).stored()).hasSize(1);
        assertThat(sink.withOutput).containsExactly(true, true);
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void attemptsOfARunningProgramAreLeftToIt() throws Exception {
        attempt(
                spool("a"),
                State.RUNNING,
                TestRecord.of("default", "/running", TestEnd.of(Outcome.LOST, "it was killed")));
        attempt(spool("a"), State.ENDED, record("/ended", 1, true));
        attempt(spool("a"), State.KEPT, record("/kept", 1, true));
        Sink sink = new Sink();
        Spool.Replay replay = Spool.replay(directory, "a", sink);
        assertThat(replay.waiting()).isEqualTo(2);
        assertThat(replay.stored()).extracting(TestRecord::name).containsExactly("/kept");

        killed();
        assertThat(Spool.replay(directory, "a", sink).stored())
                .extracting(record -> record.name() + " " + record.end().outcome())
                .containsExactly("/running LOST", "/ended PASSED");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void onlyTheLatestAttemptOfATestIsTheLast() throws Exception {
        Spool spool = spool("a");
        attempt(spool, State.ENDED, record("/test", 1, true));
        attempt(spool, State.RUNNING, record("/test", 2, true));
        attempt(spool, State.ENDED, record("/other", 1, true));
        killed();
        Sink sink = new Sink();
        Spool.Replay unused = Spool.replay(directory, "a", sink);
        assertThat(sink.records)
                .extracting(record -> record.name() + " " + record.attempt() + " " + record.last())
                .containsExactly("/test 1 false", "/test 2 true", "/other 1 true");
    }

    @Test
    void attemptWithoutItsArtifactsHasBeenStored() throws Exception {
        SpooledAttempt attempt = attempt(spool("a"), State.ENDED, record("/stored", 1, true));
        attempt.artifacts().delete();
        killed();
        Spool.Replay replay = Spool.replay(directory, "a", new Sink());
        assertThat(replay).isEqualTo(new Spool.Replay(List.of(), 0, List.of()));
        assertThat(directory).isEmptyDirectory();

        SpooledAttempt refused = attempt(spool("a"), State.KEPT, record("/refused", 1, true));
        refused.artifacts().delete();
        killed();
        assertThat(Spool.replay(directory, "a", new Sink()).problems())
                .singleElement()
                .asString()
                .contains("/refused", "are gone");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void oneRefusedAttemptDoesNotKeepOthersFromBeingStored() throws Exception {
        SpooledAttempt one = attempt(spool("a"), State.KEPT, record("/one", 1, true));
        attempt(spool("a"), State.KEPT, record("/two", 1, true));
        Sink sink = new Sink();
        sink.refused.add("/one");
        Spool.Replay replay = Spool.replay(directory, "a", sink);
        assertThat(replay.stored()).extracting(TestRecord::name).containsExactly("/two");
        assertThat(replay.problems()).singleElement().asString().contains("/one", one.toString(), "it is refused");
        sink.refused.clear();
        assertThat(Spool.replay(directory, "a", sink).stored()).hasSize(1);
    }

    private static final String BAD_TIME =
            "{\"attempt\":17,\"state\":\"KEPT\",\"artifacts\":true,\"record\":{\"test\":{\"name\":\"/t\"},"
                    + "\"platform\":\"p\",\"attempt\":1,\"cause\":\"FIRST\",\"outcome\":\"PASSED\",\"started\":\"yesterday\","
                    + "\"took\":\"x\"}}";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "[]",
                "{\"attempt\":17}",
                "{\"attempt\":17,\"state\":\"LATER\"}",
                "{\"attempt\":17,\"state\":1}",
                "{\"attempt\":99999999999,\"state\":\"KEPT\"}",
                "{\"attempt\":17,\"state\":\"KEPT\",\"record\":{\"a\":{}}}",
                "{\"attempt\":17,\"state\":\"KEPT\",\"record\":7}",
                "{\"system\":1,\"info\":{}}",
                "\u0000",
                BAD_TIME
            })
    void linesThatAreInvalidAreProblemsAndDeleteNothing(String text) throws Exception {
        Spool spool = spool("a");
        attempt(spool, State.KEPT, record("/good", 1, true));
        SpooledAttempt unreadable = spool.next();
        killed();
        Files.writeString(
                journal(spool),
                text + "\n{\"later\":\"versions\"}\n{\"attempt\":1,\"state\":\"KEPT\",\"more\":1}\n",
                StandardOpenOption.APPEND);
        Sink sink = new Sink();
        Spool.Replay replay = Spool.replay(directory, "a", sink);
        assertThat(replay.problems()).singleElement().asString().containsAnyOf("journal.jsonl, line", "/17");
        assertThat(replay.stored()).hasSize(1);
        assertThat(unreadable.artifacts().directory())
                .as("what the damaged line may have described")
                .exists();
    }

    private static Path journal(Spool spool) {
        return Path.of(spool.toString()).resolve("journal.jsonl");
    }

    @Test
    void journalThatWasCutAnywhereTellsWhatItStillSays() throws Exception {
        Spool spool = spool("a", "b");
        attempt(spool, State.ENDED, FULL).storedBy("a", FULL);
        attempt(spool, State.KEPT, record("/two", 1, true).withSystem(FULL.system(), 1));
        killed();
        byte[] whole = Files.readAllBytes(journal(spool));
        for (int length = 0; length <= whole.length; length++) {
            Files.write(journal(spool), Arrays.copyOf(whole, length));
            List<String> problems = new ArrayList<>();
            JournalReader reader = new JournalReader(false, problems);
            reader.read(journal(spool));
            boolean isWholeLine =
                    length == 0 || whole[length - 1] == '\n' || length == whole.length || whole[length] == '\n';
            assertThat(problems).as("problems at byte %d", length).hasSize(isWholeLine ? 0 : 1);
            reader.attempts().forEach(entry -> assertThat(entry.record().name()).isIn(FULL.name(), "/two"));
            // While the run goes on, its program may be writing.
            problems.clear();
            new JournalReader(true, problems).read(journal(spool));
            assertThat(problems).isEmpty();
        }
    }

    @Test
    void keptRecordWithoutArtifactsHasItsSystem() throws Exception {
        Spool spool = Spool.keep(directory, "kept", "here", List.of("a"), List.of(FULL.test()), false);
        spool.stored(FULL);
        spool.close();
        PastRun past = PastRun.latest(directory).orElseThrow();
        assertThat(past.problems()).isEmpty();
        assertThat(past.attempts()).extracting(TestRecord::system).containsExactly(FULL.system());
    }

    @Test
    void attemptsWithoutAJournalAreAProblemAndStay() throws Exception {
        Spool spool = spool("a");
        SpooledAttempt attempt = attempt(spool, State.KEPT, record("/test", 1, true));
        killed();
        Files.delete(journal(spool));
        assertThat(Spool.replay(directory, "a", new Sink()).problems())
                .singleElement()
                .asString()
                .contains(spool.toString(), "journal");
        assertThat(attempt.artifacts().files().resolve("output.txt")).exists();
    }

    @Test
    void journalThatWasDeletedBeginsAgain() throws Exception {
        Spool spool = spool("a");
        TestRecord onSystem = record("/before", 1, true).withSystem(FULL.system(), 1);
        SpooledAttempt before = spool.next();
        before.write(State.RUNNING, onSystem);
        Artifacts.at(Path.of(spool.toString())).delete();
        SpooledAttempt after = spool.next();
        after.write(State.RUNNING, onSystem);
        after.write(State.ENDED, record("/after", 2, true).withSystem(FULL.system(), 1));
        before.write(State.ENDED, onSystem);
        killed();
        Sink sink = new Sink();
        assertThat(Spool.replay(directory, "a", sink).problems()).isEmpty();
        assertThat(sink.records)
                .as("the artifacts of the other one are gone")
                .extracting(record -> record.name() + " " + record.system())
                .containsExactly("/after " + FULL.system());
    }

    @Test
    void journalSurvivesAtOnceAndIsSmall() throws Exception {
        Spool spool = spool("a");
        TestRecord onSystem = record("/test", 1, true).withSystem(FULL.system(), 1);
        SpooledAttempt attempt = spool.next();
        attempt.write(State.RUNNING, onSystem);
        assertThat(journal(spool))
                .content()
                .contains("RUNNING", "/test", "x86_64")
                .endsWith("\n");
        attempt.write(State.ENDED, onSystem.withTimes(Instant.EPOCH, Duration.ofSeconds(1)));
        assertThat(Files.readAllLines(journal(spool)))
                .hasSize(4)
                .last(InstanceOfAssertFactories.STRING)
                .as("only what has changed")
                .contains("PT1S")
                .doesNotContain("/test");
        attempt.stored(onSystem);
        assertThat(attempt.artifacts().directory()).doesNotExist();
        ended();
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void twoRunsShareADirectory() throws Exception {
        Spool one = spool("a");
        Spool two = spool("a");
        attempt(one, State.KEPT, record("/one", 1, true));
        attempt(two, State.KEPT, record("/two", 1, true));
        Sink sink = new Sink();
        assertThat(Spool.replay(directory, "a", sink).stored()).hasSize(2);
    }

    @Test
    void onlyAnEmptyTemporaryDirectoryIsDeleted() throws Exception {
        Spool given = spool("a");
        given.close();
        assertThat(directory).isEmptyDirectory();

        Spool temporary = Spool.open(null, "1", List.of("a"));
        SpooledAttempt attempt = attempt(temporary, State.ENDED, record("/one", 1, true));
        temporary.close();
        assertThat(attempt.artifacts().directory()).exists();
        attempt.stored(record("/one", 1, true));
        temporary.close();
        assertThat(Path.of(temporary.toString()).getParent()).doesNotExist();
        temporary.close();
    }

    @Test
    void lateEndDoesNotBringAnAttemptBack() throws Exception {
        SpooledAttempt gone = attempt(spool("a"), State.ENDED, record("/gone", 1, true));
        gone.stored(record("/gone", 1, true));
        gone.write(State.ENDED, record("/gone", 1, true));
        gone.storedBy("b", record("/gone", 1, true));
        ended();
        assertThat(directory).isEmptyDirectory();

        TestRecord givenUp = TestRecord.of("default", "/kept", TestEnd.of(Outcome.CANCELLED, "given up"));
        SpooledAttempt kept = attempt(spool("a"), State.KEPT, givenUp);
        kept.write(State.ENDED, record("/kept", 1, true));
        Sink sink = new Sink();
        assertThat(Spool.replay(directory, "a", sink).stored()).containsExactly(givenUp);
    }

    @Test
    void whatAKilledProgramLeavesWithoutARecordIsDeleted() throws Exception {
        Spool spool = spool("a");
        attempt(spool, State.RUNNING, record("/test", 1, true));
        SpooledAttempt unrecorded = spool.next();
        Path run = Path.of(spool.toString());
        Files.createDirectories(run.resolve(".copy-123/files"));
        assertThat(Spool.replay(directory, "a", new Sink()).problems()).isEmpty();
        assertThat(unrecorded.artifacts().directory())
                .as("while the run goes on")
                .exists();
        killed();
        assertThat(Spool.replay(run, "a", new Sink()).stored()).hasSize(1);
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aggregatorsHaveNames() {
        assertThat(Spool.nameOf(new Sink())).isEqualTo("Sink");
        assertThat(Spool.nameOf(FanOut.of(new Sink()))).isEqualTo("FanOut");
    }
}
