package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import java.util.Objects;
import org.atex.api.Outcome;
import org.atex.fmf.Suite.Ran;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests with BeakerLib, with a fake of the parts that the executor depends on. */
@Timeout(180)
class BeakerlibTest extends LocalSuite {
    @BeforeEach
    void copyStandIn() throws Exception {
        try (var standIn = Objects.requireNonNull(getClass().getResourceAsStream("beakerlib-stand-in.sh"))) {
            Files.copy(standIn, suite.tree().resolve("beakerlib.sh"));
        }
    }

    /** {@return the tests without required packages, so that BeakerLib need not be installed} */
    static FmfTests withoutPackages(FmfTests tests) {
        return tests.map(test -> test.withRequires(List.of()).withRecommends(List.of()));
    }

    private FmfTests beakerlib(String keys, String script) throws Exception {
        return withoutPackages(suite.tests("framework: beakerlib\nduration: 60s\n" + keys + "test: |\n"
                + (". ./beakerlib.sh\n" + script).indent(4)));
    }

    private Ran run(String script) throws Exception {
        return suite.run(connection, beakerlib("", script), FmfOptions.defaults());
    }

    @Test
    void theJournalDecidesInsteadOfTheExitCode() throws Exception {
        Ran ran = run("""
                rlJournalStart
                rlPhaseStartTest; rlRun false; rlPhaseEnd
                rlJournalEnd
                exit 0
                """);
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.FAILED);
        assertThat(ran.end().note()).contains("1 phases and 1 assertions failed");
        assertThat(ran.results())
                .containsExactly("fail Test null", "fail null " + ran.end().note());
        ran = run("""
                rlJournalStart
                rlPhaseStartTest; rlRun true; rlPhaseEnd
                rlJournalEnd
                exit 3
                """);
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.PASSED);
        assertThat(ran.results()).containsExactly("pass Test null", "pass null null");
    }

    @Test
    void aCommandThatFailsOutsideAnAssertionDoesNotEndTheTest() throws Exception {
        Ran ran = run("rlJournalStart\nfalse\nfalse | true\nrlPhaseStartTest; rlRun true; rlPhaseEnd\nrlJournalEnd");
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.PASSED);
    }

    @Test
    void aWarningFailsTheTestWithTheStatusWarn() throws Exception {
        Ran ran = run("rlJournalStart; rlPhaseStartSetup; rlRun false; rlPhaseEnd; rlJournalEnd");
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.FAILED);
        assertThat(ran.results()).first().isEqualTo("warn Setup null");
        assertThat(ran.results()).last().asString().startsWith("warn null ");
    }

    @Test
    void aJournalThatIsNotCompleteIsAnError() throws Exception {
        Ran ran = run("rlJournalStart; rlPhaseStartTest; rlRun true; rlPhaseEnd; exit 0");
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).contains("not complete", "'incomplete'", "before rlJournalEnd");
        ran = run("rlJournalStart; exit 0");
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).contains("'started'");
    }

    @Test
    void aTestThatNeverStartedItsJournalIsAnError() throws Exception {
        Ran ran = suite.run(
                connection,
                withoutPackages(suite.tests("framework: beakerlib\ntest: ./no-such-file.sh\n")),
                FmfOptions.defaults());
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).contains("BeakerLib left no results", "exit code 127");
    }

    @Test
    void resultsOfThePreviousTestAreIgnored() throws Exception {
        FmfTests tests = withoutPackages(suite.tests("""
                framework: beakerlib
                /a:
                    test: ". ./beakerlib.sh; rlJournalStart; rlPhaseStartTest; rlPhaseEnd; rlJournalEnd"
                /b:
                    test: "true"
                """));
        try (var executor = FmfExecutor.factory(tests).open(connection)) {
            assertThat(executor.run(tests.get(0), suite.artifacts()).outcome()).isEqualTo(Outcome.PASSED);
            assertThat(executor.run(tests.get(1), suite.artifacts()).outcome()).isEqualTo(Outcome.ERROR);
        }
    }

    @Test
    void logsOfPhasesHaveConstantNames() throws Exception {
        Ran ran = run("""
                rlJournalStart
                rlPhaseStartSetup; rlRun 'echo one'; rlPhaseEnd
                rlPhaseStartTest 'Does it work?'; rlRun true; echo kept >file; rlFileSubmit file; rlPhaseEnd
                rlJournalEnd
                """);
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.PASSED);
        assertThat(ran.file("Setup/output.txt")).contains("phase Setup\n", "PASS echo one\n");
        assertThat(ran.file("Does-it-work-/output.txt")).contains("phase Does it work?\n");
        assertThat(ran.file("journal.txt")).contains("phase Setup\n", "phase Does it work?\n");
        assertThat(ran.file("file")).isEqualTo("kept\n");
        assertThat(ran.output()).doesNotContain("no metadata");
    }

    @Test
    void aRestartedTestContinuesItsJournal() throws Exception {
        FmfTests tests = beakerlib("restart-on-exit-code: 9\n", """
                rlJournalStart
                if ((TMT_TEST_RESTART_COUNT == 0)); then
                    rlPhaseStartTest Before; rlRun false; rlPhaseEnd
                    exit 9
                fi
                rlPhaseStartTest After; rlRun true; rlPhaseEnd
                rlJournalEnd
                """);
        Ran ran = suite.run(connection, tests, FmfOptions.defaults());
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.FAILED);
        assertThat(ran.results()).startsWith("fail Before null", "pass After null");
        assertThat(ran.file("journal.txt")).containsOnlyOnce("phase Before").containsOnlyOnce("phase After");
    }

    @Test
    void aTimedOutTestKeepsItsJournal() throws Exception {
        FmfTests tests = withoutPackages(suite.tests("""
                framework: beakerlib
                duration: 2s
                test: ". ./beakerlib.sh; rlJournalStart; rlPhaseStartTest; rlRun true; sleep 100"
                """));
        Ran ran = suite.run(connection, tests, FmfOptions.defaults());
        assertThat(ran.end().outcome()).isEqualTo(Outcome.TIMED_OUT);
        assertThat(ran.file("journal.txt")).contains("PASS true");
        assertThat(ran.file("TestResults")).contains("TESTRESULT_STATE=started");
    }

    @Test
    void beakerlibItselfIsRequired() throws Exception {
        FmfTests tests = suite.tests("framework: beakerlib\ntest: 'true'\nrequire: [bash]\n");
        assertThat(tests.get(0).requires()).containsExactly("bash", "beakerlib");
        tests = suite.tests("test: 'true'\nrequire: [bash]\n");
        assertThat(tests.get(0).requires()).containsExactly("bash");
    }

    @Test
    void aTestWithoutTheKeyIsAShellTest() throws Exception {
        Ran ran = suite.run(connection, "[[ -z $BEAKERLIB_DIR && -z $TESTID ]]; exit 0");
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.PASSED);
    }

    @Test
    void anOptionEnablesBeakerlibWithoutTheKey() throws Exception {
        FmfOptions options = FmfOptions.defaults().withBeakerlib();
        FmfTests tests = suite.test(". ./beakerlib.sh\nrlJournalStart; rlPhaseStartTest; rlPhaseEnd; exit 0");
        assertThat(suite.run(connection, tests, options).end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(suite.run(connection, suite.test("exit 3"), options).end()).isEqualTo(Suite.failed(3));
    }
}
