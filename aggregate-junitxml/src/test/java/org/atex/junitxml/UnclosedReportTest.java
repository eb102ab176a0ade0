package org.atex.junitxml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.atex.api.AggregationException;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.SystemInfo;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.lab.Logs;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests the file after a flush, and how the next run renames or continues a report that its writer did not close. */
class UnclosedReportTest {
    private static final JUnitXmlOptions OPTIONS = JUnitXmlOptions.defaults();
    private static final JUnitXmlOptions RICH = OPTIONS.withProfile(Profile.RICH);

    @TempDir
    Path directory;

    private Path report;
    private Path journal;

    @BeforeEach
    void setPath() {
        report = directory.resolve("report.xml");
        journal = directory.resolve("report.xml.journal");
    }

    @ParameterizedTest
    @EnumSource
    void reportIsCompleteAfterAFlushAndAcceptsMore(Profile profile) throws IOException {
        try (JUnitXmlAggregator aggregator = open(OPTIONS.withProfile(profile))) {
            aggregator.flush();
            assertThat(Parsed.read(report).cases()).isEmpty();
            ingest(aggregator, "/a");
            aggregator.flush();
            assertThat(Parsed.read(report).cases()).containsOnlyKeys("/a");
            ingest(aggregator, "/b");
            aggregator.flush();
            aggregator.flush();
            assertThat(Parsed.read(report).cases()).containsOnlyKeys("/a", "/b");
        }
        assertThat(Parsed.read(report).cases()).containsOnlyKeys("/a", "/b");
        assertThat(entries()).containsExactly("report.xml");
    }

    @Test
    void closeDoesNotWriteAFlushedReportAgain() throws IOException {
        JUnitXmlAggregator aggregator = open(OPTIONS);
        ingest(aggregator, "/a");
        aggregator.flush();
        Object flushed = Files.readAttributes(report, "unix:ino").get("ino");
        aggregator.flush();
        aggregator.close();
        aggregator.flush();

        assertThat(Files.readAttributes(report, "unix:ino").get("ino")).isEqualTo(flushed);
    }

    @ParameterizedTest
    @EnumSource
    void nextRunRenamesTheReportOfAKilledRun(Profile profile) throws IOException {
        for (int run = 1; run <= 3; run++) {
            JUnitXmlAggregator aggregator = open(OPTIONS.withProfile(profile));
            ingest(aggregator, "/of/" + run);
            ingest(aggregator, "/same");
            kill(aggregator);
        }
        try (Logs logs = new Logs();
                JUnitXmlAggregator aggregator = open(OPTIONS)) {
            assertThat(logs.messages(Level.WARN))
                    .singleElement()
                    .asString()
                    .contains(report.toString(), report + ".3", "withResume");
            ingest(aggregator, "/new");
        }
        for (int run = 1; run <= 3; run++) {
            assertThat(Parsed.read(directory.resolve("report.xml." + run)).cases())
                    .containsOnlyKeys("/of/" + run, "/same");
        }
        assertThat(Parsed.read(report).cases()).containsOnlyKeys("/new");
        assertThat(entries()).containsExactly("report.xml", "report.xml.1", "report.xml.2", "report.xml.3");
    }

    @Test
    void completeEntriesAreKeptWhereverTheJournalIsCut() throws IOException {
        JUnitXmlAggregator crashed = open(RICH);
        ingest(crashed, "/a");
        int one = (int) Files.size(journal);
        ingest(crashed, "/b");
        byte[] two = Files.readAllBytes(journal);
        crashed.close();
        Path aside = directory.resolve("report.xml.1");
        for (JUnitXmlOptions options : List.of(OPTIONS, RICH.withResume())) {
            for (int length = 0; length < two.length; length += 3) {
                Files.deleteIfExists(report);
                Files.write(journal, Arrays.copyOf(two, length));
                open(options).close();
                if (length < one) {
                    assertThat(aside).doesNotExist();
                    assertThat(Parsed.read(report).cases()).isEmpty();
                } else {
                    assertThat(Parsed.read(options.resume() ? report : aside).cases())
                            .containsOnlyKeys("/a");
                }
                Files.deleteIfExists(aside);
            }
        }
        assertThat(entries()).containsExactly("report.xml");
    }

    @Test
    void corruptJournalIsKeptBesideThePartialReport() throws IOException {
        JUnitXmlAggregator crashed = open(RICH);
        ingest(crashed, "/a");
        ingest(crashed, "/b");
        byte[] bytes = kill(crashed);
        bytes[bytes.length - 1] ^= 1;
        Files.write(journal, bytes);
        try (Logs logs = new Logs();
                JUnitXmlAggregator aggregator = open(OPTIONS)) {
            ingest(aggregator, "/c");
            assertThat(logs.messages(Level.WARN))
                    .singleElement()
                    .asString()
                    .contains("could not be completed", "is corrupt at byte", report + ".1.journal");
        }
        assertThat(Parsed.read(report).cases()).containsOnlyKeys("/c");
        assertThat(Parsed.read(directory.resolve("report.xml.1")).cases()).containsOnlyKeys("/a");
        assertThat(directory.resolve("report.xml.1.journal")).hasBinaryContent(bytes);
    }

    @Test
    void emptyReportOfAKilledRunIsReused() throws IOException {
        kill(open(OPTIONS));
        try (Logs logs = new Logs()) {
            open(OPTIONS).close();
            assertThat(logs.messages(Level.WARN)).isEmpty();
        }
        assertThat(entries()).containsExactly("report.xml");
    }

    @Test
    void openReportIsRefused() throws IOException {
        try (JUnitXmlAggregator aggregator = open(OPTIONS)) {
            ingest(aggregator, "/a");
            for (JUnitXmlOptions options : List.of(OPTIONS, OPTIONS.withResume())) {
                assertThatThrownBy(() -> open(options))
                        .isInstanceOf(AggregationException.class)
                        .hasMessageContaining(report.toString())
                        .hasMessageContaining("this program already writes it");
            }
            ingest(aggregator, "/b");
        }
        assertThat(Parsed.read(report).cases()).containsOnlyKeys("/a", "/b");
    }

    @Test
    void continuedRunAddsAttempts() throws IOException {
        for (int run = 1; run <= 3; run++) {
            JUnitXmlAggregator aggregator = open(RICH.withResume());
            aggregator.ingest(record("/a", 1, false, Outcome.FAILED, "first of run " + run), Artifacts.none());
            assertThatThrownBy(() -> aggregator.ingest(record("/a", 1, false, Outcome.FAILED, ""), Artifacts.none()))
                    .as("the same attempt in the same run")
                    .isInstanceOf(AggregationException.class);
            aggregator.ingest(record("/a", 2, true, Outcome.FAILED, "last of run " + run), Artifacts.none());
            assertThatThrownBy(() -> aggregator.ingest(record("/a", 3, true, Outcome.FAILED, ""), Artifacts.none()))
                    .as("an attempt after the last one")
                    .isInstanceOf(AggregationException.class);
            if (run < 3) {
                kill(aggregator);
            } else {
                aggregator.close();
            }
        }
        Parsed one = Parsed.read(report).oneCase("/a");
        assertThat(one.child("failure").attribute("message")).isEqualTo("first of run 1");
        assertThat(one.children("rerunFailure"))
                .extracting(rerun -> rerun.attribute("message"))
                .containsExactly("last of run 1", "first of run 2", "last of run 2", "first of run 3", "last of run 3");
        assertThat(one.child("properties").children().getFirst().attributes())
                .contains(Map.entry("name", "attempts"), Map.entry("value", "6"));
    }

    @Test
    void lastAttemptOfTheLastRunIsTheFinalResult() throws IOException {
        kill(opened(
                RICH,
                record("/mended", 1, true, Outcome.FAILED, "then"),
                record("/broke", 1, true, Outcome.PASSED, "")));
        JUnitXmlAggregator second = open(RICH.withResume());
        second.ingest(record("/mended", 1, true, Outcome.PASSED, ""), Artifacts.none());
        second.ingest(record("/broke", 1, true, Outcome.FAILED, "now"), Artifacts.none());
        second.close();

        Parsed parsed = Parsed.read(report);
        assertThat(parsed.oneCase("/mended").child("flakyFailure").attribute("message"))
                .isEqualTo("then");
        assertThat(parsed.oneCase("/mended").children("failure")).isEmpty();
        assertThat(parsed.oneCase("/broke").child("failure").attribute("message"))
                .isEqualTo("now");
        assertThat(parsed.child("testsuite").attributes())
                .contains(Map.entry("tests", "2"), Map.entry("failures", "1"));
    }

    @Test
    void testThatIsNotRunAgainKeepsItsResult() throws IOException {
        kill(opened(OPTIONS, record("/a", 1, true, Outcome.FAILED, "then")));
        JUnitXmlAggregator second = open(OPTIONS.withResume());
        second.ingest(TestRecord.notRun("here", "/a", "stopped"), Artifacts.none());
        second.close();

        Parsed suite = Parsed.read(report).child("testsuite");
        assertThat(suite.child("testcase").child("failure").attribute("message"))
                .isEqualTo("then");
        assertThat(suite.child("properties").child("property").attributes())
                .isEqualTo(Map.of("name", "attempt 0 at /a", "value", "stopped"));
    }

    @Test
    void portableProfileNumbersTheAttemptsOfAllRuns() throws IOException {
        kill(opened(
                OPTIONS, record("/a", 1, false, Outcome.FAILED, "one"), record("/a", 2, true, Outcome.FAILED, "two")));
        JUnitXmlAggregator second = open(OPTIONS.withResume());
        second.ingest(record("/a", 1, false, Outcome.FAILED, "three"), Artifacts.none());
        second.ingest(record("/a", 2, true, Outcome.PASSED, ""), Artifacts.none());
        second.close();

        assertThat(Parsed.read(report).child("testsuite").child("properties").children())
                .extracting(property -> property.attribute("name") + ": " + property.attribute("value"))
                .containsExactly(
                        "attempt 1 at /a: failure: one",
                        "attempt 2 at /a: failure: two",
                        "attempt 3 at /a: failure: three");
    }

    @Test
    void flushKeepsAnInterruptPending() throws IOException {
        try (JUnitXmlAggregator aggregator = open(OPTIONS)) {
            ingest(aggregator, "/a");
            Thread.currentThread().interrupt();
            aggregator.flush();
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(Parsed.read(report).cases()).containsOnlyKeys("/a");
    }

    private JUnitXmlAggregator open(JUnitXmlOptions options) {
        return JUnitXmlAggregator.open(report, options);
    }

    private JUnitXmlAggregator opened(JUnitXmlOptions options, TestRecord... records) {
        JUnitXmlAggregator aggregator = open(options);
        for (TestRecord record : records) {
            aggregator.ingest(record, Artifacts.none());
        }
        return aggregator;
    }

    /** Restores the files that a killed program leaves. */
    private byte[] kill(JUnitXmlAggregator aggregator) throws IOException {
        byte[] kept = Files.readAllBytes(journal);
        byte[] before = Files.readAllBytes(report);
        aggregator.close();
        Files.write(journal, kept);
        Files.write(report, before);
        Files.createFile(directory.resolve("report.xml.lock"));
        return kept;
    }

    private void ingest(JUnitXmlAggregator aggregator, String test) throws IOException {
        TestArtifacts left = TestArtifacts.below(directory).file("output.txt", "output of " + test);
        aggregator.ingest(TestRecord.of("here", test, TestEnd.exited(0)), left.artifacts());
    }

    private static TestRecord record(String test, int attempt, boolean last, Outcome outcome, String note) {
        TestEnd end = TestEnd.of(outcome, note);
        return TestRecord.of("here", test, end).withAttempt(attempt, last).withSystem(SystemInfo.named("machine"), 1);
    }

    private List<String> entries() throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }
}
