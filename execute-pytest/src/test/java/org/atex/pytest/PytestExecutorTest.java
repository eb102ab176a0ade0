package org.atex.pytest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.PlainRemote;
import org.atex.api.ReportedResult;
import org.atex.api.SetupException;
import org.atex.api.Status;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestSource;
import org.atex.artifacts.ResultReader;
import org.atex.lab.Logs;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs pytest on this machine. */
@ExtendWith(RequiresPytest.class)
@Timeout(600)
class PytestExecutorTest {
    @TempDir
    Path here;

    private final Connection connection = LocalConnection.open();
    private Samples samples;
    private PytestOptions options = PytestOptions.defaults();
    private Artifacts into;

    @BeforeEach
    void makeProject() throws IOException {
        samples = new Samples(Files.createDirectory(here.resolve("project")));
    }

    @AfterEach
    void disconnect() {
        connection.close();
    }

    private TestEnd run(String file, String text) throws Exception {
        samples.with(file, text);
        return run(PytestTest.of(file));
    }

    private TestEnd run(PytestTest test) throws Exception {
        try (Executor executor =
                PytestExecutor.factory(samples.project(), options).open(connection)) {
            return run(executor, test);
        }
    }

    private TestEnd run(Executor executor, TestCase test) throws Exception {
        into = Artifacts.at(Files.createTempDirectory(here, "artifacts"));
        return executor.run(test, into);
    }

    private List<ReportedResult> results() throws IOException {
        List<ReportedResult> all = new ArrayList<>();
        try (ResultReader reader = ResultReader.open(into.results())) {
            for (ReportedResult next; (next = reader.next()) != null; ) {
                all.add(next);
            }
        }
        return all;
    }

    private Map<String, ReportedResult> parts() throws IOException {
        return results().stream()
                .filter(result -> result.name() != null)
                .collect(Collectors.toMap(result -> String.valueOf(result.name()), Function.identity(), (a, b) -> b));
    }

    private List<String> statuses() throws IOException {
        return results().stream()
                .map(result -> (result.name() == null ? "" : result.name() + " ") + result.status())
                .toList();
    }

    private String output() throws IOException {
        return Files.readString(into.files().resolve("output.txt"));
    }

    @Test
    void casesBecomeParts() throws Exception {
        TestEnd end = run("tests/test_all.py", """
                import pytest
                def test_passes(): pass
                def test_fails(): assert [1] == [2], "first\\nsecond"
                @pytest.mark.skip(reason="no tape drive")
                def test_skipped(): pass
                @pytest.mark.xfail(reason="bug 7")
                def test_xfails(): assert 0
                @pytest.mark.xfail(reason="bug 7")
                def test_xpasses(): pass
                @pytest.mark.xfail(reason="bug 7", strict=True)
                def test_xpasses_strictly(): pass
                @pytest.fixture
                def broken(): raise RuntimeError("no disk")
                def test_set_up(broken): pass
                @pytest.fixture
                def untidy():
                    yield
                    raise RuntimeError("still mounted")
                def test_tear_down(untidy): pass
                class TestA:
                    class TestB:
                        def test_nested(self): pass
                """);
        assertThat(end.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(end.exitCode()).isEqualTo(1);
        assertThat(end.note()).isEqualTo("2 of 9 cases failed: test_fails, test_xpasses_strictly, and 2 errors");
        assertThat(statuses())
                .containsExactly(
                        "test_passes pass",
                        "test_fails fail",
                        "test_skipped skip",
                        "test_xfails info",
                        "test_xpasses pass",
                        "test_xpasses_strictly fail",
                        "test_set_up error",
                        "test_tear_down error",
                        "TestA::TestB::test_nested pass",
                        "fail");
        assertThat(parts().get("test_fails").note()).isEqualTo("AssertionError: first");
        assertThat(parts().get("test_skipped").note()).isEqualTo("no tape drive");
        assertThat(parts().get("test_xfails").note()).isEqualTo("expected to fail: bug 7");
        assertThat(parts().get("test_set_up").note()).contains("failed on setup", "no disk");
        assertThat(parts().get("test_tear_down").note()).contains("failed on teardown", "still mounted");
        assertThat(parts().get("test_xfails").more()).containsEntry("pytest", "xfailed");
        assertThat(parts().get("test_passes").more().get("seconds")).isInstanceOf(Number.class);
        assertThat(results().getLast().files()).containsExactly("output.txt", "junit.xml");
    }

    @Test
    void allSkippedIsSkippedAndNothingFailedIsPassed() throws Exception {
        samples.with("test_b.py", "import pytest\ndef test_a(): pass\ndef test_b(): pytest.skip('no tape')");
        assertThat(run(PytestTest.of("test_b.py::test_a")).outcome()).isEqualTo(Outcome.PASSED);
        TestEnd skipped = run(PytestTest.of("test_b.py::test_b"));
        assertThat(skipped.outcome()).isEqualTo(Outcome.SKIPPED);
        assertThat(skipped.note()).isEqualTo("the only case was skipped: no tape");
        assertThat(run(PytestTest.of("test_b.py")).outcome()).isEqualTo(Outcome.PASSED);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            import os; os._exit(0)                          | exit code 0 but without a usable report: there is none
            import os; os._exit(1)                          | exit code 1 but without a usable report: there is none
            import os; os._exit(7)                          | unknown exit code 7
            import os; os._exit(119)                        | unknown exit code 119
            import os, signal; os.kill(os.getpid(), 9)      | killed by the signal KILL
            import os, signal; os.kill(os.getpid(), 11)     | killed by the signal SEGV
            import signal; signal.default_int_handler(2, 0) | interrupted (exit code 2)
            import pytest; pytest.exit('enough')            | interrupted (exit code 2)
            import sys; sys.exit(0)                         | 1 of 2 cases failed: test_bad
            """)
    void aRunThatEndsEarlyNeverPasses(String code, String note) throws Exception {
        TestEnd end = run("test_end.py", "def test_before(): pass\ndef test_bad():\n    " + code + "\n");
        assertThat(end.outcome()).isNotIn(Outcome.PASSED, Outcome.SKIPPED);
        assertThat(end.note()).contains(note);
        assertThat(results().getLast().status()).isEqualTo(end.outcome().status());
        assertThat(output()).contains("test_bad");
    }

    @Test
    void anExitAtTheEndOfTheInterpreterDoesNotHideFailures() throws Exception {
        samples.with("conftest.py", """
                def pytest_sessionfinish(session): session.exitstatus = 0
                """);
        TestEnd end = run("test_exit.py", "def test_a(): assert 0");
        assertThat(end.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(end.note()).isEqualTo("1 of 1 case failed: test_a, although pytest ended with exit code 0");
    }

    @Test
    void aReportThatATestDestroysIsNoPass() throws Exception {
        samples.with("conftest.py", """
                import os
                def pytest_unconfigure(config):
                    path = config.option.xmlpath
                    mode = os.environ["MODE"]
                    if mode == "cut": open(path, "r+b").truncate(120)
                    elif mode == "link": os.remove(path); os.symlink("/dev/zero", path)
                    elif mode == "pipe": os.remove(path); os.mkfifo(path)
                    elif mode == "empty": open(path, "w").close()
                    elif mode == "huge": open(path, "r+b").truncate(1 << 40)
                """).with("test_x.py", "def test_x(): pass");
        Map<String, String> reasons = Map.of(
                "cut", "not complete XML",
                "link", "not a regular file",
                "pipe", "not a regular file",
                "empty", "it is empty",
                "huge", "1099511627776 bytes, more than");
        for (var reason : reasons.entrySet()) {
            options = options.withEnvironment(Map.of("MODE", reason.getKey()));
            TestEnd end = run(PytestTest.of("test_x.py"));
            assertThat(end.outcome()).as(reason.getKey()).isEqualTo(Outcome.ERROR);
            assertThat(end.note()).contains("without a usable report", reason.getValue());
        }
    }

    @Test
    void exitCodesOfPytestHaveWords() throws Exception {
        samples.with("test_ok.py", "def test_ok(): pass");
        TestEnd nothing = run(PytestTest.of("test_ok.py").withOptions("-k", "other"));
        assertThat(nothing.outcome()).isEqualTo(Outcome.ERROR);
        assertThat(nothing.note()).contains("collected no tests (exit code 5)");
        TestEnd usage = run(PytestTest.of("test_ok.py").withOptions("--unknown-option"));
        assertThat(usage.outcome()).isEqualTo(Outcome.ERROR);
        assertThat(usage.note()).contains("exit code 4", "--unknown-option");
        assertThat(run(PytestTest.of("test_missing.py")).note()).contains("exit code 4", "test_missing.py");
        assertThat(run(PytestTest.of("test_ok.py").withOptions("--collect-only"))
                        .note())
                .contains("pytest ran no case");
        TestEnd broken = run("test_import.py", "import nowhere");
        assertThat(broken.outcome()).isEqualTo(Outcome.ERROR);
        assertThat(broken.note()).contains("exit code 2", "ModuleNotFoundError: No module named 'nowhere'");
    }

    @Test
    void errorsInConftestAreErrors() throws Exception {
        samples.with("conftest.py", "import nowhere");
        assertThat(run("test_a.py", "def test_a(): pass").note()).contains("exit code 4", "No module named 'nowhere'");
        samples.with("conftest.py", "def pytest_runtestloop(session): raise RuntimeError('my plugin')");
        TestEnd internal = run(PytestTest.of("test_a.py"));
        assertThat(internal.outcome()).isEqualTo(Outcome.ERROR);
        assertThat(internal.note()).contains("internal error (exit code 3)", "my plugin");
    }

    @Test
    void strangeNodeIdsReachPytestAndComeBack() throws Exception {
        samples.with("te st/test_ü'q.py", """
                import pytest
                @pytest.mark.slow
                class TestÄ:
                    @pytest.mark.parametrize("x", ["a b", "a::b", "[", "]", "/etc/p", "'\\"$(id)`", "-k", "@x", "ü", "", "a\\nb"])
                    def test_p(self, x): assert x != "["
                    @pytest.mark.parametrize("x", [1], ids=["new\\nline\\u2028\\x01"])
                    def test_ids(self, x): pass
                """)
                .with("pytest.ini", """
                [pytest]
                markers = slow: slow
                disable_test_id_escaping_and_forfeit_all_rights_to_community_support = True
                """)
                .with("@test_at.py", "def test_at(): pass")
                .with("-test_dash.py", "def test_dash(): pass");
        List<PytestTest> tests =
                PytestExecutor.collect(samples.project(), options, connection, "te st", "@test_at.py", "-test_dash.py");
        assertThat(tests).hasSize(14);
        assertThat(tests.getFirst().name()).isEqualTo("te st/test_ü'q.py::TestÄ::test_p[a b]");
        assertThat(tests.getFirst().source()).isEqualTo(new TestSource("te st/test_ü'q.py", 4));
        assertThat(tests.getFirst().tags()).contains("slow", "parametrize");
        try (Executor executor =
                PytestExecutor.factory(samples.project(), options).open(connection)) {
            for (PytestTest test : tests) {
                TestEnd end = run(executor, test);
                assertThat(end.outcome())
                        .as("%s: %s", test.name(), end.note())
                        .isEqualTo(test.name().endsWith("[[]") ? Outcome.FAILED : Outcome.PASSED);
                assertThat(parts()).hasSize(1);
            }
        }
    }

    @Test
    void testsThatAreCollectedAreSelectedByOptions() throws Exception {
        samples.with("tests/pytest.ini", "[pytest]")
                .with("tests/test_a.py", "def test_one(): pass\ndef test_two(): pass");
        assertThat(PytestExecutor.collect(samples.project(), options.withOptions("-k", "two"), connection))
                .extracting(TestCase::name)
                .containsExactly("tests/test_a.py::test_two");
        assertThatThrownBy(
                        () -> PytestExecutor.collect(samples.project(), options.withOptions("-k", "three"), connection))
                .isInstanceOf(PytestException.class)
                .hasMessageContaining("exit code 5");
        samples.with("tests/test_a.py", "import nowhere");
        assertThatThrownBy(() -> PytestExecutor.collect(samples.project(), options, connection))
                .isInstanceOf(PytestException.class)
                .hasMessageContaining("No module named 'nowhere'");
    }

    @Test
    void filesOfTheTestAreDownloadedAfterTheTest() throws Exception {
        TestEnd end = run("test_files.py", """
                import os
                def test_files():
                    top = os.environ["ATEX_ARTIFACTS_DIR"]
                    assert top == os.environ["PTMPROC_WORKER_ARTIFACTS_DIR"]
                    os.makedirs(top + "/deep/er")
                    for name in ["plain", "deep/er/log", "a\\nb", "%41", "..."]:
                        open(top + "/" + name, "w").write(name)
                    open(os.fsencode(top) + b"/\\xff", "w").close()
                    open(os.fsencode(top) + b"/\\xfe", "w").close()
                    os.symlink("/etc/passwd", top + "/link")
                    os.symlink("..", top + "/deep/up")
                    os.mkfifo(top + "/pipe")
                """);
        assertThat(end.outcome()).as(end.note()).isEqualTo(Outcome.PASSED);
        Path files = into.files().resolve("artifacts");
        assertThat(files.resolve("plain")).hasContent("plain");
        assertThat(files.resolve("deep/er/log")).hasContent("deep/er/log");
        assertThat(files.resolve("a%0Ab")).hasContent("a\nb");
        assertThat(files.resolve("%2541")).hasContent("%41");
        try (Stream<Path> all = Files.walk(into.directory())) {
            assertThat(all).noneMatch(Files::isSymbolicLink);
        }
        List<String> listed =
                results().stream().flatMap(result -> result.files().stream()).toList();
        assertThat(listed).contains("artifacts/plain", "artifacts/a%0Ab").hasSize(2 + 7);
        assertThat(listed)
                .allSatisfy(file -> assertThat(into.files().resolve(file)).isRegularFile());
        assertThat(parts().get("artifacts").note()).contains("left out: ");
    }

    @Test
    void tooManyFilesAreLeftOutWithAWord() throws Exception {
        options = options.withMaxArtifacts(2, 100);
        String write = """
                import os
                def test_files():
                    for i in range(%d): open(os.environ["ATEX_ARTIFACTS_DIR"] + "/" + str(i), "wb").truncate(%d)
                """;
        assertThat(run("test_many.py", write.formatted(3, 1)).outcome()).isEqualTo(Outcome.PASSED);
        assertThat(parts().get("artifacts").status()).isEqualTo(Status.WARN);
        assertThat(parts().get("artifacts").note()).contains("3 files with 3 bytes", "withMaxArtifacts");
        assertThat(run("test_large.py", write.formatted(1, 1L << 40)).outcome()).isEqualTo(Outcome.PASSED);
        assertThat(into.files().resolve("artifacts")).doesNotExist();
    }

    @Test
    void filesOfATestThatIsEndedAreDownloaded() throws Exception {
        samples.with("test_slow.py", """
                import os, time
                def test_slow():
                    open(os.environ["ATEX_ARTIFACTS_DIR"] + "/log", "w").close()
                    time.sleep(1000)
                """);
        TestEnd end = run(PytestTest.of("test_slow.py").withLimit(Duration.ofSeconds(5)));
        assertThat(end.outcome()).isEqualTo(Outcome.TIMED_OUT);
        assertThat(end.note()).isEqualTo("ended at its limit of 5s");
        assertThat(into.files().resolve("artifacts/log")).exists();
        assertThat(into.files().resolve("processes.txt")).content().contains("-m pytest");
        assertThat(into.results()).content().contains("\"processes.txt\"]");
    }

    @Test
    void muchOutputIsNoProblem() throws Exception {
        TestEnd end = run("test_loud.py", """
                import sys
                def test_loud():
                    for i in range(30000): print("x" * 1000)
                    assert "a" * 3000000 == "b" * 3000000
                """);
        assertThat(end.outcome()).as(end.note()).isEqualTo(Outcome.FAILED);
        assertThat(parts().get("test_loud").note()).hasSizeLessThan(1000);
    }

    @Test
    void scriptsRunOncePerSystem() throws Exception {
        Path log = here.resolve("log");
        samples.withScript("tools/prepare", "echo prepare $(pwd) >>$LOG; nohup sleep 1000 & echo $! >service")
                .withScript("tools/finalize", "kill -0 $(<service) && echo finalize >>$LOG; echo broken; exit 3")
                .with("test_a.py", "import os\ndef test_a(): os.kill(int(open('service').read()), 0)");
        options = options.withEnvironment(Map.of("LOG", log.toString()));
        PytestProject project =
                samples.project().withPrepareScript("tools/prepare").withFinalizeScript("tools/finalize");
        String copy;
        try (Logs logs = new Logs()) {
            try (Executor executor = PytestExecutor.factory(project, options).open(connection)) {
                assertThat(run(executor, PytestTest.of("test_a.py")).outcome()).isEqualTo(Outcome.PASSED);
                assertThat(run(executor, PytestTest.of("test_a.py")).outcome()).isEqualTo(Outcome.PASSED);
                copy = Files.readString(log).replaceAll("prepare |\\s", "");
                assertThat(Path.of(copy)).isDirectory();
            }
            assertThat(logs.text()).contains("tools/finalize", "exit code 3", "broken");
        }
        assertThat(Files.readString(log)).isEqualTo("prepare " + copy + "\nfinalize\n");
        assertThat(Path.of(copy)).doesNotExist();
        assertThat(Path.of(copy).resolveSibling("")).doesNotExist();
    }

    @Test
    void aPrepareScriptThatFailsIsAFailedSetUp() throws Exception {
        Path log = here.resolve("log");
        samples.withScript("prepare", "seq 100; echo no license >&2; exit 3")
                .withScript("finalize", "echo finalized $PWD >$LOG");
        PytestProject project = samples.project().withPrepareScript("prepare").withFinalizeScript("finalize");
        Executor.Factory factory =
                PytestExecutor.factory(project, options.withEnvironment(Map.of("LOG", log.toString())));
        assertThatThrownBy(() -> factory.open(connection))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("the prepare script prepare ended with exit code 3")
                .hasMessageContaining("99\n100\nno license");
        assertThat(log).content().startsWith("finalized /var/tmp/atex-pytest.");
        assertThat(Path.of(Files.readString(log).strip().replace("finalized ", "")))
                .doesNotExist();
    }

    @Test
    void aPrepareScriptIsEndedAtItsLimit() throws Exception {
        samples.withScript("prepare", "echo waiting; sleep 1000");
        PytestProject project = samples.project().withPrepareScript("prepare");
        options = options.withPrepareWithin(Duration.ofSeconds(2));
        assertThatThrownBy(() -> PytestExecutor.factory(project, options).open(connection))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("was ended at its limit of 2s; its last lines: waiting");
    }

    @Test
    void pythonMustHavePytest() throws Exception {
        samples.with("test_a.py", "def test_a(): pass");
        options = options.withPython("/nowhere/python3");
        assertThatThrownBy(
                        () -> PytestExecutor.factory(samples.project(), options).open(connection))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining(
                        "/nowhere/python3 has no pytest there, and its installation ended with exit code 127")
                .hasMessageContaining("withPython");
    }

    @Test
    void labelsOfTheSystemBecomeOptions() throws Exception {
        samples.with("conftest.py", "def pytest_addoption(parser): parser.addoption('--device', default='none')")
                .with(
                        "test_label.py",
                        "def test_label(pytestconfig): print('device is', pytestconfig.getoption('device'))");
        options = options.withOptions("-s").withLabelsAsOptions("device", "unknown");
        PlainRemote system = PlainRemote.builder("board", connection)
                .labels(Map.of("device", "rpi 4 -x", "other", "y"))
                .build();
        try (Executor executor =
                PytestExecutor.factory(samples.project(), options).open(system)) {
            assertThat(run(executor, PytestTest.of("test_label.py")).outcome()).isEqualTo(Outcome.PASSED);
        }
        assertThat(output()).contains("device is rpi 4 -x");
    }

    @Test
    void aTestWhoseDirectoryCannotBeMadeIsNotSetUp() throws Exception {
        samples.withScript("prepare", "touch ../test-1").with("test_a.py", "def test_a(): pass");
        PytestProject project = samples.project().withPrepareScript("prepare");
        try (Executor executor = PytestExecutor.factory(project).open(connection)) {
            TestEnd end = run(executor, PytestTest.of("test_a.py"));
            assertThat(end.outcome()).isEqualTo(Outcome.SETUP_FAILED);
            assertThat(end.note()).contains("its directory could not be made", "mkdir");
            assertThat(run(executor, PytestTest.of("test_a.py")).outcome()).isEqualTo(Outcome.PASSED);
        }
    }

    @Test
    void optionsThatTheExecutorNeedsAreRefused() {
        assertThatThrownBy(() -> options.withOptions("--junitxml=x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--junitxml cannot be set");
        assertThatThrownBy(() -> PytestTest.of("x").withOptions("--junit-xml", "x"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options.withLabelsAsOptions("--device")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options.withLabelsAsOptions("junitxml")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void configurationOfTheProjectCannotMoveTheReport() throws Exception {
        samples.with(
                "pytest.ini", "[pytest]\naddopts = --junitxml=own.xml\njunit_family = xunit2\njunit_logging = all\n");
        options = options.withEnvironment(Map.of("PYTEST_ADDOPTS", "--junitxml=/nowhere/x.xml"));
        assertThat(run("deep/test_a.py", "def test_a(): print('x')").outcome()).isEqualTo(Outcome.PASSED);
        assertThat(statuses()).containsExactly("test_a pass", "pass");
    }
}
