package org.atex.html;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Uses a page of 10,000 tests with 30,000 attempts on 200 systems in a real browser. */
@Timeout(600)
class LargePageTest {
    private static final int TESTS = 10_000;

    @RegisterExtension
    static final Browser browser = new Browser();

    @TempDir
    Path directory;

    @Test
    void aLargeRunIsASmallPageThatIsFiltered(TestReporter figures) throws Exception {
        Path page = directory.resolve("large.html");
        write(page);
        figures.publishEntry("bytes", String.valueOf(Files.size(page)));
        assertThat(Files.size(page)).isLessThan(15_000_000);

        browser.open(page, "#view=tests");
        figures.publishEntry(
                "ms of the script", String.valueOf(browser.run("return document.documentElement.dataset.ready")));
        figures.publishEntry("ms until loaded", String.valueOf(browser.run("""
                return Math.round(performance.getEntriesByType('navigation')[0].loadEventEnd)""")));
        assertThat(browser.text("#found")).isEqualTo("10000 of 10000 tests");
        assertThat(browser.texts("main tbody tr"))
                .as("rows of a page of the table")
                .hasSize(100);

        for (String query : List.of("/group-7/", "number 99", "no such test", "assertion 4")) {
            Object took = browser.run("""
                    const begin = performance.now();
                    document.getElementById('q').value = '%s';
                    document.getElementById('q').dispatchEvent(new Event('input'));
                    document.body.offsetHeight; // lays the page out
                    return performance.now() - begin""".formatted(query));
            figures.publishEntry("ms of the filter " + query, took + ", " + browser.text("#found"));
        }
        assertThat(browser.text("#found")).doesNotStartWith("0 ");

        browser.open(page, "#view=time");
        assertThat(browser.run("return Number(document.getElementById('timeline').dataset.bars) > 1000"))
                .isEqualTo(true);
        assertThat(browser.complaints()).isEmpty();
    }

    private Artifacts artifacts() throws IOException {
        return TestArtifacts.below(directory)
                .results("{\"status\":\"fail\",\"name\":\"part of it\",\"note\":\"expected 3\"}\n")
                .file("output.txt", "some line of output\n".repeat(100))
                .artifacts();
    }

    private void write(Path page) throws Exception {
        List<SystemInfo> systems = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            systems.add(new SystemInfo("system-" + i, "podman", "host-" + i % 20, Map.of("arch", "x86_64")));
        }
        List<PlainTest> tests = new ArrayList<>();
        for (int i = 0; i < TESTS; i++) {
            tests.add(TestCase.named("/some/suite/group-" + i % 100 + "/a rather long name of the test number " + i)
                    .withTag("tag-" + i % 30));
        }
        try (HtmlReport report = HtmlReport.open(page, HtmlOptions.defaults().withPause(Duration.ofMinutes(1)))) {
            SampleRun run = new SampleRun(report, directory);
            run.start("debian-12", tests);
            for (SystemInfo system : systems) {
                run.ready(60, system, 60, 20);
            }
            for (int i = 0; i < TESTS; i++) {
                for (int attempt = 1; attempt <= 3; attempt++) {
                    SystemInfo system = systems.get((i + attempt) % systems.size());
                    boolean isGood = attempt == 3 && i % 20 > 0;
                    TestEnd end =
                            isGood ? TestEnd.exited(0) : TestEnd.of(Outcome.FAILED, "assertion " + i % 9 + " failed");
                    TestRecord record = SampleRun.record(
                                    "debian-12", tests.get(i), end, 60 + i / 200 * 40 + attempt * 12, 11, system)
                            .withAttempt(attempt, attempt == 3)
                            .withCause(attempt == 1 ? AttemptCause.FIRST : AttemptCause.RERUN);
                    report.ingest(record, i % 40 == 0 ? artifacts() : Artifacts.none());
                }
            }
            run.end(2100, List.of());
        }
    }
}
