package org.atex.html;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.artifacts.History;
import org.atex.artifacts.PastRun;
import org.atex.artifacts.Spool;
import org.atex.artifacts.SpooledAttempt;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.local.LocalProvisioner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** Reads and uses pages in a real browser. */
@Timeout(300)
class PageTest {
    @RegisterExtension
    static final Browser browser = new Browser();

    @TempDir
    Path directory;

    private Path page() {
        return directory.resolve("a report #1.html");
    }

    @AfterEach
    void nothingIsRequestedAndNothingComplainedAbout() {
        assertThat(browser.complaints())
                .as("warnings of the console, and requests to a network")
                .isEmpty();
    }

    private void sample() throws Exception {
        try (HtmlReport report = HtmlReport.open(page(), HtmlOptions.defaults().withTitle("Nightly of the kernel"))) {
            new SampleRun(report, directory).sendAll();
        }
    }

    private List<String> names() {
        return browser.texts("main tbody tr[data-test] td:first-child");
    }

    @Test
    void failuresComeFirstWithTheirPartsLinesAndFiles() throws Exception {
        sample();
        browser.open(page(), "");

        assertThat(browser.text("#title")).isEqualTo("Nightly of the kernel");
        assertThat(browser.text("#verdict")).isEqualTo("Failed");
        assertThat(browser.texts("#counts button"))
                .containsExactly("1 failed", "1 lost", "1 not run", "2 passed", "1 flaky");
        assertThat(browser.texts("main article h3"))
                .as("failed tests, the worst first")
                .containsExactly("failed /net/dns", "lost /kernel/boot", "not run /tape");
        String dns = browser.text("main article");
        assertThat(dns)
                .contains(
                        "net/dns.fmf:7", "on alpha, slot 1", "exit code 3", "reverse", "no PTR record", "the last line")
                .doesNotContain("first line\n" + "x".repeat(200) + "\nthe last line\n\n");
        assertThat(browser.texts("main details.log summary")).containsExactly("output.txt 226 B");
        browser.find("main details.log summary").click();
        browser.await("return document.querySelector('details.log pre')?.textContent.startsWith('first line')");

        browser.find("main article ul a").click();
        browser.await("return document.body.textContent.startsWith('yyyy')");
        assertThat(browser.driver().getCurrentUrl())
                .as("a file that is too large for the page is beside it")
                .endsWith("a%20report%20%231-files/1/1-reverse_trace.txt");
    }

    @Test
    void aTestShowsAllItsAttempts() throws Exception {
        sample();
        browser.open(page(), "#view=flaky");

        assertThat(browser.texts("main tbody td")).containsExactly("/net/flaky", "failed, passed", "timing");
        browser.find("main tbody a").click();

        browser.await("return document.querySelectorAll('tr.details section.attempt').length === 2");
        assertThat(browser.text("tr.details"))
                .contains(
                        "Attempt 2: passed in 6.0 s",
                        "run again, on beta",
                        "Attempt 1: failed in 5.0 s",
                        "timing",
                        "raced")
                .contains("1 further file, not kept with this page");
    }

    @Test
    void testsAreFilteredAndEachViewHasALink() throws Exception {
        sample();
        browser.open(page(), "#view=tests");
        assertThat(names()).containsExactly("/net/dns", "/kernel/boot", "/tape", "/net/flaky", "/kernel/ok");

        browser.find("#q").sendKeys("NET");
        assertThat(names()).containsExactly("/net/dns", "/net/flaky");
        assertThat(browser.text("#found")).isEqualTo("2 of 5 tests match");
        assertThat(browser.driver().getCurrentUrl()).endsWith("#view=tests&q=NET");

        browser.find("#reset").click();
        assertThat(names()).hasSize(5);
        browser.find("#count-LOST").click();
        assertThat(names()).containsExactly("/kernel/boot");

        browser.open(page(), "#view=tests&tag=kernel&system=alpha");
        assertThat(names()).containsExactly("/kernel/ok");
        browser.open(page(), "#view=tests&min=6&max=30&sort=took");
        assertThat(names()).containsExactly("/net/dns", "/net/flaky");
        browser.open(page(), "#view=tests&q=tape+drive");
        assertThat(names()).as("found by its reason").containsExactly("/tape");
        browser.open(page(), "#view=tests&platform=other");
        assertThat(browser.text("main")).contains("No test matches the filter.");
        browser.driver().navigate().back();
    }

    /** A kept run in which a test passed that fails in the sample, and the other way round. */
    private PastRun former() throws Exception {
        Map<String, TestEnd> ends = new LinkedHashMap<>();
        ends.put("/net/dns", TestEnd.exited(0));
        ends.put("/kernel/boot", TestEnd.of(Outcome.LOST, "no power"));
        ends.put("/kernel/ok", TestEnd.exited(1));
        ends.put("/net/flaky", TestEnd.exited(0));
        ends.put("/old\u202e", TestEnd.exited(0));
        Path runs = directory.resolve("runs");
        List<PlainTest> tests = ends.keySet().stream().map(TestCase::named).toList();
        try (Spool spool = Spool.keep(runs, "former", "debian-12", List.of(), tests, false)) {
            for (PlainTest test : tests) {
                TestRecord record = TestRecord.of("debian-12", test, ends.get(test.name()))
                        .withTimes(SampleRun.START.minusSeconds(1000), Duration.ofSeconds(1));
                SpooledAttempt attempt = spool.next();
                attempt.write(SpooledAttempt.State.RUNNING, record);
                attempt.stored(record);
            }
        }
        return PastRun.latest(runs).orElseThrow();
    }

    @Test
    void aRunIsComparedWithAFormerOne() throws Exception {
        PastRun former = former();
        HtmlOptions options = HtmlOptions.defaults().withFormer(former).withHistory(History.of(former));
        try (HtmlReport report = HtmlReport.open(page(), options)) {
            new SampleRun(report, directory).sendAll();
        }
        browser.open(page(), "#view=compared");

        assertThat(browser.texts("main h3"))
                .containsExactly(
                        "Failed, and passed before (1)",
                        "Failed before, too (1)",
                        "Passed, and failed before (1)",
                        "Slower by half (1)",
                        "Not in the former run (1)",
                        "Only in the former run (1)");
        assertThat(browser.texts("main tbody td:first-child"))
                .containsExactly("/net/dns", "/kernel/boot", "/kernel/ok", "/net/flaky", "/tape");
        assertThat(browser.texts("main li")).containsExactly("/old\\u202e");

        browser.find("main tbody a").click();
        browser.await("return document.querySelectorAll('tr.details').length === 1");
        assertThat(browser.text("tr.details"))
                .contains("in the former run passed in 1.0 s", "Attempts in earlier runs: 0 of 1 failed");
        assertThat(browser.run("return document.querySelector('.strip').getAttribute('aria-label')"))
                .isEqualTo("passed");
    }

    @Test
    void aServedPageShowsTheRunAsItGoesOn() throws Exception {
        HtmlOptions options = HtmlOptions.defaults().withPause(Duration.ofMillis(100));
        try (LivePage live = LivePage.serve(page());
                HtmlReport report = HtmlReport.open(page(), options)) {
            report.flush();
            browser.visit(live.address(), "#view=tests");
            browser.await("return document.documentElement.dataset.ready !== undefined");
            assertThat(names()).isEmpty();

            new SampleRun(report, directory).sendAll();
            browser.await("return document.querySelectorAll('main tbody tr[data-test]').length === 5");
            browser.driver().get("about:blank");
            browser.visit(live.address(), "#view=tests&q=dns");
            browser.await("return document.querySelectorAll('main tbody tr[data-test]').length === 1");
        }
    }

    @Test
    void aServedPageShowsTheOutputOfARunningTest() throws Exception {
        HtmlOptions options = HtmlOptions.defaults().withPause(Duration.ofMillis(100));
        List<CommandTest> tests = List.of(CommandTest.of(
                "/talks",
                Command.bash("echo '<b>bold\u202e'; while [ ! -e again ]; do sleep 0.1; done; echo more; sleep 1000")
                        .withDirectory(directory.toString())));
        ExecutorService background = Executors.newVirtualThreadPerTaskExecutor();
        try (LivePage live = LivePage.serve(page());
                LocalProvisioner systems = LocalProvisioner.withMaxSystems(1);
                HtmlReport report = HtmlReport.open(page(), options);
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(CommandExecutor.factory())
                        .into(report)
                        .listener(report)
                        .build()) {
            Future<RunSummary> summary = background.submit(run::run);
            browser.visit(live.address(), "#view=running");
            browser.await("return document.querySelector('main pre')?.textContent === '<b>bold\\\\u202e'");
            Files.createFile(directory.resolve("again"));
            browser.await("return document.querySelector('main pre')?.textContent.endsWith('\\nmore')");
            assertThat(browser.text("main h3")).startsWith("/talks for ");
            browser.driver().get("about:blank"); // before the server ends

            run.stop(Stop.NOW);
            assertThat(summary.get().counts()).containsEntry(Outcome.CANCELLED, 1);
        } finally {
            background.shutdown();
        }
    }

    @Test
    void pageWithoutEarlierRunsHasNoComparison() throws Exception {
        sample();
        browser.open(page(), "#view=compared");
        assertThat(browser.texts("#views a")).noneMatch(name -> name.contains("Compared"));
        assertThat(browser.texts("main article h3")).as("the view is not known").isNotEmpty();
    }

    @Test
    void theTimeLineIsZoomedByButtonsAndKeys() throws Exception {
        sample();
        browser.open(page(), "#view=time");

        assertThat(browser.run("return document.getElementById('timeline').dataset.rows"))
                .isEqualTo("alpha/1,beta/1");
        String whole = range();
        assertThat(whole).isEqualTo("0-130000");
        browser.find("#zoom-in").click();
        assertThat(range()).isEqualTo("32500-97500");
        browser.find("#timeline").sendKeys("+", Keys.ARROW_RIGHT);
        assertThat(range()).isEqualTo("56875-89375");
        assertThat(browser.driver().getCurrentUrl()).endsWith("&from=56875&to=89375");
        browser.find("#whole").click();
        assertThat(range()).isEqualTo(whole);

        // The middle of the canvas in its second row is the test that lost its system.
        browser.run("""
                const box = document.getElementById('timeline').getBoundingClientRect();
                document.getElementById('timeline').dispatchEvent(new PointerEvent('pointerdown',
                    { clientX: box.left + 130 + (box.width - 130) * 0.6, clientY: box.top + 22 + 30, bubbles: true }));
                """);
        assertThat(browser.text("#bar")).startsWith("/kernel/boot lost, attempt 1 in 1:20 min on beta");
        // The canvas has been drawn.
        browser.await("""
                const canvas = document.getElementById('timeline');
                return canvas.width > 0 && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
                    .data.some(v => v > 0)""");
    }

    private String range() {
        return String.valueOf(browser.run("return document.getElementById('timeline').dataset.range"));
    }

    @Test
    void otherViewsShowTimesSystemsReasonsAndProblems() throws Exception {
        sample();
        browser.open(page(), "#view=spent");
        assertThat(browser.text("main"))
                .contains("Provisioning 21.0 s", "Setup 9.0 s", "Tests 2:03 min", "Idle")
                .contains("/kernel/boot 1:20 min 1:00 min 1 lost")
                .contains(
                        "after the last test 1:28 min",
                        "between two tests 10.0 s",
                        "while tests waited: no system has a tape drive 4.0 s")
                .contains(
                        "With the longest tests first, it would have ended about 21.0 s earlier.",
                        "With one more system, it would have ended about 6.0 s earlier.")
                .contains(
                        "/net/flaky beta 20.0 s, for its system 5.0 s failed",
                        "/net/flaky beta 5.0 s 6.0 s passed",
                        "/kernel/boot beta 4.0 s 1:20 min lost");

        browser.open(page(), "#view=systems");
        assertThat(browser.text("main"))
                .contains(
                        "alpha podman host-of-alpha", "arch=x86_64", "memory=4 GiB", "lost given back", "it was lost");

        browser.open(page(), "#view=notrun");
        assertThat(browser.text("main")).contains("not run: no system has a tape drive", "/tape");

        browser.open(page(), "#view=problems");
        assertThat(browser.text("main"))
                .contains("infrastructure system gamma could not be set up")
                .contains("gamma could not be set up: no route to host");
    }

    @Test
    void thePageIsUsedByKeyboardAndOnAPhone() throws Exception {
        sample();
        browser.open(page(), "#view=tests");
        browser.run("document.getElementById('test-0').focus()");
        browser.driver().switchTo().activeElement().sendKeys(Keys.ENTER);
        assertThat(browser.find("#test-0").getAttribute("aria-expanded")).isEqualTo("true");
        assertThat(browser.run("return document.activeElement.id"))
                .as("the focus stays when the details open")
                .isEqualTo("test-0");
        browser.driver().switchTo().activeElement().sendKeys(Keys.ENTER);
        assertThat(browser.find("#test-0").getAttribute("aria-expanded")).isEqualTo("false");
        assertThat(browser.texts("main thead th[aria-sort]")).hasSize(1);
        assertThat(browser.run("""
                return [...document.querySelectorAll('input, select, button, a, canvas')]
                    .filter(e => !e.ariaLabel && !e.textContent.trim() && !e.labels?.length).length""")).as("controls without a name").isEqualTo(0L);

        browser.resize(400, 800);
        try {
            for (String view : List.of("failures", "tests", "time", "spent", "systems", "problems")) {
                browser.open(page(), "#view=" + view);
                assertThat(browser.run("return document.documentElement.scrollWidth <= innerWidth"))
                        .as("the view %s fits on a phone", view)
                        .isEqualTo(true);
            }
        } finally {
            browser.resize(1280, 900);
        }
    }

    @Test
    void aPageOfARunLoadsItselfAgain() throws Exception {
        PlainTest one = TestCase.named("/one");
        PlainTest two = TestCase.named("/two");
        try (HtmlReport report = HtmlReport.open(page(), HtmlOptions.defaults().withPause(Duration.ofMillis(100)))) {
            SampleRun run = new SampleRun(report, directory);
            run.start("debian-12", List.of(one, two));
            run.ready(1, SampleRun.system("alpha", "x86_64"), 1, 0);
            run.started(1, one, SampleRun.system("alpha", "x86_64"));
            PlainTest again = TestCase.named("/again");
            run.ingest(
                    SampleRun.record("debian-12", again, TestEnd.exited(1), 1, 2, SampleRun.system("alpha", "x86_64"))
                            .withAttempt(1, false),
                    Artifacts.none());
            report.flush();
            browser.open(page(), "#view=tests&sort=name");
            assertThat(browser.text("#verdict")).isEqualTo("Running, 0 of 3 tests done");
            assertThat(browser.texts("main tbody .outcome"))
                    .as("a failed test that runs again is waiting")
                    .containsExactly("waiting", "running", "waiting");

            run.ingest(
                    SampleRun.record("debian-12", one, TestEnd.exited(1), 1, 2, SampleRun.system("alpha", "x86_64")),
                    Artifacts.none());
            browser.await(
                    "return document.getElementById('verdict').textContent === 'Running, so far failed, 1 of 3 tests"
                            + " done'");
            assertThat(browser.texts("main tbody .outcome"))
                    .as("the view stays the same")
                    .containsExactly("waiting", "failed", "waiting");

            run.ingest(
                    SampleRun.record("debian-12", two, TestEnd.exited(0), 3, 2, SampleRun.system("alpha", "x86_64")),
                    Artifacts.none());
            run.end(6, List.of());
        }
        browser.await("return document.getElementById('verdict').textContent === 'Failed'");
        assertThat(browser.find("#live").isDisplayed()).isFalse();
    }

    @Test
    void textOfTestsStaysText() throws Exception {
        String script = "</script><script>document.title='hacked'</script><img src=x onerror=document.title='hacked'>";
        String odd = "\u202eevil\u2028\u0007\ud800 ]]> --> ' \" & " + script;
        String huge = "/" + "long".repeat(25_000);
        try (HtmlReport report = HtmlReport.open(page(), HtmlOptions.defaults().withTitle(odd))) {
            SampleRun run = new SampleRun(report, directory);
            PlainTest test = TestCase.named(odd).withTag(odd).withGroup(odd).withComponents(java.util.Set.of(odd));
            run.start(
                    odd,
                    List.of(test, TestCase.named(huge), TestCase.named("__proto__"), TestCase.named("javascript:1")));
            run.ready(1, SampleRun.system(odd, odd), 1, 0);
            run.ingest(
                    SampleRun.record(
                            odd, test, TestEnd.of(org.atex.api.Outcome.FAILED, odd), 1, 2, SampleRun.system(odd, odd)),
                    run.artifacts()
                            .results(
                                    "{\"status\":\"fail\",\"name\":\"<b>part</b>\",\"note\":\"</script><b>note</b>\"}\n"
                                            + "{\"status\":\"<i>\",\"name\":\"x\"}\n")
                            .file("output.txt", odd + "\n\u001b[31mred\u001b[0m\n\u001b]0;title\u0007")
                            .file("<img src=x onerror=alert(1)>.html", new byte[70_000])
                            .file("page.html", script.repeat(1000))
                            .artifacts());
            run.gone(9, SampleRun.system(odd, odd), odd);
            run.event(new org.atex.api.RunEvent.SetupFailed(run.stamp(9), odd, odd));
            run.end(10, List.of(org.atex.api.Problem.infrastructure(odd)));
        }

        for (String view : List.of("failures", "tests", "time", "spent", "flaky", "notrun", "systems", "problems")) {
            browser.open(page(), "#view=" + view);
            assertThat(browser.run("return document.querySelectorAll('img, b, i, iframe, script').length"))
                    .as("elements of tests in the view %s", view)
                    .isEqualTo(2L);
            assertThat(browser.run("return document.title")).asString().doesNotStartWith("hacked");
            assertThat(browser.run("return document.documentElement.scrollWidth <= innerWidth"))
                    .as("the view %s with very long names fits", view)
                    .isEqualTo(true);
        }
        browser.open(page(), "#view=failures");
        assertThat(browser.text("main article h3"))
                .contains("\\u202eevil\\u2028\\x07")
                .contains("</script><script>document.title='hacked'</script>");
        assertThat(browser.text("main article"))
                .contains("<b>part</b>", "</script><b>note</b>", "red", "\\x1b]0;title\\x07");
        assertThat(Files.list(directory.resolve("a report #1-files/1"))
                        .map(file -> file.getFileName().toString()))
                .as("no file beside the page is run by a browser")
                .allMatch(name -> name.endsWith(".txt") || name.endsWith(".bin"));
    }
}
