package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Connection;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.atex.lab.Lab;
import org.atex.lab.SshSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Tests that run as an ordinary user without sudo. */
@Timeout(180)
class OrdinaryUserTest {
    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    private Suite suite;
    private Connection connection;

    @BeforeEach
    void logIn() throws Exception {
        suite = new Suite(directory);
        SshSystem system = lab.ssh();
        connection = Suite.connectAsUser(system);
    }

    @AfterEach
    void logOut() {
        if (connection != null) {
            connection.close();
        }
    }

    @Test
    void aTestRunsAsItDoesAsRoot() throws Exception {
        Files.writeString(suite.tree().resolve("data"), "in the tree\n");
        Files.writeString(suite.tree().resolve("main.fmf"), """
                /plan:
                    discover: {how: fmf}
                    prepare: {how: shell, script: 'echo READY=$USER >>$TMT_PLAN_ENVIRONMENT_FILE'}
                /test:
                    tty: true
                    test: |
                        echo "$READY $(id -un) $(stty size) $TERM"
                        cat data
                        echo more >data
                        tmt-report-result -o data part PASS
                """);
        Ran ran =
                suite.run(connection, FmfTests.from(suite.tree()).plan("/plan").discover(), FmfOptions.defaults());
        assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        assertThat(ran.output().replace("\r", "")).isEqualTo("tester tester 24 80 xterm\nin the tree\n");
        assertThat(ran.results()).containsExactly("pass part null", "pass null null");
        assertThat(ran.file("part/data")).isEqualTo("more\n");
    }

    @Test
    void aPackageThatOnlyRootCanInstallIsReportedAsMissing() throws Exception {
        Ran ran = suite.run(connection, suite.tests("require: atex-lab-hello\ntest: 'true'\n"), FmfOptions.defaults());
        assertThat(ran.end().outcome()).isEqualTo(Outcome.SETUP_FAILED);
        assertThat(ran.end().note()).contains("atex-lab-hello", "sudo");
    }
}
