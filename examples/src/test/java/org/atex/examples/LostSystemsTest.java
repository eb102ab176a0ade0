package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.Verdict;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfTests;
import org.atex.lab.Lab;
import org.atex.lab.LabContainer;
import org.atex.lab.LabImage;
import org.atex.lab.SshSystem;
import org.atex.podman.PodmanConnection;
import org.atex.ssh.HostKeys;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshOptions;
import org.atex.testkit.Call;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Takes the system of a running test away, and checks the test, and the system after it has returned. */
@Timeout(300)
class LostSystemsTest {
    /**
     * Keep-alive interval × allowed misses, plus the time for the executor to give up, plus a margin for shared
     * machines.
     */
    private static final Duration IN_TIME = Duration.ofSeconds(20);

    private static final String ENDLESS = "touch /root/begun; setsid sleep 4711 & sleep 4711";

    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    /** The executor of the test. */
    private enum Runner {
        COMMAND {
            @Override
            Executor.Factory factory(Path directory, String script) {
                return CommandExecutor.factory();
            }

            @Override
            TestCase test(Path directory, String script) {
                return CommandTest.of("/test", Command.bash(script));
            }
        },
        FMF {
            @Override
            Executor.Factory factory(Path directory, String script) throws Exception {
                return FmfExecutor.factory(tests(directory, script), Map.of());
            }

            @Override
            TestCase test(Path directory, String script) throws Exception {
                return tests(directory, script).get(0);
            }

            private static FmfTests tests(Path directory, String script) throws Exception {
                return FmfTests.from(SmallTree.of(directory, "test: |\n" + script.indent(4)))
                        .discover();
            }
        };

        abstract Executor.Factory factory(Path directory, String script) throws Exception;

        abstract TestCase test(Path directory, String script) throws Exception;
    }

    /** The failure of the system. */
    private interface Blow {
        void strike() throws Exception;
    }

    private TestEnd run(Runner runner, Connection connection, String script) throws Exception {
        try (Executor executor = runner.factory(directory, script).open(connection)) {
            Artifacts artifacts = Artifacts.at(Files.createDirectory(directory.resolve("artifacts")));
            return executor.run(runner.test(directory, script), artifacts);
        }
    }

    /** Runs a test that never ends, and breaks its system after the start. */
    private TestEnd struck(Runner runner, Connection connection, LabContainer container, Blow blow) throws Exception {
        Call<TestEnd> running = Call.of(() -> run(runner, connection, ENDLESS));
        awaitIn(container, "the test has begun", "[[ -e /root/begun ]]");
        blow.strike();
        return running.result(IN_TIME);
    }

    private static String says(LabContainer container, String script) {
        try {
            return container.exec("bash", "-c", script);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Waits for a condition. The loop runs in the container, since each podman exec takes as long as many looks. */
    private static void awaitIn(LabContainer container, String what, String condition) {
        String loop = "until " + condition + "; do (( SECONDS < " + Call.SOON.toSeconds() + " )) || exit 0; sleep 0.05;"
                + " done; echo holds";
        assertThat(says(container, loop)).as(what).isEqualTo("holds");
    }

    private static SshConnection connect(SshSystem system) throws Exception {
        SshOptions options = SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withKey(system.key())
                .withHostKeys(HostKeys.knownHosts(system.knownHosts()))
                .withKeepAlive(Duration.ofSeconds(1), 5);
        return SshConnection.open(system.destination(), options);
    }

    private static void assertLost(TestEnd end, String where) {
        assertThat(end.outcome()).isEqualTo(Outcome.LOST);
        assertThat(end.outcome().verdict()).isEqualTo(Verdict.INFRASTRUCTURE);
        assertThat(end.note()).contains(where);
        assertThat(end.systemUsable()).as("the system is usable").isFalse();
    }

    /** The system itself must end the processes of a lost test, as the executor cannot reach it. */
    private static void assertNothingRunsOn(LabContainer container) {
        awaitIn(container, "nothing of the test runs", "[[ -z $(pgrep -f 'sleep 471[1]|atex-[k]eeper' 2>&1) ]]");
    }

    @ParameterizedTest
    @EnumSource
    void testIsLostWithTheNetworkAndLeavesNoProcess(Runner runner) throws Exception {
        SshSystem system = lab.ssh();
        try (SshConnection connection = connect(system)) {
            assertLost(
                    struck(runner, connection, system.container(), system.container()::cutNetwork), system.address());
        }
        assertThat(says(system.container(), "pgrep -f 'sleep 471[1]'")).isNotEmpty();

        system.container().restoreNetwork();
        assertNothingRunsOn(system.container());
        try (SshConnection again = connect(system)) {
            assertThat(again.run(Command.of("echo", "on")).stdout()).isEqualTo("on\n");
        }
    }

    @ParameterizedTest
    @EnumSource
    void testIsLostWithItsContainer(Runner runner) throws Exception {
        LabContainer container = lab.container();
        try (PodmanConnection connection = PodmanConnection.open(container.id())) {
            assertLost(struck(runner, connection, container, container::kill), container.id());
        }
    }

    @ParameterizedTest
    @EnumSource
    void testIsLostWithTheSshServerAndLeavesNoProcess(Runner runner) throws Exception {
        SshSystem system = lab.bootedSsh();
        try (SshConnection connection = connect(system)) {
            TestEnd end = struck(
                    runner,
                    connection,
                    system.container(),
                    () -> system.container().exec("pkill", "-KILL", "sshd"));
            assertLost(end, system.address());
        }
        assertNothingRunsOn(system.container());
    }

    @ParameterizedTest
    @EnumSource
    void testThatFillsTheDiskFailsAndTheSystemStaysUsable(Runner runner) throws Exception {
        LabContainer container = lab.container(LabImage.PLAIN, "--tmpfs=/var/tmp:rw,size=1m");
        try (PodmanConnection connection = PodmanConnection.open(container.id())) {
            TestEnd end = run(runner, connection, "head -c 2M /dev/zero >/var/tmp/fill || exit 9");

            assertThat(end.outcome()).isEqualTo(Outcome.FAILED);
            assertThat(end.exitCode()).isEqualTo(9);
            assertThat(end.systemUsable()).isTrue();
            assertThat(connection
                            .run(Command.bash("rm /var/tmp/fill; ls -A /var/tmp"))
                            .stdout())
                    .isEmpty();
        }
    }
}
