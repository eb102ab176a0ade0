package org.atex.junitxml;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.testkit.TestArtifacts;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks the rules of the schemas of readers, written as assertions: those of Jenkins' xUnit plugin and of Ant for the
 * portable profile, those of Surefire and of Jenkins' plugin for the Surefire profile.
 */
class ProfileTest {
    private static final String COUNT = "[0-9]+";
    private static final String SECONDS = "[0-9]+\\.[0-9]{3}";

    @TempDir
    Path directory;

    // With attachments, the file is valid for Jenkins only.
    @ParameterizedTest
    @NullSource
    @ValueSource(strings = "F")
    void portableProfileIsValidForJenkinsAndAnt(@Nullable String attachments) throws IOException {
        Parsed root = write(Profile.PORTABLE, attachments);
        assertThat(root.name()).isEqualTo("testsuites");
        assertThat(root.attributes()).isEmpty();
        int id = 0;
        for (Parsed suite : root.children()) {
            assertThat(suite.name()).isEqualTo("testsuite");
            assertThat(suite.attributes().keySet())
                    .isEqualTo(Set.of(
                            "name",
                            "package",
                            "id",
                            "tests",
                            "failures",
                            "errors",
                            "skipped",
                            "time",
                            "timestamp",
                            "hostname"));
            assertThat(suite.attributes())
                    .allSatisfy((key, value) -> assertThat(value).isNotBlank());
            assertThat(suite.attribute("id")).isEqualTo(Integer.toString(id++));
            assertThat(suite.attribute("timestamp")).matches("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}");
            checkCounts(suite);
            List<String> order =
                    suite.children().stream().map(Parsed::name).distinct().toList();
            assertThat(order).containsExactly("properties", "testcase", "system-out", "system-err");
            suite.child("properties").children("property").forEach(ProfileTest::checkProperty);
            suite.child("system-out");
            suite.child("system-err");
            for (Parsed one : suite.children("testcase")) {
                assertThat(one.attributes().keySet()).isEqualTo(Set.of("name", "classname", "time"));
                assertThat(one.attribute("time")).matches(SECONDS);
                List<Parsed> children = one.children();
                if (!children.isEmpty() && children.getLast().name().equals("system-out")) {
                    assertThat(attachments)
                            .as("only junit-10.xsd allows output in a case")
                            .isNotNull();
                    children = children.subList(0, children.size() - 1);
                }
                assertThat(children).hasSizeLessThanOrEqualTo(1);
                children.forEach(ProfileTest::checkOutcome);
            }
        }
    }

    @Test
    void surefireProfileIsValidForSurefireAndJenkins() throws IOException {
        Parsed suite = write(Profile.SUREFIRE);
        assertThat(suite.name()).isEqualTo("testsuite");
        assertThat(suite.attributes().keySet())
                .isEqualTo(Set.of("name", "tests", "failures", "errors", "skipped", "time"));
        checkCounts(suite);
        assertThat(suite.children().stream().map(Parsed::name).distinct()).containsExactly("properties", "testcase");
        List<String> order = List.of(
                "failure",
                "rerunFailure",
                "flakyFailure",
                "skipped",
                "error",
                "rerunError",
                "flakyError",
                "system-out",
                "system-err");
        for (Parsed one : suite.children("testcase")) {
            assertThat(one.attributes().keySet()).isEqualTo(Set.of("name", "classname", "time"));
            assertThat(one.attribute("time")).matches(SECONDS);
            assertThat(one.children().stream().map(child -> order.indexOf(child.name())))
                    .isSorted()
                    .doesNotContain(-1);
            assertThat(one.children().stream()
                            .filter(child ->
                                    Set.of("failure", "error", "skipped").contains(child.name())))
                    .hasSizeLessThanOrEqualTo(1);
            for (Parsed child : one.children()) {
                if (child.name().startsWith("rerun") || child.name().startsWith("flaky")) {
                    assertThat(child.attributes().keySet()).isEqualTo(Set.of("message", "type"));
                    assertThat(child.children()).extracting(Parsed::name).startsWith("stackTrace");
                } else if (!child.name().startsWith("system")) {
                    checkOutcome(child);
                }
            }
        }
    }

    @Test
    void richProfileHasTotalsTimesAndProperties() throws IOException {
        Parsed root = write(Profile.RICH);
        assertThat(root.attributes())
                .contains(Map.entry("tests", "10"), Map.entry("failures", "3"), Map.entry("errors", "2"));
        Parsed one = root.oneCase("/d/flaky");
        assertThat(one.attribute("timestamp")).isEqualTo("2026-11-21T10:00:00Z");
        assertThat(one.child("properties").children())
                .extracting(property -> property.attribute("name") + "=" + property.attribute("value"))
                .containsExactly("attempts=2", "system=machine", "slot=1");
    }

    private Parsed write(Profile profile) throws IOException {
        return write(profile, "F");
    }

    private Parsed write(Profile profile, @Nullable String attachments) throws IOException {
        Path report = directory.resolve("report.xml");
        JUnitXmlOptions plain = JUnitXmlOptions.defaults().withProfile(profile);
        JUnitXmlOptions options = attachments == null ? plain : plain.withAttachments(attachments);
        try (JUnitXmlAggregator aggregator = JUnitXmlAggregator.open(report, options)) {
            String lines = """
                {"status":"fail","name":"s","note":"<&>\\u001b]]>","files":["output.txt"]}
                {"status":"skip","name":"t"}
                {"status":"pass","name":"u","files":["output.txt"]}
                {"status":"error","name":"v","files":["<v>.log"]}
                """;
            TestArtifacts left = TestArtifacts.below(directory)
                    .results(lines)
                    .file("output.txt", "out ]]> \u001b[1m\u0000")
                    .file("s/output.txt", "out of s")
                    .file("v/<v>.log", "log of v ]]>")
                    .file("u/output.txt", "out of u");
            aggregator.ingest(record("/a", 1, true, Outcome.FAILED), left.artifacts());
            aggregator.ingest(record("/b", 1, true, Outcome.TIMED_OUT), Artifacts.none());
            aggregator.ingest(TestRecord.notRun("  ", "/c", "no \"system\" <\n>"), Artifacts.none());
            aggregator.ingest(
                    record("/d/flaky", 1, false, Outcome.FAILED),
                    TestArtifacts.below(directory).artifacts());
            aggregator.ingest(
                    record("/d/flaky", 2, true, Outcome.PASSED),
                    TestArtifacts.below(directory).artifacts());
            aggregator.ingest(
                    record("/e", 1, false, Outcome.FAILED),
                    TestArtifacts.below(directory).artifacts());
            aggregator.ingest(
                    record("/e", 2, false, Outcome.LOST),
                    TestArtifacts.below(directory).file("output.txt", "x").artifacts());
            aggregator.ingest(
                    record("/e", 3, true, Outcome.FAILED),
                    TestArtifacts.below(directory).artifacts());
            aggregator.ingest(
                    record("plain", 1, true, Outcome.SKIPPED),
                    TestArtifacts.below(directory).artifacts());
        }
        keepForValidation(report, profile + (attachments == null ? "-without-attachments" : ""));
        return Parsed.read(report);
    }

    /** Copies the report to a directory, where it can be validated with the schemas themselves. */
    private static void keepForValidation(Path report, String name) throws IOException {
        String directory = System.getProperty("org.atex.junitxml.keep");
        if (directory != null) {
            Files.copy(report, Path.of(directory, name + ".xml"));
        }
    }

    private static void checkCounts(Parsed suite) {
        assertThat(suite.attribute("time")).matches(SECONDS);
        assertThat(suite.attribute("tests")).matches(COUNT);
        List<Parsed> cases = suite.children("testcase");
        assertThat(suite.attribute("tests")).isEqualTo(Integer.toString(cases.size()));
        Map.of("failures", "failure", "errors", "error", "skipped", "skipped").forEach((attribute, element) -> {
            long count = cases.stream()
                    .filter(one -> !one.children(element).isEmpty())
                    .count();
            assertThat(suite.attribute(attribute)).isEqualTo(Long.toString(count));
        });
    }

    private static void checkProperty(Parsed property) {
        assertThat(property.attributes().keySet()).isEqualTo(Set.of("name", "value"));
        assertThat(property.attribute("name")).isNotBlank();
    }

    private static void checkOutcome(Parsed outcome) {
        assertThat(outcome.name()).isIn("failure", "error", "skipped");
        assertThat(outcome.children()).isEmpty();
        assertThat(outcome.attributes().keySet())
                .isEqualTo(outcome.name().equals("skipped") ? Set.of("message") : Set.of("message", "type"));
    }

    private static TestRecord record(String test, int attempt, boolean last, Outcome outcome) {
        Instant start = Instant.parse("2026-11-21T10:00:00Z");
        TestEnd end = TestEnd.of(outcome, "note of " + attempt);
        return TestRecord.of("here", TestCase.named(test).withSource(new TestSource("main.fmf", 3)), end)
                .withAttempt(attempt, last)
                .withTimes(start, Duration.ofMillis(1500))
                .withSystem(SystemInfo.named("machine"), 1);
    }
}
