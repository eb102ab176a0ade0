package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.atex.api.Outcome;
import org.atex.fmf.Suite.Ran;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The delivery of reports from different environments, sessions and directories; a lost report fails the test. */
@Timeout(180)
class DeliveryTest extends LocalSuite {
    /** {@return the options of the executor} */
    FmfOptions options() {
        return FmfOptions.defaults();
    }

    private Ran run(String script) throws Exception {
        return suite.run(connection, suite.test(script), options());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tmt-report-result part FAIL -o log",
                // The descriptor is closed, or is a file of the test.
                "eval \"exec $ATEX_TEST_CONTROL>&-\"; tmt-report-result part FAIL -o log",
                "exec 10>lock; tmt-report-result part FAIL -o log",
                "eval \"exec $ATEX_TEST_CONTROL>lock\"; tmt-report-result part FAIL -o log",
                "eval \"exec $ATEX_TEST_CONTROL> >(cat >/dev/null)\"; tmt-report-result part FAIL -o log",
                // The environment differs from that of the test.
                "env -i PATH=\"$PATH\" tmt-report-result part FAIL -o log",
                "env -i \"$(command -v tmt-report-result)\" part FAIL -o log",
                "(helper=$(command -v tmt-report-result); PATH=/usr/bin:/bin; eval \"exec $ATEX_TEST_CONTROL>&-\";"
                        + " unset ATEX_TEST_SLOT ATEX_TEST_CONTROL; $helper part FAIL -o log)",
                // The process group, session or directory differs.
                "setsid -w tmt-report-result part FAIL -o log",
                "eval \"exec $ATEX_TEST_CONTROL>&-\"; setsid -w env -i PATH=\"$PATH\" tmt-report-result part FAIL -o log",
                "log=$PWD/log; cd /; tmt-report-result part FAIL -o \"$log\"",
                "(set -m; tmt-report-result part FAIL -o log & wait)",
                "tmt-report-result part FAIL -o log | cat >/dev/null",
                "(ulimit -n 20; tmt-report-result part FAIL -o log)"
            })
    void aReportIsDelivered(String call) throws Exception {
        Ran ran = run("echo content >log\n" + call + " || :\ntmt-report-result last PASS\nexit 0");
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.FAILED);
        assertThat(ran.results())
                .containsExactly("fail part null", "pass last null", "fail null it reported FAIL for part");
        assertThat(ran.file("part/log")).isEqualTo("content\n");
    }

    @Test
    void aReportFromPythonIsDelivered() throws Exception {
        Ran ran = run("""
                command -v python3 >/dev/null || { tmt-report-result none SKIP; exit; }
                echo content >log
                cat >reports.py <<'END'
                import subprocess, os
                subprocess.run(["tmt-report-result", "one", "FAIL", "-o", "log"])
                subprocess.run(["tmt-report-result", "two", "PASS"], env={"PATH": os.environ["PATH"]}, cwd="/")
                subprocess.run("tmt-report-result three WARN", shell=True, start_new_session=True)
                END
                python3 reports.py
                """);
        assumeTrue(ran.end().outcome() != Outcome.SKIPPED, "the machine has no python3");
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.FAILED);
        assertThat(ran.results())
                .containsExactly(
                        "fail one null", "pass two null", "warn three null", "fail null it reported FAIL for one");
    }

    @Test
    void aReportIsDeliveredWhileTheTestRuns() throws Exception {
        Ran ran = run("""
                eval "exec $ATEX_TEST_CONTROL>&-"
                tmt-report-result part PASS
                set -- "$ATEX_TEST_SLOT"/spool/*
                [[ ! -e $1 ]]
                """);
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.PASSED);
        assertThat(ran.results()).containsExactly("pass part null", "pass null null");
    }

    @Test
    void reportsInTheSpoolAreDeliveredAtTheEnd() throws Exception {
        Ran ran = run("""
                unshare -m true || { tmt-report-result none SKIP; exit 0; }
                echo content >/root/log 2>/dev/null || { tmt-report-result none SKIP; exit 0; }
                mkdir root
                unshare -m bash -c 'mount --bind / root && mount --rbind /dev root/dev && chroot root "$0" part FAIL -o /root/log' \\
                    "$(command -v tmt-report-result)" || { echo "no chroot here"; tmt-report-result none SKIP; }
                rm /root/log
                """);
        assumeTrue(ran.end().outcome() != Outcome.SKIPPED, "the machine does not allow namespaces");
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.FAILED);
        assertThat(ran.results()).containsExactly("fail part null", "fail null it reported FAIL for part");
        assertThat(ran.file("part/log")).isEqualTo("content\n");
    }

    @Test
    void anIncompleteReportIsAnError() throws Exception {
        Ran ran = run("""
                eval "exec $ATEX_TEST_CONTROL>&-"
                : >"$ATEX_TEST_SLOT/spool/new.broken"
                exit 0
                """);
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).contains("could not be delivered");
    }

    @Test
    void anAbortFromAnotherSessionEndsTheTest() throws Exception {
        Ran ran = run("setsid -w env -i PATH=\"$PATH\" tmt-abort || :; sleep 100; echo not reached");
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.results()).last().asString().isEqualTo("error null the test called tmt-abort");
        assertThat(ran.output()).doesNotContain("not reached");
    }

    /** As if the signal to the wrapper had been lost. */
    @Test
    void anAbortWithoutASignalEndsTheTest() throws Exception {
        Ran ran = run(": >\"$ATEX_TEST_SLOT/abort\"; sleep 100; echo not reached");
        assertThat(ran.end().outcome()).as(ran.output()).isNotEqualTo(Outcome.PASSED);
        assertThat(ran.output()).doesNotContain("not reached");
    }

    @Test
    void aTestMayWriteToTheDescriptorDirectly() throws Exception {
        Ran ran = run("""
                ((ATEX_TEST_CONTROL > 19))
                json='{"name":"raw","status":"pass"}'
                printf 'result %d\\n%s' "${#json}" "$json" >&$ATEX_TEST_CONTROL
                """);
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.PASSED);
        assertThat(ran.results()).containsExactly("pass raw null", "pass null null");
    }

    @Test
    void signalsOfHelpersDoNotAffectTheExitCode() throws Exception {
        Ran ran = run("""
                eval "exec $ATEX_TEST_CONTROL>&-"
                for i in {1..20}; do tmt-report-result "part$i" PASS & done
                wait
                exit 0
                """);
        assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.PASSED);
        assertThat(ran.results()).hasSize(21);
    }
}
