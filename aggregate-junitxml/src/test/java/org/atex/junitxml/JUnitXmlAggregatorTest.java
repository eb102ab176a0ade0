package org.atex.junitxml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.atex.api.AggregationException;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class JUnitXmlAggregatorTest {
    private static final JUnitXmlOptions OPTIONS = JUnitXmlOptions.defaults();
    private static final JUnitXmlOptions RICH = OPTIONS.withProfile(Profile.RICH);
    private static final Instant START = Instant.parse("2026-11-21T10:00:00Z");

    @TempDir
    Path directory;

    private Path report;

    @BeforeEach
    void setPath() {
        report = directory.resolve("out/report.xml");
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "PASSED, -, -",
                "FAILED, failure, fail",
                "ERROR, error, error",
                "TIMED_OUT, error, timeout",
                "SKIPPED, skipped, -",
                "LOST, error, infrastructure",
                "SETUP_FAILED, error, infrastructure",
                "CANCELLED, skipped, -",
                "NOT_RUN, skipped, -",
            })
    void eachOutcomeHasItsElement(Outcome outcome, String element, String type) throws IOException {
        try (JUnitXmlAggregator aggregator = open()) {
            aggregator.ingest(TestRecord.of("here", "/a", TestEnd.of(outcome, "because")), Artifacts.none());
        }
        List<Parsed> children = onlyCase().children();
        if (element == null) {
            assertThat(children).isEmpty();
        } else {
            assertThat(children).singleElement().satisfies(child -> {
                assertThat(child.name()).isEqualTo(element);
                assertThat(child.attribute("message")).isEqualTo("because");
                assertThat(child.attribute("type")).isEqualTo(type == null ? "" : type);
            });
        }
    }

    @Test
    void knownFailureIsSkippedForReaders() throws IOException {
        KnownFailure rule = KnownFailure.of("/a*", "the net team", LocalDate.of(2030, 1, 31), "issue 7");
        try (JUnitXmlAggregator aggregator = open()) {
            aggregator.ingest(
                    TestRecord.of("here", "/a/b", TestEnd.exited(3)).withKnown(rule),
                    left().results("{\"status\":\"fail\",\"name\":\"part\"}\n").artifacts());
        }
        assertThat(suite().attributes())
                .contains(Map.entry("failures", "0"), Map.entry("errors", "0"), Map.entry("skipped", "2"));
        assertThat(Parsed.read(report).oneCase("/a/b").child("skipped").attribute("message"))
                .startsWith("known failure until 2030-01-31, owner: the net team: issue 7; ");
    }

    @Test
    void failureNamesFailedResultsAndShowsTheOutput() throws IOException {
        try (JUnitXmlAggregator aggregator = open()) {
            aggregator.ingest(
                    TestRecord.of("here", "/a/b/c", TestEnd.exited(3)),
                    left().results("""
                        {"status":"pass","name":"good"}
                        {"status":"fail","name":"bad","note":"2 is not 3","files":["output.txt"]}
                        {"status":"warn","note":"own note"}
                        """)
                            .file("output.txt", "the output\n")
                            .file("bad/output.txt", "the part's output\n")
                            .artifacts());
        }
        Parsed parsed = Parsed.read(report);
        Parsed failure = parsed.oneCase("/a/b/c").child("failure");
        assertThat(failure.attribute("message")).isEqualTo("own note");
        assertThat(failure.attribute("type")).isEqualTo("warn");
        assertThat(failure.text()).isEqualTo("fail bad: 2 is not 3\nwarn: own note\nthe output\n");
        assertThat(parsed.oneCase("/a/b/c").attribute("classname")).isEqualTo("a.b");
        assertThat(parsed.oneCase("/a/b/c[good]").children()).isEmpty();
        Parsed bad = parsed.oneCase("/a/b/c[bad]");
        assertThat(bad.attribute("classname")).isEqualTo("a.b.c");
        assertThat(bad.child("failure").text()).isEqualTo("2 is not 3\nthe part's output\n");
        assertThat(suite().attributes()).contains(Map.entry("tests", "3"), Map.entry("failures", "2"));
    }

    @ParameterizedTest
    @EnumSource
    void failedSubtestHasItsOwnMessageAndLog(Profile profile) throws IOException {
        TestArtifacts left = left().results("""
                {"status":"fail","name":"one","note":"2 is not 3","files":["output.txt"]}
                {"status":"error","name":"two/deep","note":"no disk","files":["screen.png","phase <1>.log"]}
                {"status":"warn","name":"three"}
                {"status":"odd","name":"four","files":["gone.log","../../outside"]}
                {"status":"pass","name":"five","files":["output.txt"]}
                {"status":"fail","files":["screen.png","journal.txt"]}
                """)
                .file("one/output.txt", "out of one\n")
                .file("two/deep/screen.png", "\u0089PNG\u0000")
                .file("two/deep/phase <1>.log", "log of two\n")
                .file("five/output.txt", "out of five\n")
                .file("screen.png", "\u0089PNG\u0000")
                .file("journal.txt", "log of the test itself\n");
        try (JUnitXmlAggregator aggregator = open(OPTIONS.withProfile(profile))) {
            aggregator.ingest(TestRecord.of("here", "/a", TestEnd.exited(1)), left.artifacts());
        }
        Parsed parsed = Parsed.read(report);
        assertPart(parsed.oneCase("/a[one]"), profile, "failure", "2 is not 3", "fail", "out of one\n");
        assertPart(parsed.oneCase("/a[two/deep]"), profile, "error", "no disk", "error", "log of two\n");
        assertPart(parsed.oneCase("/a[three]"), profile, "failure", "warn", "warn", "");
        assertPart(parsed.oneCase("/a[four]"), profile, "error", "odd", "odd", "");
        assertThat(parsed.oneCase("/a[five]").children("failure")).isEmpty();
        Parsed itself = parsed.oneCase("/a");
        assertThat((profile == Profile.PORTABLE ? itself.child("failure") : itself.child("system-out")).text())
                .endsWith("log of the test itself\n")
                .doesNotContain("out of one");
        assertThat(itself.child("failure").text()).contains("fail one: 2 is not 3", "error two/deep: no disk");
    }

    private static void assertPart(
            Parsed part, Profile profile, String element, String message, String type, String log) {
        Parsed failure = part.child(element);
        assertThat(failure.attributes()).isEqualTo(Map.of("message", message, "type", type));
        if (profile == Profile.PORTABLE) {
            assertThat(failure.text()).isEqualTo(message + "\n" + log);
            assertThat(part.children()).hasSize(1);
        } else {
            assertThat(failure.text()).isEqualTo(message + "\n");
            assertThat(part.children("system-out").stream().map(Parsed::text))
                    .containsExactlyElementsOf(log.isEmpty() ? List.of() : List.of(log));
        }
    }

    @Test
    void exitCodeIsTheMessageIfThereIsNoNote() throws IOException {
        try (JUnitXmlAggregator aggregator = open()) {
            aggregator.ingest(TestRecord.of("here", "/a", TestEnd.exited(3)), left().artifacts());
        }
        assertThat(onlyCase().child("failure").attribute("message")).isEqualTo("exit code 3");
    }

    @Test
    void subtestsAreListedInTheTextWithTheOption() throws IOException {
        try (JUnitXmlAggregator aggregator = open(OPTIONS.withSubtests(Subtests.TEXT))) {
            String lines = "{\"status\":\"fail\",\"name\":\"s\",\"note\":\"n\"}\n".repeat(150);
            aggregator.ingest(
                    TestRecord.of("here", "/a", TestEnd.exited(1)),
                    left().results(lines).artifacts());
        }
        assertThat(onlyCase().child("failure").text().lines())
                .hasSize(101)
                .startsWith("fail s: n")
                .endsWith("and 50 more");
    }

    @Test
    void repeatedSubtestGetsANumber() throws IOException {
        try (JUnitXmlAggregator aggregator = open()) {
            aggregator.ingest(
                    passed("/a"),
                    left().results("{\"name\":\"s\"}\n{\"name\":\"s\"}\n").artifacts());
        }
        assertThat(Parsed.read(report).cases()).containsOnlyKeys("/a", "/a[s]", "/a[s] (1)");
    }

    @Test
    void eachPlatformIsASuiteWithItsElapsedTime() throws IOException {
        try (JUnitXmlAggregator aggregator = open()) {
            aggregator.ingest(record("one", "/a", START, 4000), Artifacts.none());
            aggregator.ingest(record("two", "/a", START.plusSeconds(60), 1), Artifacts.none());
            aggregator.ingest(record("one", "/b", START.plusSeconds(2), 4500), Artifacts.none());
        }
        List<Parsed> suites = Parsed.read(report).children();
        assertThat(suites).hasSize(2);
        assertThat(suites.get(0).attributes())
                .isEqualTo(Map.of(
                        "name", "one",
                        "package", "one",
                        "id", "0",
                        "tests", "2",
                        "failures", "0",
                        "errors", "0",
                        "skipped", "0",
                        "time", "6.500",
                        "timestamp", "2026-11-21T10:00:00",
                        "hostname", "machine"));
        assertThat(suites.get(1).attributes()).contains(Map.entry("id", "1"), Map.entry("time", "0.001"));
    }

    @Test
    void testThatNeverRanDoesNotAddToTheTimeOfItsSuite() throws IOException {
        try (JUnitXmlAggregator aggregator = open()) {
            aggregator.ingest(record("one", "/a", START, 4000), Artifacts.none());
            aggregator.ingest(TestRecord.notRun("one", "/b", "stopped"), Artifacts.none());
        }
        assertThat(suite().attributes()).contains(Map.entry("time", "4.000"), Map.entry("skipped", "1"));
    }

    @Test
    void timesAreValidIfTheClockWasSetBack() throws IOException {
        try (JUnitXmlAggregator aggregator = open()) {
            aggregator.ingest(record("one", "/a", START, 10_000), Artifacts.none());
            aggregator.ingest(record("one", "/b", START.minusSeconds(3600), 10), Artifacts.none());
            aggregator.ingest(record("two", "/a", START, Long.MAX_VALUE), Artifacts.none());
            aggregator.ingest(record("three", "/a", Instant.EPOCH, 0), Artifacts.none());
        }
        for (Parsed suite : Parsed.read(report).children()) {
            assertThat(suite.attribute("time")).matches("[0-9]+\\.[0-9]{3}");
            for (Parsed one : suite.children("testcase")) {
                assertThat(one.attribute("time")).matches("[0-9]+\\.[0-9]{3}");
            }
        }
        assertThat(Parsed.read(report).children().get(0).attribute("time")).isEqualTo("3610.000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"de-DE", "ar-EG-u-nu-arab", "hi-IN-u-nu-deva"})
    void numbersAndTimesAreTheSameInAllLocales(String locale) throws IOException {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag(locale));
        try (JUnitXmlAggregator aggregator = open(RICH)) {
            aggregator.ingest(record("one", "/a", START, 1234), Artifacts.none());
        } finally {
            Locale.setDefault(before);
        }
        assertThat(onlyCase().attributes())
                .contains(Map.entry("time", "1.234"), Map.entry("timestamp", "2026-11-21T10:00:00Z"));
        assertThat(suite().attribute("tests")).isEqualTo("1");
    }

    @ParameterizedTest
    @EnumSource
    void emptyRunIsAValidFile(Profile profile) {
        JUnitXmlAggregator aggregator = open(OPTIONS.withProfile(profile));
        assertThat(Parsed.read(report).cases()).isEmpty();
        aggregator.close();
        assertThat(Parsed.read(report).name()).isEqualTo(profile == Profile.SUREFIRE ? "testsuite" : "testsuites");
        assertThat(report.getParent()).isDirectoryNotContaining("glob:**journal");
    }

    @Test
    void testThatFinallyPassedIsFlaky() throws IOException {
        try (JUnitXmlAggregator aggregator = open(RICH)) {
            aggregator.ingest(
                    attempt(1, Outcome.FAILED),
                    left().file("output.txt", "first output").artifacts());
            aggregator.ingest(attempt(2, Outcome.LOST), Artifacts.none());
            aggregator.ingest(
                    last(3, Outcome.PASSED),
                    left().file("output.txt", "last output").artifacts());
        }
        Parsed one = onlyCase();
        assertThat(one.children())
                .extracting(Parsed::name)
                .containsExactly("properties", "flakyFailure", "flakyError", "system-out");
        assertThat(one.child("flakyFailure").attribute("message")).isEqualTo("attempt 1");
        assertThat(one.child("flakyFailure").child("system-out").text()).isEqualTo("first output");
        assertThat(one.child("system-out").text()).isEqualTo("last output");
        assertThat(suite().attributes())
                .contains(Map.entry("tests", "1"), Map.entry("failures", "0"), Map.entry("errors", "0"));
    }

    @Test
    void testThatNeverPassedHasItsFirstFailureAndReruns() throws IOException {
        try (JUnitXmlAggregator aggregator = open(OPTIONS.withProfile(Profile.SUREFIRE))) {
            aggregator.ingest(attempt(1, Outcome.TIMED_OUT), Artifacts.none());
            aggregator.ingest(attempt(2, Outcome.LOST), Artifacts.none());
            aggregator.ingest(last(3, Outcome.FAILED), Artifacts.none());
        }
        Parsed one = onlyCase();
        assertThat(one.children()).extracting(Parsed::name).containsExactly("rerunFailure", "error", "rerunError");
        assertThat(one.child("error").attributes())
                .contains(Map.entry("message", "attempt 1"), Map.entry("type", "timeout"));
    }

    @Test
    void countsMatchTheElements() throws IOException {
        try (JUnitXmlAggregator aggregator = open(RICH)) {
            aggregator.ingest(attempt(1, Outcome.TIMED_OUT), Artifacts.none());
            aggregator.ingest(last(2, Outcome.FAILED), Artifacts.none());
        }
        assertThat(onlyCase().children("error")).hasSize(1);
        assertThat(suite().attributes()).contains(Map.entry("failures", "0"), Map.entry("errors", "1"));
    }

    @Test
    void portableProfileHasEarlierAttemptsAsProperties() throws IOException {
        try (JUnitXmlAggregator aggregator = open()) {
            aggregator.ingest(attempt(1, Outcome.FAILED), Artifacts.none());
            aggregator.ingest(last(2, Outcome.PASSED), Artifacts.none());
        }
        assertThat(onlyCase().children()).isEmpty();
        assertThat(suite().child("properties").child("property").attributes())
                .isEqualTo(Map.of("name", "attempt 1 at /a", "value", "failure: attempt 1"));
    }

    @Test
    void longOutputIsCutInTheMiddleBetweenCharacters() throws IOException {
        String text = "h".repeat(9) + "ü" + "x".repeat(1000) + "ü" + "t".repeat(9);
        try (JUnitXmlAggregator aggregator = open(RICH.withOutput(10, 10))) {
            aggregator.ingest(passed("/a"), left().file("output.txt", text).artifacts());
        }
        assertThat(onlyCase().child("system-out").text())
                .isEqualTo("h".repeat(9) + "\n[… 1002 bytes omitted …]\n" + "t".repeat(9));
    }

    @Test
    void filesAreListedAsAttachments() throws IOException {
        String lines = "{\"name\":\"s\",\"files\":[\"log\",\"odd|name\"]}\n{\"files\":[\"../x\"]}\n";
        for (Profile profile : Profile.values()) {
            Path path = directory.resolve(profile + ".xml");
            JUnitXmlOptions options = OPTIONS.withProfile(profile).withAttachments("results/FILES");
            try (JUnitXmlAggregator aggregator = JUnitXmlAggregator.open(path, options)) {
                aggregator.ingest(
                        passed("/a"),
                        left().results(lines).file("output.txt", "out").artifacts());
            }
            Parsed parsed = Parsed.read(path);
            assertThat(parsed.oneCase("/a[s]").child("system-out").text()).isEqualTo("""
                [[ATTACHMENT|results/FILES/here/a/s/log]]
                attachment: results/FILES/here/a/s/odd|name
                """);
            assertThat(parsed.oneCase("/a").child("system-out").text())
                    .isEqualTo("[[ATTACHMENT|results/FILES/here/a/%2E./x]]\n"
                            + (profile == Profile.PORTABLE ? "" : "out"));
        }
    }

    // Jenkins keeps only one attachment per name and case.
    @ParameterizedTest
    @EnumSource
    void eachTestHasItsOwnAttachments(Profile profile) throws IOException {
        String lines =
                "{\"status\":\"fail\",\"name\":\"s\",\"files\":[\"output.txt\"]}\n{\"files\":[\"output.txt\"]}\n";
        for (Subtests subtests : Subtests.values()) {
            Path path = directory.resolve(subtests + ".xml");
            JUnitXmlOptions options =
                    OPTIONS.withProfile(profile).withAttachments("F").withSubtests(subtests);
            try (JUnitXmlAggregator aggregator = JUnitXmlAggregator.open(path, options)) {
                for (String test : List.of("/a", "/b")) {
                    aggregator.ingest(
                            TestRecord.of("here", test, TestEnd.exited(1)),
                            left().results(lines).artifacts());
                }
            }
            Parsed parsed = Parsed.read(path);
            for (String test : List.of("/a", "/b")) {
                String own = "[[ATTACHMENT|F/here" + test + "/output.txt]]\n";
                String part = "[[ATTACHMENT|F/here" + test + "/s/output.txt]]\n";
                boolean cases = subtests == Subtests.CASES;
                assertThat(parsed.oneCase(test).child("system-out").text()).isEqualTo(cases ? own : part + own);
                if (cases) {
                    assertThat(parsed.oneCase(test + "[s]").child("system-out").text())
                            .isEqualTo(part);
                }
            }
        }
    }

    /** The patterns with which GitLab, Jenkins and Testmo look for directives. */
    private static final Pattern OBEYED = Pattern.compile("\\[\\[(ATTACHMENT|PROPERTY)\\|.+]]");

    @ParameterizedTest
    @EnumSource
    void directivesInTestOutputAreDisabled(Profile profile) throws IOException {
        String word = "[[ATTACHMENT|/etc/shadow]]";
        String lines = """
                {"status":"fail","name":"[ATTACHMENT|/etc/shadow]","note":"WORD","files":["output.txt"]}
                {"status":"fail","name":"WORD","note":"x\\nWORD","files":["WORD","x\\nWORD"]}
                {"status":"fail","note":"\\u001b[1mWORD","files":["output.txt"]}
                """.replace("WORD", word);
        TestArtifacts left = left().results(lines)
                .file("output.txt", word + "\n[\u001b[0m[ATTACHMENT|/etc/shadow]]\n[[PROPERTY|a=b]]\n")
                .file("%5BATTACHMENT|/etc/shadow]/output.txt", word);
        TestCase test = TestCase.named(word).withSource(TestSource.of(word)).withTag(word);
        TestRecord record = TestRecord.of(word, test, TestEnd.of(Outcome.FAILED, word))
                .withSystem(new SystemInfo(word, word, word, Map.of(word, word)), 1);
        JUnitXmlOptions options = OPTIONS.withProfile(profile).withAttachments("F");
        try (JUnitXmlAggregator aggregator = open(options)) {
            aggregator.ingest(record, left.artifacts());
            aggregator.ingest(attempt(1, Outcome.FAILED), Artifacts.none());
            aggregator.ingest(
                    last(2, Outcome.FAILED),
                    left().results("{\"files\":[\"own\"]}\n").artifacts());
        }
        List<String> found = new ArrayList<>();
        found.addAll(obeyed(Parsed.read(report)));
        assertThat(found)
                .allMatch(text -> text.startsWith("[[ATTACHMENT|F/"))
                .anyMatch(text -> text.equals("[[ATTACHMENT|F/here/a/own]]"))
                .noneMatch(text -> text.contains("|/etc"));
    }

    private static List<String> obeyed(Parsed element) {
        List<String> found = new ArrayList<>();
        List<String> texts = new ArrayList<>(element.attributes().values());
        texts.add(element.text());
        texts.forEach(text -> OBEYED.matcher(text).results().forEach(match -> found.add(match.group())));
        element.children().forEach(child -> found.addAll(obeyed(child)));
        return found;
    }

    @Test
    void richProfileHasThePropertiesOfATest() throws IOException {
        TestCase test = TestCase.named("/a")
                .withTag("slow")
                .withTag("net")
                .withComponents(Set.of("kernel", "bash"))
                .withGroup("storage");
        try (JUnitXmlAggregator aggregator = open(OPTIONS.withProfile(Profile.RICH))) {
            TestRecord record = TestRecord.of("here", test, TestEnd.exited(0));
            aggregator.ingest(record.withAttempt(1, false), Artifacts.none());
            aggregator.ingest(record.withAttempt(2, true).withCause(AttemptCause.RERUN), Artifacts.none());
        }
        assertThat(Files.readString(report))
                .contains("<property name=\"tag\" value=\"net\"/><property name=\"tag\" value=\"slow\"/>"
                        + "<property name=\"component\" value=\"bash\"/>"
                        + "<property name=\"component\" value=\"kernel\"/>"
                        + "<property name=\"group\" value=\"storage\"/><property name=\"cause\" value=\"rerun\"/>");
    }

    @ParameterizedTest
    @EnumSource
    void richProfileNamesTheSourceFileOfATest(Profile profile) throws IOException {
        TestRecord record = passed("/a", new TestSource("shell/main.fmf", 7));
        JUnitXmlOptions options = OPTIONS.withProfile(profile).withSources("tests");
        try (JUnitXmlAggregator aggregator = open(options)) {
            aggregator.ingest(record, left().results("{\"name\":\"s\"}\n").artifacts());
            aggregator.ingest(passed("/b", TestSource.of("b.fmf")), Artifacts.none());
            aggregator.ingest(passed("/c"), Artifacts.none());
        }
        Parsed parsed = Parsed.read(report);
        if (profile == Profile.RICH) {
            Map.Entry<String, String> file = Map.entry("file", "tests/shell/main.fmf");
            assertThat(parsed.oneCase("/a").attributes()).contains(file, Map.entry("line", "7"));
            assertThat(parsed.oneCase("/a[s]").attributes()).contains(file, Map.entry("line", "7"));
            assertThat(parsed.oneCase("/b").attributes())
                    .contains(Map.entry("file", "tests/b.fmf"))
                    .doesNotContainKey("line");
            assertThat(parsed.oneCase("/c").attributes()).doesNotContainKey("file");
        } else {
            assertThat(report).content().doesNotContain("main.fmf", "line=");
        }
    }

    @Test
    void symbolicLinksInArtifactsAreNotFollowed() throws IOException {
        Files.writeString(directory.resolve("secret"), "the contents");
        TestArtifacts left = left().file("x", "");
        Files.createSymbolicLink(left.artifacts().files().resolve("output.txt"), directory.resolve("secret"));
        Files.createSymbolicLink(left.artifacts().files().resolve("dir"), directory);
        left.results("{\"status\":\"fail\",\"name\":\"dir\",\"files\":[\"secret\"]}\n");
        try (JUnitXmlAggregator aggregator = open(RICH)) {
            aggregator.ingest(passed("/a"), left.artifacts());
        }
        assertThat(report).content().doesNotContain("the contents");
    }

    @Test
    void invalidResultsAreRefusedAndTheArtifactsKept() throws IOException {
        TestArtifacts left = left().results("{}\nnonsense\n");
        try (JUnitXmlAggregator aggregator = open()) {
            assertThatThrownBy(() -> aggregator.ingest(passed("/a"), left.artifacts()))
                    .isInstanceOf(AggregationException.class)
                    .hasMessageContaining("/a on here")
                    .hasMessageContaining("line 2: ");
            assertThat(left.artifacts().results()).exists();
            aggregator.ingest(passed("/a"), left.results("{}\n").artifacts());
        }
        assertThat(Parsed.read(report).cases()).hasSize(1);
    }

    @Test
    void refusesADuplicateTestUnlessAllowed() throws IOException {
        try (JUnitXmlAggregator aggregator = open()) {
            aggregator.ingest(passed("/a"), Artifacts.none());
            Artifacts again = left().artifacts();
            assertThatThrownBy(() -> aggregator.ingest(passed("/a"), again))
                    .isInstanceOf(AggregationException.class)
                    .hasMessageContaining("withDuplicates");
            assertThat(again.directory()).exists();
        }
        Path other = directory.resolve("other.xml");
        try (JUnitXmlAggregator aggregator = JUnitXmlAggregator.open(other, OPTIONS.withDuplicates())) {
            aggregator.ingest(passed("/a"), Artifacts.none());
            aggregator.ingest(attempt(1, Outcome.FAILED), Artifacts.none());
            aggregator.ingest(last(2, Outcome.PASSED), Artifacts.none());
            aggregator.ingest(passed("/a"), Artifacts.none());
        }
        assertThat(Parsed.read(other).child("testsuite").children("testcase"))
                .extracting(one -> one.attribute("name"))
                .contains("/a (1)", "/a (2)");
    }

    @Test
    void refusesAFileThatIsNotEmpty() throws IOException {
        open().close();
        assertThatThrownBy(this::open).isInstanceOf(AggregationException.class).hasMessageContaining(report.toString());
        assertThatThrownBy(() -> open(OPTIONS.withResume())).isInstanceOf(AggregationException.class);
    }

    @Test
    void closedAggregatorRefusesTestsAndClosesTwice() throws IOException {
        JUnitXmlAggregator aggregator = open();
        aggregator.close();
        aggregator.close();
        Artifacts artifacts = left().artifacts();

        assertThatThrownBy(() -> aggregator.ingest(passed("/a"), artifacts)).isInstanceOf(IllegalStateException.class);
        assertThat(artifacts.directory()).exists();
    }

    @Test
    void interruptStaysPendingAndDoesNotDisturbIngest() throws IOException {
        JUnitXmlAggregator aggregator = open(RICH);
        TestArtifacts left = left().results("{}\n").file("output.txt", "x".repeat(200_000));
        Artifacts artifacts = left.artifacts();
        Thread.currentThread().interrupt();
        aggregator.ingest(passed("/a"), artifacts);
        assertThat(Thread.interrupted()).isTrue();
        aggregator.ingest(passed("/b"), left().artifacts());
        Thread.currentThread().interrupt();
        aggregator.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(Parsed.read(report).cases()).hasSize(2);
    }

    @Test
    void resultsOfParallelTestsAreComplete() throws Exception {
        try (JUnitXmlAggregator aggregator = open();
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                int thread = i;
                all.add(pool.submit(() -> {
                    for (int j = 0; j < 20; j++) {
                        String lines = "{\"status\":\"pass\",\"name\":\"s\"}\n";
                        TestRecord record =
                                TestRecord.of("p" + thread % 3, "/t/" + thread + "/" + j, TestEnd.exited(j % 2));
                        aggregator.ingest(
                                record,
                                left().results(lines)
                                        .file("output.txt", "<" + j)
                                        .artifacts());
                    }
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
        Parsed parsed = Parsed.read(report);
        assertThat(parsed.cases()).hasSize(4000);
        assertThat(parsed.children().stream()
                        .mapToInt(suite -> Integer.parseInt(suite.attribute("failures")))
                        .sum())
                .isEqualTo(1000);
    }

    @Test
    void reportOfACrashedRunIsCompletedFromTheJournal() throws IOException {
        Path journal = report.resolveSibling("report.xml.journal");
        JUnitXmlAggregator crashed = open(RICH);
        crashed.ingest(
                attempt(1, Outcome.FAILED), left().file("output.txt", "first").artifacts());
        crashed.ingest(passed("/b"), Artifacts.none());
        byte[] kept = Files.readAllBytes(journal);
        byte[] before = Files.readAllBytes(report);
        crashed.close();
        assertThat(JUnitXmlAggregator.recover(report)).isFalse();

        Files.write(report, before);
        Files.write(journal, kept);
        assertThat(JUnitXmlAggregator.recover(report)).isTrue();
        assertThat(Parsed.read(report).cases()).containsOnlyKeys("/a", "/b");
        assertThatThrownBy(() -> open(OPTIONS.withResume())).hasMessageContaining("RICH");
        try (JUnitXmlAggregator continued = open(RICH.withResume())) {
            continued.ingest(last(2, Outcome.PASSED), Artifacts.none());
        }
        Parsed a = Parsed.read(report).oneCase("/a");
        assertThat(a.child("flakyFailure").child("system-out").text()).isEqualTo("first");
        assertThat(journal).doesNotExist();
    }

    @Test
    void completeEntriesAreKeptWhereverTheJournalIsCut() throws IOException {
        Path journal = report.resolveSibling("report.xml.journal");
        JUnitXmlAggregator crashed = open(RICH);
        crashed.ingest(passed("/a"), left().file("output.txt", "first").artifacts());
        int one = (int) Files.size(journal);
        crashed.ingest(passed("/b"), left().file("output.txt", "second").artifacts());
        byte[] two = Files.readAllBytes(journal);
        crashed.close();
        for (int length = one; length < two.length; length++) {
            Files.write(journal, Arrays.copyOf(two, length));
            assertThat(JUnitXmlAggregator.recover(report)).isTrue();
            assertThat(Parsed.read(report).cases()).containsOnlyKeys("/a");
        }
        try (JUnitXmlAggregator continued = open(RICH.withResume())) {
            continued.ingest(passed("/b"), Artifacts.none());
        }
        assertThat(Parsed.read(report).cases()).containsOnlyKeys("/a", "/b");
    }

    @Test
    void corruptJournalIsRefusedWithThePosition() throws IOException {
        Path journal = report.resolveSibling("report.xml.journal");
        JUnitXmlAggregator crashed = open();
        crashed.ingest(passed("/a"), Artifacts.none());
        byte[] bytes = Files.readAllBytes(journal);
        crashed.close();
        bytes[bytes.length - 1] ^= 1;
        Files.write(journal, bytes);

        assertThatThrownBy(() -> JUnitXmlAggregator.recover(report))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining(journal + " is corrupt at byte ");
    }

    private JUnitXmlAggregator open() {
        return open(OPTIONS);
    }

    private JUnitXmlAggregator open(JUnitXmlOptions options) {
        return JUnitXmlAggregator.open(report, options);
    }

    private TestArtifacts left() throws IOException {
        return TestArtifacts.below(directory);
    }

    private Parsed suite() {
        Parsed root = Parsed.read(report);
        return root.name().equals("testsuite") ? root : root.child("testsuite");
    }

    private Parsed onlyCase() {
        return suite().child("testcase");
    }

    private static TestRecord passed(String test, TestSource source) {
        return TestRecord.of("here", TestCase.named(test).withSource(source), TestEnd.exited(0));
    }

    private static TestRecord passed(String test) {
        return TestRecord.of("here", test, TestEnd.exited(0));
    }

    private static TestRecord record(String platform, String test, Instant started, long millis) {
        TestEnd end = TestEnd.exited(0);
        return TestRecord.of(platform, test, end)
                .withTimes(started, Duration.ofMillis(millis))
                .withSystem(SystemInfo.named("machine"), 1);
    }

    private static TestRecord attempt(int number, Outcome outcome) {
        return attempt(number, outcome, false);
    }

    private static TestRecord last(int number, Outcome outcome) {
        return attempt(number, outcome, true);
    }

    private static TestRecord attempt(int number, Outcome outcome, boolean last) {
        TestEnd end = TestEnd.of(outcome, "attempt " + number);
        return TestRecord.of("here", "/a", end)
                .withAttempt(number, last)
                .withTimes(START, Duration.ofSeconds(1))
                .withSystem(SystemInfo.named("machine"), 1);
    }
}
