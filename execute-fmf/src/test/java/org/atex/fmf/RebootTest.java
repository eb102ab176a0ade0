package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.atex.lab.Lab;
import org.atex.lab.SshSystem;
import org.atex.testkit.Call;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Tests that reboot their system, on containers that boot with systemd. */
@Timeout(300)
class RebootTest {
    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    private Suite suite;
    private SshSystem system;

    @BeforeEach
    void boot() throws Exception {
        suite = new Suite(directory);
        system = lab.bootedSsh();
    }

    /** {@return the options of the executor} */
    FmfOptions options() {
        return FmfOptions.defaults();
    }

    private Ran run(String script) throws Exception {
        try (Connection connection = Suite.connect(system)) {
            return suite.run(connection, suite.test(script), options());
        }
    }

    @Test
    void aTestContinuesAfterAReboot() throws Exception {
        Ran ran = run("""
                echo "start $TMT_REBOOT_COUNT $TMT_TEST_RESTART_COUNT $REBOOTCOUNT $RSTRNT_REBOOTCOUNT"
                case $TMT_REBOOT_COUNT in
                0) tmt-report-result before PASS; echo kept >/root/state; sync; tmt-reboot ;;
                1) rhts-reboot; echo not reached ;;
                2) tmt-report-result after PASS; cat /root/state ;;
                esac
                """);
        assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        assertThat(ran.results()).containsExactly("pass before null", "pass after null", "pass null null");
        assertThat(ran.output())
                .contains("start 0 0 0 0\n", "start 1 1 1 1\n", "start 2 2 2 2\n")
                .endsWith("kept\n")
                .doesNotContain("not reached");
    }

    @Test
    void theRunnerAcknowledgesADisconnectByABrokenPipe() throws Exception {
        Ran ran = run("""
                ((TMT_REBOOT_COUNT)) && cat /root/seen && exit
                trap '' PIPE
                echo disconnect >&$ATEX_TEST_CONTROL
                while echo noop >&$ATEX_TEST_CONTROL; do :; done 2>/dev/null
                echo broken >/root/seen
                sync
                systemctl reboot
                sleep 100
                """);
        assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        assertThat(ran.output()).endsWith("broken\n");
    }

    @Test
    void anUnannouncedRebootLosesTheSystem() throws Exception {
        Ran ran = run("echo begun; systemctl reboot; sleep 100");
        assertThat(ran.end().outcome()).isEqualTo(Outcome.LOST);
        assertThat(ran.end().systemUsable()).isFalse();
        assertThat(ran.results()).singleElement().asString().startsWith("infra null lost");
    }

    @Test
    void aSystemThatStaysUpIsAnError() throws Exception {
        try (Connection connection = Suite.connect(system)) {
            FmfTests tests = suite.test("echo disconnect >&$ATEX_TEST_CONTROL; ((TMT_REBOOT_COUNT == 0))");
            Ran ran = suite.run(connection, tests, options().withRebootWithin(Duration.ofSeconds(3)));
            assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
            assertThat(ran.end().note()).contains("did not go down", "3s");
            assertThat(ran.end().systemUsable()).isFalse();
        }
    }

    @Test
    void aSystemThatDoesNotComeBackIsLost() throws Exception {
        try (Connection connection = Suite.connect(system)) {
            FmfTests tests = suite.test("echo disconnect >&$ATEX_TEST_CONTROL; echo begun; sleep 100")
                    .map(test -> test.withLimit(Duration.ofSeconds(50)));
            Artifacts artifacts = suite.artifacts();
            FmfOptions options = options().withRebootWithin(Duration.ofSeconds(8));
            try (Executor executor = FmfExecutor.factory(tests, options).open(connection)) {
                CompletableFuture<TestEnd> end = new CompletableFuture<>();
                Thread.ofVirtual().start(() -> {
                    try {
                        end.complete(executor.run(tests.get(0), artifacts));
                    } catch (Throwable e) {
                        end.completeExceptionally(e);
                    }
                });
                Path output = artifacts.directory().resolve("output");
                Call.eventually("the test has begun", () -> says(output, "begun"));
                system.container().close();
                assertThat(end.get(30, TimeUnit.SECONDS).outcome()).isEqualTo(Outcome.LOST);
                assertThat(new Ran(end.join(), artifacts).results())
                        .singleElement()
                        .asString()
                        .contains("infra", "did not come back");
            }
        }
    }

    @Test
    void aRebootDoesNotCountAgainstTheTimeLimit() throws Exception {
        try (Connection connection = Suite.connect(system)) {
            FmfTests tests = suite.test("""
                            ((TMT_REBOOT_COUNT)) || tmt-reboot -t 60 -c 'sleep 5; systemctl reboot'
                            """).map(test -> test.withLimit(Duration.ofSeconds(4)));
            Ran ran = suite.run(connection, tests, options().withRebootWithin(Duration.ofSeconds(1)));
            assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        }
    }

    @Test
    void aFailedRebootEndsTheTestAtOnce() throws Exception {
        Ran ran = run("tmt-reboot -c 'exit 7'; echo not reached");
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).contains("that failed", "'exit 7'", "exit code 7");
        assertThat(ran.output()).doesNotContain("not reached");
    }

    @Test
    void aSystemWithoutSoftRebootIsRebootedCompletely() throws Exception {
        Ran ran = run("((TMT_REBOOT_COUNT)) && exit; tmt-reboot -e -s");
        assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
    }

    @Test
    void aTestMayRebootFromAnotherSession() throws Exception {
        Ran ran = run(
                "((TMT_REBOOT_COUNT)) && exit; setsid -w env -i PATH=/usr/local/bin:/usr/bin:/bin tmt-reboot; sleep 100");
        assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
    }

    @Test
    void aTestMayBeRebootedBeforeItIsStartedAgain() throws Exception {
        try (Connection connection = Suite.connect(system)) {
            FmfTests tests = suite.tests("""
                    restart-on-exit-code: [79]
                    restart-with-reboot: true
                    restart-max-count: 2
                    test: |
                        echo "start $TMT_REBOOT_COUNT $TMT_TEST_RESTART_COUNT"
                        touch "$TMT_TEST_DATA/$TMT_REBOOT_COUNT"
                        ((TMT_REBOOT_COUNT < 2)) && exit 79
                        exit 0
                    """);
            Ran ran = suite.run(connection, tests, options());
            assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
            assertThat(ran.output()).contains("start 0 0\n", "start 1 1\n", "start 2 2\n");
            assertThat(ran.artifacts().files().resolve("data/0")).exists();
            assertThat(ran.artifacts().files().resolve("data/2")).exists();
        }
    }

    private static boolean says(Path file, String text) {
        try {
            return Files.readString(file).contains(text);
        } catch (IOException e) {
            return false; // the file does not exist yet
        }
    }
}
