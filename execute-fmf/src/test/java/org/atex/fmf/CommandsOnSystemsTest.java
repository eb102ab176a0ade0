package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.atex.api.Connection;
import org.atex.api.Outcome;
import org.atex.fmf.Suite.Ran;
import org.atex.lab.Lab;
import org.atex.lab.SshSystem;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On a disposable system, the commands are found with any PATH and by other users. */
@Timeout(180)
class CommandsOnSystemsTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    private static SshSystem system;

    @TempDir
    private Path directory;

    @BeforeAll
    static void boot() throws Exception {
        system = LAB.ssh();
        system.container().exec("sh", "-c", "useradd -m -s /bin/bash tester");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "env -i bash -c 'tmt-report-result part FAIL'",
                "env -i setsid -w bash -c 'tmt-report-result part FAIL'",
                "env -i setsid bash -c 'tmt-report-result part FAIL' & sleep 2",
                "PATH=/usr/local/bin:/usr/bin:/bin; tmt-report-result part FAIL",
                "su tester -c 'tmt-report-result part FAIL'",
                "su - tester -c 'rhts-report-result part FAIL /dev/null'",
                "eval \"exec $ATEX_TEST_CONTROL>&-\"; su - tester -c 'tmt-report-result part FAIL'"
            })
    void aReportIsDelivered(String call) throws Exception {
        Suite suite = new Suite(directory);
        try (Connection connection = Suite.connect(system)) {
            Ran ran = suite.run(
                    connection, suite.test("(" + call + ") || :\ntmt-report-result last PASS"), FmfOptions.defaults());
            assertThat(ran.end().outcome()).as(ran.output()).isEqualTo(Outcome.FAILED);
            assertThat(ran.results())
                    .contains("fail part null", "pass last null")
                    .hasSize(3);
        }
        assertThat(system.container().exec("ls", "/usr/local/bin")).doesNotContain("tmt-");
    }

    @Test
    void concurrentTestsReceiveTheirOwnReports() throws Exception {
        Suite suite = new Suite(directory);
        FmfTests tests = suite.test("env -i bash -c \"tmt-report-result $NAME PASS\"; sleep 1");
        var factory = FmfExecutor.factory(tests);
        try (Connection connection = Suite.connect(system);
                var one = factory.open(connection);
                var other = FmfExecutor.factory(tests).open(connection)) {
            var artifacts = suite.artifacts();
            var others = suite.artifacts();
            Thread thread = Thread.ofVirtual().start(() -> {
                try {
                    one.run(
                            tests.map(test -> test.withEnvironment(java.util.Map.of("NAME", "one")))
                                    .get(0),
                            artifacts);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            var end = other.run(
                    tests.map(test -> test.withEnvironment(java.util.Map.of("NAME", "other")))
                            .get(0),
                    others);
            thread.join();
            assertThat(new Ran(end, artifacts).results()).containsExactly("pass one null", "pass null null");
            assertThat(new Ran(end, others).results()).containsExactly("pass other null", "pass null null");
        }
    }

    @Test
    void existingFilesAreNotReplaced() throws Exception {
        system.container().exec("sh", "-c", "echo mine >/usr/local/bin/rhts-abort");
        Suite suite = new Suite(directory);
        try (Connection connection = Suite.connect(system)) {
            suite.run(connection, suite.test("grep -q mine /usr/local/bin/rhts-abort"), FmfOptions.defaults());
        }
        assertThat(system.container().exec("cat", "/usr/local/bin/rhts-abort")).contains("mine");
        system.container().exec("rm", "/usr/local/bin/rhts-abort");
    }
}
