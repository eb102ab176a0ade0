package org.atex.allure;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.junitxml.JUnitXmlAggregator;
import org.atex.junitxml.JUnitXmlOptions;
import org.atex.junitxml.Profile;
import org.atex.lab.Npm;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Generates reports with Allure 3 from its own results, and from JUnit XML. */
@Timeout(600)
class Allure3Test {
    @TempDir
    Path directory;

    private static TestRecord attempt(String test, int number, boolean last, int exitCode) {
        return TestRecord.of("debian-12", test, TestEnd.exited(exitCode))
                .withTimes(Instant.parse("2026-05-04T10:00:00Z").plusSeconds(10L * number), Duration.ofMillis(1500))
                .withAttempt(number, last)
                .withCause(number == 1 ? AttemptCause.FIRST : AttemptCause.RERUN);
    }

    private void ingest(Aggregator aggregator) throws Exception {
        Artifacts first =
                TestArtifacts.below(directory).file("output.txt", "first try\n").artifacts();
        aggregator.ingest(attempt("/net/flaky", 1, false, 1), first);
        aggregator.ingest(attempt("/net/flaky", 2, true, 0), Artifacts.none());
        aggregator.ingest(attempt("/net/bad", 1, false, 1), Artifacts.none());
        aggregator.ingest(attempt("/net/bad", 2, true, 2), Artifacts.none());
        aggregator.ingest(attempt("/net/good", 1, true, 0), Artifacts.none());
    }

    /** {@return the tests of a report that Allure generates, by their names} */
    private Map<String, JsonNode> generate(Path results) throws Exception {
        Path report = directory.resolve("report");
        Npm.Output output = Npm.install("allure", "3.18.0")
                .run("allure", "generate", results.toString(), "--output", report.toString());
        assertThat(output.exitCode()).as(output.text()).isZero();
        Map<String, JsonNode> tests = new HashMap<>();
        try (Stream<Path> files = Files.list(report.resolve("data/test-results"))) {
            for (Path file : files.toList()) {
                JsonNode test = JsonMapper.shared().readTree(file.toFile());
                if (!test.path("isRetry").asBoolean()) {
                    tests.put(test.path("name").asString(), test);
                }
            }
        }
        return tests;
    }

    @Test
    void showsRetriesOfOurResults() throws Exception {
        Path results = directory.resolve("allure-results");
        try (Aggregator aggregator = AllureAggregator.open(results, AllureOptions.defaults())) {
            ingest(aggregator);
        }

        Map<String, JsonNode> tests = generate(results);

        assertThat(tests).containsOnlyKeys("/net/flaky", "/net/bad", "/net/good");
        JsonNode flaky = tests.get("/net/flaky");
        assertThat(flaky.path("status").asString()).isEqualTo("passed");
        assertThat(flaky.path("flaky").asBoolean()).isTrue();
        assertThat(flaky.path("retriesCount").asInt()).isEqualTo(1);
        assertThat(flaky.path("duration").asInt()).isEqualTo(1500);
        JsonNode bad = tests.get("/net/bad");
        assertThat(bad.path("status").asString()).isEqualTo("failed");
        assertThat(bad.path("error").path("message").asString()).contains("exit code 2");
        assertThat(bad.path("retriesCount").asInt()).isEqualTo(1);
        assertThat(tests.get("/net/good").path("flaky").asBoolean()).isFalse();
    }

    @Test
    void readsJUnitXml() throws Exception {
        Path results = Files.createDirectory(directory.resolve("junit"));
        try (Aggregator aggregator = JUnitXmlAggregator.open(
                results.resolve("report.xml"), JUnitXmlOptions.defaults().withProfile(Profile.SUREFIRE))) {
            ingest(aggregator);
        }

        Map<String, JsonNode> tests = generate(results);

        assertThat(tests).containsOnlyKeys("/net/flaky", "/net/bad", "/net/good");
        assertThat(tests.get("/net/flaky").path("status").asString())
                .as("it ignores earlier attempts, as the README of aggregate-junitxml says")
                .isEqualTo("passed");
        assertThat(tests.get("/net/bad").path("status").asString()).isEqualTo("failed");
        assertThat(tests.get("/net/bad").path("error").path("message").asString())
                .isEqualTo("exit code 1");
        assertThat(tests.get("/net/good").path("duration").asInt()).isEqualTo(1500);
    }
}
