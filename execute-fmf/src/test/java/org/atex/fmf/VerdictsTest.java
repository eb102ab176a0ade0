package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.stream.Stream;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.atex.fmf.tree.FmfException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The interpretation of the end of a test by its metadata, as in tmt. */
@Timeout(180)
class VerdictsTest extends LocalSuite {
    private Ran run(String metadata) throws Exception {
        return suite.run(connection, suite.tests(metadata), FmfOptions.defaults());
    }

    /** Arguments: the {@code result} key, the script, the outcome, the status, a part of the note. */
    static Stream<Arguments> interpretations() {
        return Stream.of(
                arguments("respect", "true", Outcome.PASSED, "pass", ""),
                arguments("respect", "false", Outcome.FAILED, "fail", "exit code 1"),
                arguments("xfail", "false", Outcome.PASSED, "pass", "failed as expected"),
                arguments("xfail", "true", Outcome.FAILED, "fail", "was expected to fail"),
                arguments("xfail", "no-such-command", Outcome.ERROR, "error", "exit code 127"),
                arguments("xfail", "kill -KILL $$", Outcome.ERROR, "error", "exit code 137"),
                arguments("xfail", "tmt-report-result a FAIL", Outcome.PASSED, "pass", "failed as expected"),
                arguments("xfail", "tmt-report-result a PASS; exit 1", Outcome.FAILED, "fail", "expected to fail"),
                arguments("xfail", "tmt-report-result a WARN", Outcome.FAILED, "warn", ""),
                arguments("xfail", "tmt-report-result a SKIP", Outcome.SKIPPED, "skip", ""),
                arguments("xfail", "tmt-abort", Outcome.ERROR, "error", "tmt-abort"),
                arguments("xfail", "sleep 100", Outcome.TIMED_OUT, "error", "2s"),
                arguments("pass", "false", Outcome.PASSED, "pass", "(fail: exit code 1)"),
                arguments("pass", "true", Outcome.PASSED, "pass", ""),
                arguments("info", "true", Outcome.PASSED, "info", "taken as info"),
                arguments("info", "sleep 100", Outcome.PASSED, "info", "(error: it exceeded"),
                arguments("warn", "true", Outcome.FAILED, "warn", "taken as warn"),
                arguments("fail", "true", Outcome.FAILED, "fail", "taken as fail"),
                arguments("error", "true", Outcome.ERROR, "error", "taken as error"),
                arguments("skip", "true", Outcome.SKIPPED, "skip", "taken as skip"),
                arguments("restraint", "tmt-report-result a PASS; exit 1", Outcome.PASSED, "pass", ""),
                arguments("restraint", "tmt-report-result a FAIL", Outcome.FAILED, "fail", "it reported FAIL for a"),
                arguments("restraint", "exit 1", Outcome.FAILED, "fail", "exit code 1"),
                arguments("respect", "tmt-report-result a SKIP", Outcome.SKIPPED, "skip", ""),
                arguments(
                        "respect",
                        "tmt-report-result a FAIL; tmt-report-result b ERROR",
                        Outcome.ERROR,
                        "error",
                        "it reported ERROR for b"));
    }

    @ParameterizedTest
    @MethodSource("interpretations")
    void theResultKeyIsApplied(String result, String script, Outcome outcome, String word, String note)
            throws Exception {
        Ran ran = run("duration: 2s\nresult: " + result + "\ntest: |\n    " + script + "\n");
        assertThat(ran.end().outcome()).as(ran.end().note()).isEqualTo(outcome);
        assertThat(ran.results()).last().asString().startsWith(word + " null").contains(note);
        if (!note.isEmpty()) {
            assertThat(ran.end().note()).contains(note);
        }
    }

    @Test
    void aReportedResultIsInterpretedToo() throws Exception {
        Ran ran = run("""
                result: xfail
                test: |
                    json='{"status":"fail","note":"broken"}'
                    printf 'result %d\\n%s' "${#json}" "$json" >&$ATEX_TEST_CONTROL
                """);
        assertThat(ran.end().outcome()).isEqualTo(Outcome.PASSED);
        assertThat(ran.results()).containsExactly("fail null broken", "pass null it failed as expected (fail: broken)");
    }

    @Test
    void theOutcomeRuleIsAppliedBeforeTheMetadata() throws Exception {
        FmfTests tests = suite.tests("""
                result: xfail
                test: |
                    json='{"name":"a","status":"fail"}'
                    printf 'result %d\\n%s' "${#json}" "$json" >&$ATEX_TEST_CONTROL
                """);
        FmfOptions strict = FmfOptions.defaults().withOutcomeRule(OutcomeRule.withSubtests());
        assertThat(suite.run(connection, tests, strict).end().outcome()).isEqualTo(Outcome.PASSED);
        assertThat(suite.run(connection, tests, FmfOptions.defaults()).end().outcome())
                .isEqualTo(Outcome.FAILED);
        FmfOptions broken = FmfOptions.defaults().withOutcomeRule((end, parts) -> {
            throw new IllegalStateException("mine");
        });
        assertThat(suite.run(connection, suite.tests("result: pass\ntest: 'true'\n"), broken)
                        .end()
                        .outcome())
                .isEqualTo(Outcome.ERROR);
    }

    private Ran custom(String script) throws Exception {
        return run("result: custom\ntest: |\n" + ("cd \"$TMT_TEST_DATA\"\n" + script).indent(4));
    }

    @Test
    void customResultsAreReadFromYaml() throws Exception {
        Ran ran = custom("""
                echo one >pass_log; mkdir sub; echo two >sub/fail_log
                cat >results.yaml <<'END'
                - name: /test/passing
                  result: pass
                  log: [pass_log]
                  note: [good, result]
                  duration: 00:11:22
                  subresult:
                    - {name: deeper, result: fail, log: [pass_log]}
                - {name: without-slash, result: fail, log: [sub/fail_log, missing], note: bad result}
                - {name: /, result: pass}
                - {name: /test/skipped, result: skip}
                END
                exit 0
                """);
        assertThat(ran.end().outcome()).as(ran.end().note()).isEqualTo(Outcome.FAILED);
        assertThat(ran.results())
                .containsExactly(
                        "pass test/passing good, result",
                        "fail test/passing/deeper null",
                        "fail without-slash bad result",
                        "skip test/skipped null",
                        "fail null without-slash: bad result");
        assertThat(ran.file("test/passing/pass_log")).isEqualTo("one\n");
        assertThat(ran.file("test/passing/deeper/pass_log")).isEqualTo("one\n");
        assertThat(ran.file("without-slash/sub/fail_log")).isEqualTo("two\n");
        assertThat(ran.file("data/results.yaml")).contains("without-slash");
    }

    @Test
    void customResultsMayBeJsonAndTheExitCodeIsIgnored() throws Exception {
        Ran ran = custom("""
                echo '[{"name": "/a", "result": "info"}, {"name": "/", "result": "pass"}]' >results.json
                exit 3
                """);
        assertThat(ran.end().outcome()).as(ran.end().note()).isEqualTo(Outcome.PASSED);
        assertThat(ran.results()).containsExactly("info a null", "pass null null");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "true",
                ": >results.yaml",
                ": >results.json",
                "echo '{}' >results.yaml",
                "echo '{}' >results.json",
                "echo , >results.yaml",
                "echo '[' >results.json",
                "echo '[]' >results.yaml",
                "echo '- {name: /a, result: errrrrr}' >results.yaml",
                "echo '- {name: /a}' >results.yaml",
                "echo '- {result: pass}' >results.yaml",
                "echo '- {name: /a, result: pass, log: [{}]}' >results.yaml",
                "printf '\\xff\\xfe' >results.yaml",
                "echo '- {name: /a, result: pending}' >results.yaml",
                "echo '- {name: /a, result: pass}' >results.yaml; mkdir results.d; rm results.yaml"
            })
    void missingOrMalformedCustomResultsAreAnError(String script) throws Exception {
        Ran ran = custom(script);
        assertThat(ran.end().outcome()).as(ran.end().note()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).isNotEmpty();
        assertThat(ran.results()).last().asString().startsWith("error null ");
    }

    @Test
    void aTestIsRestartedOnItsExitCodes() throws Exception {
        Ran ran = run("""
                restart-on-exit-code: [79, 80]
                restart-max-count: 3
                test: |
                    echo "start $TMT_TEST_RESTART_COUNT $TMT_REBOOT_COUNT $REBOOTCOUNT"
                    echo "$TMT_TEST_RESTART_COUNT" >>"$TMT_TEST_DATA/starts"
                    ((TMT_TEST_RESTART_COUNT == 0)) && exit 79
                    ((TMT_TEST_RESTART_COUNT == 1)) && exit 80
                    exit 0
                """);
        assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        assertThat(ran.output()).isEqualTo("start 0 0 0\nstart 1 0 0\nstart 2 0 0\n");
        assertThat(ran.file("data/starts")).isEqualTo("0\n1\n2\n");
    }

    @Test
    void restartsAreLimited() throws Exception {
        Ran ran = run("restart-on-exit-code: 9\ntest: echo started; echo x >>$TMT_TEST_DATA/x; exit 9\n");
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).contains("restart-max-count");
        assertThat(ran.output()).isEqualTo("started\nstarted\n");
        assertThat(ran.file("data/x")).isEqualTo("x\nx\n");
        assertThat(run("restart-on-exit-code: 9\ntest: exit 8\n").end()).isEqualTo(Suite.failed(8));
    }

    @Test
    void aRestartDoesNotRebootThisMachine() throws Exception {
        Ran ran = run("restart-on-exit-code: 9\nrestart-with-reboot: true\ntest: exit 9\n");
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).contains("restart-with-reboot", "withChangesToThisMachine");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "framework: robot",
                "framework: [shell]",
                "result: great",
                "result: [pass]",
                "restart-on-exit-code: often",
                "restart-on-exit-code: 256",
                "restart-max-count: 0",
                "restart-with-reboot: perhaps",
                "check: kernel",
                "check: {enabled: true}",
                "check: {how: dmesg, failure: x}",
                "check: {how: dmesg, result: pass}",
                "check: {how: dmesg, failure-pattern: '['}",
                "check: [dmesg, 3]"
            })
    void anInvalidValueIsAnErrorAtDiscovery(String line) throws Exception {
        String key = line.substring(0, line.indexOf(':'));
        assertThatThrownBy(() -> suite.tests("test: 'true'\n" + line + "\n"))
                .isInstanceOf(FmfException.class)
                .hasMessageContaining("main.fmf:2")
                .hasMessageContaining("key \"" + key + "\"");
    }

    @Test
    void anInvalidValueOfAModifiedTestIsAnErrorWhenItRuns() throws Exception {
        FmfTests tests =
                suite.tests("test: 'true'\n").map(test -> test.withMetadata(java.util.Map.of("result", "great")));
        assertThatThrownBy(() -> suite.run(connection, tests, FmfOptions.defaults()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'result' of " + tests.get(0).name());
    }

    @Test
    void testDataIsDownloadedAfterEveryKindOfEnd() throws Exception {
        Ran ran = run("""
                duration: 2s
                test: |
                    mkdir -p "$TMT_TEST_DATA/deep/er"
                    head -c 5000000 /dev/zero >"$TMT_TEST_DATA/deep/er/large"
                    echo odd >"$TMT_TEST_DATA/.odd \\"name\\" ü"
                    sleep 100
                """);
        assertThat(ran.end().outcome()).isEqualTo(Outcome.TIMED_OUT);
        assertThat(ran.artifacts().files().resolve("data/deep/er/large")).hasSize(5_000_000);
        assertThat(ran.file("data/.odd \"name\" ü")).isEqualTo("odd\n");
        ran = run("test: echo x >$TMT_TEST_DATA/x; exit 3\n");
        assertThat(ran.file("data/x")).isEqualTo("x\n");
    }

    @Test
    void theNextTestFindsNoFilesOfThePreviousOne() throws Exception {
        FmfTests tests =
                suite.tests("""
                /a:
                    test: |
                        mkdir KEPT
                        touch KEPT/file
                        echo x >$TMT_TEST_DATA/x
                        rm -rf $TMT_TEST_DATA "$ATEX_TEST_SLOT/spool"
                        ln -s KEPT $TMT_TEST_DATA
                        ln -s KEPT "$ATEX_TEST_SLOT/spool"
                        ln -sf KEPT/metadata $TMT_TEST_METADATA
                        tmt-report-result a FAIL
                /b:
                    test: |
                        [[ -d $TMT_TEST_DATA && ! -L $TMT_TEST_DATA && -z $(ls -A $TMT_TEST_DATA) ]]
                        [[ ! -L $TMT_TEST_METADATA && -s $TMT_TEST_METADATA && ! -e KEPT/metadata ]]
                        [[ -e KEPT/file ]]
                """.replace("KEPT", directory.resolve("kept").toString()));
        try (var executor = FmfExecutor.factory(tests).open(connection)) {
            assertThat(executor.run(tests.get(0), suite.artifacts()).outcome()).isEqualTo(Outcome.FAILED);
            assertThat(executor.run(tests.get(1), suite.artifacts())).isEqualTo(TestEnd.exited(0));
        }
    }

    @Test
    void eachTestHasItsOwnMetadata() throws Exception {
        FmfTests tests = suite.tests("""
                /long:
                    summary: LONG
                    test: grep -q longer $TMT_TEST_METADATA; grep -q "name. */long" $TMT_TEST_METADATA
                /short:
                    summary: short
                    test: |
                        ! grep longer $TMT_TEST_METADATA
                        grep -q "name. */short" $TMT_TEST_METADATA
                        rm $TMT_TEST_METADATA
                        mkfifo $TMT_TEST_METADATA
                """.replace("LONG", "longer ".repeat(1000)));
        try (var executor = FmfExecutor.factory(tests).open(connection)) {
            for (int i : List.of(0, 1, 0, 1)) {
                assertThat(executor.run(tests.get(i), suite.artifacts())).isEqualTo(TestEnd.exited(0));
            }
        }
    }
}
