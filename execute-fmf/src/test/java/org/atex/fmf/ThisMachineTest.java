package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Outcome;
import org.atex.api.SetupException;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The machine that runs the executor is not rebooted, and no package is installed on it, without explicit permission.
 */
@Timeout(180)
class ThisMachineTest extends LocalSuite {
    private static final String OPTION = "FmfOptions.withChangesToThisMachine";
    private static final String NO_PACKAGE = "atex-no-such-package";

    private Path rebooted() {
        return directory.resolve("rebooted");
    }

    @Test
    void tmtRebootIsAnErrorWithTheReason() throws Exception {
        Ran ran = suite.run(
                connection, "tmt-reboot -c 'touch " + rebooted() + "'; touch " + rebooted() + "; echo not reached");
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).contains("tmt-reboot is refused", OPTION);
        assertThat(ran.results()).containsExactly("error null " + ran.end().note());
        assertThat(ran.output()).contains(OPTION).doesNotContain("not reached");
        assertThat(rebooted()).doesNotExist();
    }

    @Test
    void disconnectIsAnErrorWithTheReason() throws Exception {
        Ran ran = suite.run(connection, """
                trap '' PIPE
                echo disconnect >&$ATEX_TEST_CONTROL
                while echo noop >&$ATEX_TEST_CONTROL; do sleep 0.02; done
                touch REBOOTED
                """.replace("REBOOTED", rebooted().toString()));
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).contains("'disconnect', which is refused", OPTION);
        assertThat(rebooted()).doesNotExist();
    }

    @Test
    void aPermittedRebootIsExecuted() throws Exception {
        FmfTests tests = suite.tests("test: tmt-reboot -t 2 -c 'touch " + rebooted() + "; sleep 1000'\n");
        Ran ran = suite.run(connection, tests, FmfOptions.defaults().withChangesToThisMachine());
        assertThat(rebooted()).exists();
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).contains("did not go down within 2s");
    }

    @Test
    void aMissingRequiredPackageIsNotInstalled() throws Exception {
        Ran ran = suite.run(
                connection,
                suite.tests("require: [" + NO_PACKAGE + "]\ntest: echo not reached\n"),
                FmfOptions.defaults());
        assertThat(ran.end().outcome()).isEqualTo(Outcome.SETUP_FAILED);
        assertThat(ran.end().note()).contains("are not installed: " + NO_PACKAGE, OPTION);
    }

    @Test
    void aMissingRecommendedPackageIsNotInstalledAndTheTestRuns() throws Exception {
        Ran ran = suite.run(
                connection, suite.tests("recommend: [" + NO_PACKAGE + "]\ntest: 'true'\n"), FmfOptions.defaults());
        assertThat(ran.end()).isEqualTo(TestEnd.exited(0));
    }

    @Test
    void aPlanThatInstallsFailsTheSystemWithTheReason() throws Exception {
        Files.writeString(suite.tree().resolve("main.fmf"), """
                /plan:
                    discover: {how: fmf}
                    prepare: {how: install, package: PACKAGE}
                /test:
                    test: "true"
                """.replace("PACKAGE", NO_PACKAGE));
        FmfTests tests = FmfTests.from(suite.tree()).plan("/plan").discover();
        assertThatThrownBy(() -> FmfExecutor.factory(tests).open(connection))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("are not installed: " + NO_PACKAGE)
                .hasMessageContaining(OPTION);
    }

    @Test
    void anInstalledRequiredPackageIsAccepted() throws Exception {
        Ran ran = suite.run(connection, suite.tests("require: [bash]\ntest: 'true'\n"), FmfOptions.defaults());
        assertThat(ran.end()).as(ran.end().note()).isEqualTo(TestEnd.exited(0));
    }
}
