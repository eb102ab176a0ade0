package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.atex.api.Connection;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.atex.fmf.control.VerdictRule;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands that suites written for tmt and restraint call. */
@Timeout(60)
class HelpersTest {
    @TempDir
    private Path directory;

    private final Connection connection = LocalConnection.open();
    private Suite suite;

    @BeforeEach
    void makeSuite() throws Exception {
        suite = new Suite(directory);
    }

    @AfterEach
    void disconnect() {
        connection.close();
    }

    private Ran run(String script) throws Exception {
        return suite.run(connection, script);
    }

    @Test
    void resultsOfPartsAreReported() throws Exception {
        Ran ran = run("""
                echo content >log
                tmt-report-result -o log sub/one PASS
                rstrnt-report-result --message 'say "it"' /two: SKIP 42
                rhts-report-result three INFO log
                OUTPUTFILE=log rstrnt-report-result four NONE
                """);
        assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        assertThat(ran.results())
                .containsExactly(
                        "pass sub/one null",
                        "skip two say \"it\"",
                        "info three null",
                        "info four null",
                        "pass null null");
        assertThat(ran.file("sub/one/log")).isEqualTo("content\n");
        assertThat(ran.file("three/log")).isEqualTo("content\n");
        assertThat(ran.file("four/log")).isEqualTo("content\n");
    }

    @Test
    void theWorstPartIsWhatTheTestIs() throws Exception {
        Ran ran = run("tmt-report-result a WARN; tmt-report-result b FAIL; tmt-report-result c WARN; exit 0");
        assertThat(ran.end().outcome()).isEqualTo(Outcome.FAILED);
        assertThat(ran.results()).containsExactly("warn a null", "fail b null", "warn c null", "fail null null");
    }

    @Test
    void theWorstPartOfOneTestIsNotThatOfTheNext() throws Exception {
        FmfTests tests = suite.tests("/a:\n  test: tmt-report-result a FAIL\n/b:\n  test: tmt-report-result b PASS\n");
        try (var executor = FmfExecutor.factory(tests).open(connection)) {
            assertThat(executor.run(tests.get(0), suite.artifacts()).outcome()).isEqualTo(Outcome.FAILED);
            assertThat(executor.run(tests.get(1), suite.artifacts()).outcome()).isEqualTo(Outcome.PASSED);
        }
    }

    @Test
    void filesAreSubmittedAsTheyAreAtThatMoment() throws Exception {
        Ran ran = run("""
                printf 1 >one; printf 2 >'two $(x) "ü"'
                tmt-file-submit -l one
                rhts-submit-log -S server -l 'two $(x) "ü"'
                rstrnt-report-log --filename=one
                """);
        assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        assertThat(ran.file("one")).isEqualTo("11");
        assertThat(ran.file("two $(x) \"ü\"")).isEqualTo("2");
        assertThat(ran.results()).containsExactly("pass null null");
    }

    @Test
    void manyAtOnceDoNotGetIntoEachOthersWords() throws Exception {
        Ran ran = run("""
                head -c 300000 /dev/zero | tr '\\0' x >log
                for i in {1..20}; do tmt-report-result -o log "part$i" PASS & done
                wait
                """);
        assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        assertThat(ran.results()).hasSize(21);
        for (int i = 1; i <= 20; i++) {
            assertThat(ran.file("part" + i + "/log")).hasSize(300_000).matches("x*");
        }
    }

    @Test
    void anAbortIsAnErrorOfTheTest() throws Exception {
        Ran ran = run("tmt-report-result a PASS; rstrnt-abort; echo not reached");
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.results()).last().asString().isEqualTo("error null the test called rstrnt-abort");
        assertThat(ran.output()).doesNotContain("not reached");
    }

    @Test
    void mistakesInCallingThemAreSaidAndTheTestGoesOn() throws Exception {
        Ran ran = run("""
                tmt-report-result lonely || echo "code $?"
                tmt-report-result a WONDERFUL || echo "code $?"
                tmt-report-result -o /no/such a PASS || echo "code $?"
                tmt-file-submit || echo "code $?"
                (exec {ATEX_TEST_CONTROL}>&-; tmt-report-result a PASS || echo "code $?")
                """);
        assertThat(ran.end()).isEqualTo(TestEnd.exited(0));
        assertThat(ran.output())
                .contains(
                        "usage: tmt-report-result",
                        "WONDERFUL",
                        "/no/such",
                        "usage: tmt-file-submit",
                        "no control stream")
                .contains("code 2\n");
        assertThat(ran.results()).containsExactly("pass null null");
    }

    /** What Beakerlib's functions do with what they find in the environment. */
    @Test
    void beakerlibReportsItsPhasesAndLogs() throws Exception {
        FmfTests tests = suite.test("""
                [[ $BEAKERLIB_JOURNAL == 0 && -n $TESTID && -w $BEAKERLIB_DIR ]]
                grep -q 'name: ' "$BEAKERLIB_DIR/metadata.yaml"
                echo phase >log
                $BEAKERLIB_COMMAND_REPORT_RESULT Setup PASS log 0
                $BEAKERLIB_COMMAND_REPORT_RESULT Test FAIL /no/such 1
                $BEAKERLIB_COMMAND_SUBMIT_LOG -l log
                """);
        Ran ran = suite.run(connection, tests, FmfOptions.defaults().withBeakerlib());
        assertThat(ran.end()).as(ran.output()).isEqualTo(new TestEnd(Outcome.FAILED, 0, null, true));
        assertThat(ran.results()).containsExactly("pass Setup null", "fail Test null", "fail null null");
        assertThat(ran.file("Setup/log")).isEqualTo("phase\n");
        assertThat(ran.file("log")).isEqualTo("phase\n");
    }

    @Test
    void aRuleMayCountPartsThatTheTestDoesNot() throws Exception {
        FmfTests tests = suite.test("printf 'result 28\\n{\"name\":\"a\",\"status\":\"fail\"}' >&$ATEX_TEST_CONTROL");
        FmfOptions strict = FmfOptions.defaults().withVerdict(VerdictRule.withSubtests());
        assertThat(suite.run(connection, tests, FmfOptions.defaults()).end().outcome())
                .isEqualTo(Outcome.PASSED);
        Ran ran = suite.run(connection, tests, strict);
        assertThat(ran.end()).isEqualTo(new TestEnd(Outcome.FAILED, 0, null, true));
        assertThat(ran.results()).containsExactly("fail a null", "fail null null");
    }
}
