package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;

import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The commands for tests that were written for tmt and restraint. */
@Timeout(180)
class HelpersTest extends LocalSuite {
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
        assertThat(ran.file("three/output.txt")).isEqualTo("content\n");
        assertThat(ran.file("four/log")).isEqualTo("content\n");
    }

    @Test
    void theMostSeverePartDecides() throws Exception {
        Ran ran = run("tmt-report-result a WARN; tmt-report-result b FAIL; tmt-report-result c WARN; exit 0");
        assertThat(ran.end().outcome()).isEqualTo(Outcome.FAILED);
        assertThat(ran.results())
                .containsExactly("warn a null", "fail b null", "warn c null", "fail null it reported FAIL for b");
    }

    @Test
    void partsDoNotAffectTheNextTest() throws Exception {
        FmfTests tests = suite.tests("/a:\n  test: tmt-report-result a FAIL\n/b:\n  test: tmt-report-result b PASS\n");
        try (var executor = FmfExecutor.factory(tests).open(connection)) {
            assertThat(executor.run(tests.get(0), suite.artifacts()).outcome()).isEqualTo(Outcome.FAILED);
            assertThat(executor.run(tests.get(1), suite.artifacts()).outcome()).isEqualTo(Outcome.PASSED);
        }
    }

    @Test
    void filesAreSubmittedWithTheirCurrentContents() throws Exception {
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
    void concurrentReportsAreNotMixed() throws Exception {
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
    void anAbortIsAnError() throws Exception {
        Ran ran = run("tmt-report-result a PASS; rstrnt-abort; echo not reached");
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.results()).last().asString().isEqualTo("error null the test called rstrnt-abort");
        assertThat(ran.output()).doesNotContain("not reached");
    }

    @Test
    void wrongArgumentsAreReportedAndTheTestDoesNotPass() throws Exception {
        Ran ran = run("""
                tmt-report-result || echo "code $?"
                tmt-report-result lonely || echo "code $?"
                tmt-report-result a WONDERFUL || echo "code $?"
                tmt-file-submit || echo "code $?"
                tmt-file-submit -l /no/such || echo "code $?"
                """);
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.output())
                .contains("usage: tmt-report-result", "WONDERFUL", "usage: tmt-file-submit", "/no/such")
                .contains("code 2\n");
        assertThat(ran.results()).hasSize(3).first().asString().contains("error lonely", "unknown result ''");
        assertThat(ran.results().get(1)).contains("error a", "'WONDERFUL'");
    }

    @Test
    void aReportWithAnUnreadableLogIsDelivered() throws Exception {
        Ran ran = run("""
                tmt-report-result -o /no/such a FAIL || echo "code $?"
                rhts-report-result b PASS /no/such 0
                OUTPUTFILE=/no/such tmt-report-result c PASS
                """);
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.FAILED);
        assertThat(ran.output()).contains("cannot read the file /no/such", "code 2\n");
        assertThat(ran.results())
                .containsExactly("fail a null", "pass b null", "pass c null", "fail null it reported FAIL for a");
    }

    @Test
    void aLogMayBeAPipeOrDevNull() throws Exception {
        Ran ran = run("""
                rhts-report-result a PASS /dev/null 0
                tmt-report-result -o /dev/null b PASS
                tmt-report-result -o <(echo piped) c PASS
                echo typed | rhts-report-result d PASS /dev/stdin
                log=$(mktemp); echo made >$log; tmt-report-result e PASS -o $log; rm $log
                """);
        assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        assertThat(ran.results())
                .containsExactly(
                        "pass a null", "pass b null", "pass c null", "pass d null", "pass e null", "pass null null");
        assertThat(ran.artifacts().files().resolve("a")).doesNotExist();
        assertThat(ran.file("d/output.txt")).isEqualTo("typed\n");
        assertThat(ran.file("e/output.txt")).isEqualTo("made\n");
    }

    @Test
    void argumentsAreParsedAsByTmt() throws Exception {
        Ran ran = run("""
                echo content >log
                tmt-report-result a PASS -o log
                tmt-report-result b -o log PASS 7
                rstrnt-report-result --server http://x --port 55 --disable-plugin avc --message 'm m' -o log /c PASS 66
                tmt-report-result -- -d- PASS
                tmt-report-result --e-- pass
                rhts-report-result -f-- PASS log 0
                tmt-report-result 'g "quoted": /x' PASS
                tmt-report-result h: PASS --no-plugins
                tmt-report-result / PASS
                tmt-report-result -s server i PASS
                """);
        assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        assertThat(ran.results())
                .startsWith(
                        "pass a null",
                        "pass b null",
                        "pass c m m",
                        "pass -d- null",
                        "pass --e-- null",
                        "pass -f-- null",
                        "pass g \"quoted\": /x null",
                        "pass h null");
        assertThat(ran.results().get(9)).isEqualTo("pass i null");
        assertThat(ran.file("a/log") + ran.file("b/log") + ran.file("c/log")).isEqualTo("content\n".repeat(3));
        assertThat(ran.file("-f--/output.txt")).isEqualTo("content\n");
    }

    /** As tmt documents: once a test has reported parts, its exit code is ignored. */
    @Test
    void theMostSeverePartDecidesInsteadOfTheExitCode() throws Exception {
        assertThat(run("tmt-report-result a SKIP; tmt-report-result b SKIP; exit 1")
                        .end()
                        .outcome())
                .isEqualTo(Outcome.SKIPPED);
        assertThat(run("tmt-report-result a SKIP; tmt-report-result b PASS; exit 1")
                        .end()
                        .outcome())
                .isEqualTo(Outcome.PASSED);
        assertThat(run("tmt-report-result a FAIL; tmt-report-result b PASS; exit 0")
                        .end()
                        .outcome())
                .isEqualTo(Outcome.FAILED);
        assertThat(run("tmt-report-result a INFO; exit 1").end()).isEqualTo(Suite.failed(1));
        FmfOptions strict = FmfOptions.defaults().withOutcomeRule(OutcomeRule.withExitCode());
        Ran ran = suite.run(connection, suite.test("tmt-report-result a PASS; exit 1"), strict);
        assertThat(ran.end()).isEqualTo(Suite.failed(1));
        ran = suite.run(connection, suite.test("tmt-report-result a SKIP; exit 0"), strict);
        assertThat(ran.end().outcome()).isEqualTo(Outcome.SKIPPED);
    }

    @Test
    void anOutcomeRuleMayCountParts() throws Exception {
        FmfTests tests = suite.test("printf 'result 28\\n{\"name\":\"a\",\"status\":\"fail\"}' >&$ATEX_TEST_CONTROL");
        FmfOptions strict = FmfOptions.defaults().withOutcomeRule(OutcomeRule.withSubtests());
        assertThat(suite.run(connection, tests, FmfOptions.defaults()).end().outcome())
                .isEqualTo(Outcome.PASSED);
        Ran ran = suite.run(connection, tests, strict);
        assertThat(ran.end()).isEqualTo(new TestEnd(Outcome.FAILED, 0, null, true));
        assertThat(ran.results()).containsExactly("fail a null", "fail null null");
    }
}
