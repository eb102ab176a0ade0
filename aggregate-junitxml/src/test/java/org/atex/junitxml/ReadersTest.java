package org.atex.junitxml;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.maven.plugin.surefire.log.api.NullConsoleLogger;
import org.apache.maven.plugins.surefire.report.ReportTestCase;
import org.apache.maven.plugins.surefire.report.ReportTestSuite;
import org.apache.maven.plugins.surefire.report.TestSuiteXmlParser;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.lab.Npm;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reads reports with flaky tests and reruns by programs of others. */
@Timeout(500)
class ReadersTest {
    @TempDir
    Path directory;

    private static TestRecord attempt(String test, int number, boolean last, int exitCode) {
        return TestRecord.of("debian-12", test, TestEnd.exited(exitCode))
                .withTimes(Instant.parse("2026-05-04T10:00:00Z"), Duration.ofMillis(1500))
                .withAttempt(number, last)
                .withCause(number == 1 ? AttemptCause.FIRST : AttemptCause.RERUN);
    }

    private Path report(Profile profile) throws Exception {
        Path report = directory.resolve("report.xml");
        try (JUnitXmlAggregator aggregator =
                JUnitXmlAggregator.open(report, JUnitXmlOptions.defaults().withProfile(profile))) {
            Artifacts first = TestArtifacts.below(directory)
                    .file("output.txt", "first try\n")
                    .artifacts();
            aggregator.ingest(attempt("/net/flaky", 1, false, 1), first);
            aggregator.ingest(attempt("/net/flaky", 2, true, 0), Artifacts.none());
            aggregator.ingest(attempt("/net/bad", 1, false, 1), Artifacts.none());
            aggregator.ingest(attempt("/net/bad", 2, true, 2), Artifacts.none());
            aggregator.ingest(attempt("/net/good", 1, true, 0), Artifacts.none());
        }
        return report;
    }

    @ParameterizedTest
    @EnumSource(
            value = Profile.class,
            names = {"SUREFIRE", "RICH"})
    void converterToCtrfSeesFlakyTestsAndRetries(Profile profile) throws Exception {
        Path ctrf = directory.resolve("ctrf.json");

        Npm.Output output = Npm.install("junit-to-ctrf", "0.0.14")
                .run("junit-to-ctrf", report(profile).toString(), "-o", ctrf.toString());

        assertThat(output.exitCode()).as(output.text()).isZero();
        String text = Files.readString(ctrf).replaceAll("\\s+", "");
        assertThat(text)
                .as("the summary")
                .contains("\"tests\":3,\"passed\":2,\"failed\":1,\"skipped\":0")
                .contains("\"flaky\":1");
        assertThat(between(text, "/net/flaky", "/net/bad"))
                .contains("\"status\":\"passed\"", "\"duration\":1500", "\"retries\":1", "\"flaky\":true")
                .contains("\"attempt\":1,\"status\":\"failed\",\"message\":\"exitcode1\"", "firsttry");
        assertThat(between(text, "/net/bad", "/net/good"))
                .contains("\"status\":\"failed\"", "\"message\":\"exitcode1\"", "\"retries\":1")
                .contains("\"attempt\":2,\"status\":\"failed\",\"message\":\"exitcode2\"")
                .doesNotContain("\"flaky\":true");
    }

    private static String between(String text, String from, String to) {
        return text.substring(text.indexOf(from), text.indexOf(to));
    }

    @Test
    void surefireSeesFlakyTestsAndFailures() throws Exception {
        List<ReportTestSuite> suites = new TestSuiteXmlParser(new NullConsoleLogger())
                .parse(report(Profile.SUREFIRE).toString());

        assertThat(suites)
                .extracting(ReportTestSuite::getNumberOfTests)
                .as("tests")
                .containsExactly(3);
        assertThat(suites)
                .extracting(ReportTestSuite::getNumberOfFailures)
                .as("failures")
                .containsExactly(1);
        assertThat(suites)
                .extracting(ReportTestSuite::getNumberOfFlakes)
                .as("flaky tests")
                .containsExactly(1);
        assertThat(suites.getFirst().getTestCases())
                .extracting(ReportTestCase::getName)
                .containsExactly("/net/flaky", "/net/bad", "/net/good");
    }
}
