package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.lab.Lab;
import org.atex.lab.OpenSsh;
import org.atex.lab.SshSystem;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The end of a test ends all of its processes: children, and daemons that try to escape. The effect of a lost
 * connection depends on the options and is tested by subclasses.
 */
@Timeout(180)
abstract class EndingRules {
    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    private Suite suite;
    private final String mark = "left-" + UUID.randomUUID();

    @BeforeEach
    void makeSuite() throws Exception {
        suite = new Suite(directory);
    }

    /** The kinds of ends. */
    enum How {
        EXIT,
        LIMIT,
        CANCEL,
        LOST,
        PROTOCOL
    }

    /**
     * {@return a script that starts a child, a daemon in its own session, and one that forked twice; all keep
     * descriptors}
     */
    private String leaving(How how) {
        String last = switch (how) {
            case EXIT -> "exit 3";
            case PROTOCOL -> "echo nonsense >&$ATEX_TEST_CONTROL; sleep 1000";
            default -> "sleep 1000";
        };
        return """
                bash -c 'sleep 1000; exit' MARK &
                setsid bash -c 'sleep 1000; exit' MARK &
                (setsid bash -c "trap '' TERM HUP INT; (bash -c 'sleep 1000; exit' MARK &) & exit" &)
                until [[ $(pgrep -fc "sleep 1000; exit[ ]MARK") -ge 3 ]]; do :; done
                """.replace("MARK", mark) + "echo begun\n" + last;
    }

    private FmfTests tests(How how) throws Exception {
        return suite.test(leaving(how)).map(test -> how == How.LIMIT ? test.withLimit(Duration.ofSeconds(3)) : test);
    }

    /** Cuts a connection. */
    interface Cut {
        void now() throws IOException, InterruptedException;
    }

    /** {@return the options of the executor} */
    FmfOptions options() {
        return FmfOptions.defaults();
    }

    private TestEnd run(Connection connection, How how, Cut cut) throws Exception {
        FmfTests tests = tests(how);
        Artifacts artifacts = suite.artifacts();
        try (Executor executor = FmfExecutor.factory(tests, options()).open(connection)) {
            CompletableFuture<TestEnd> end = new CompletableFuture<>();
            Thread thread = Thread.ofVirtual().start(() -> {
                try {
                    end.complete(executor.run(tests.get(0), artifacts));
                } catch (Throwable e) {
                    end.completeExceptionally(e);
                }
            });
            if (how == How.CANCEL || how == How.LOST) {
                awaitBegun(artifacts.directory().resolve("output"));
            }
            if (how == How.LOST) {
                cut.now();
            }
            if (how != How.CANCEL) {
                return end.get(60, TimeUnit.SECONDS);
            }
            long before = System.nanoTime();
            thread.interrupt();
            assertThat(thread.join(Duration.ofSeconds(60))).isTrue();
            Duration took = Duration.ofNanos(System.nanoTime() - before);
            assertThat(took)
                    .as("the time to cancel, with a margin for busy machines")
                    .isLessThan(Duration.ofSeconds(5));
            try {
                return end.join();
            } catch (CompletionException e) {
                assertThat(e).hasCauseInstanceOf(InterruptedException.class);
                return TestEnd.of(Outcome.CANCELLED, null);
            }
        }
    }

    private static void awaitBegun(Path output) throws IOException {
        while (!Files.exists(output) || !Files.readString(output).contains("begun")) {
            Thread.onSpinWait();
        }
    }

    private static Outcome outcome(How how) {
        return switch (how) {
            case EXIT -> Outcome.FAILED;
            case LIMIT -> Outcome.TIMED_OUT;
            case CANCEL -> Outcome.CANCELLED;
            case LOST -> Outcome.LOST;
            case PROTOCOL -> Outcome.ERROR;
        };
    }

    /** Waits on the system itself until no process of the test is left. */
    private void assertNothingLeft(Connection connection) throws InterruptedException {
        String none =
                "for ((i = 0; i < 100; i++)); do pgrep -f 'sleep 1000; exit[ ]'\"$1\" || exit 0; sleep 0.1; done; exit 1";
        assertThat(connection.run(Command.bash(none, mark)).end().succeeded())
                .as("no process of the test is left")
                .isTrue();
    }

    @ParameterizedTest
    @EnumSource(names = {"EXIT", "LIMIT", "CANCEL", "PROTOCOL"})
    void noProcessIsLeftOnALocalConnection(How how) throws Exception {
        try (Connection connection = LocalConnection.open()) {
            assertThat(run(connection, how, () -> {}).outcome()).isEqualTo(outcome(how));
            assertNothingLeft(connection);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LOST")
    void noProcessIsLeftOverSsh(How how) throws Exception {
        assertNothingLeftOverSsh(how);
    }

    final void assertNothingLeftOverSsh(How how) throws Exception {
        try (OpenSsh server = OpenSsh.start(Files.createDirectory(directory.resolve("sshd")))) {
            try (Connection connection = Suite.connect(server)) {
                assertThat(run(connection, how, server::cutConnections).outcome())
                        .isEqualTo(outcome(how));
            }
            try (Connection here = LocalConnection.open()) {
                assertNothingLeft(here);
            }
        }
    }

    @Test
    void aDaemonWithoutEnvironmentIsKilled() throws Exception {
        String script = "setsid env -i PATH=\"$PATH\" setsid bash -c 'sleep 1000; exit' MARK & until pgrep -f"
                + " 'sleep 1000; exit[ ]MARK'; do :; done; exit 0";
        try (Connection connection = LocalConnection.open()) {
            suite.run(connection, suite.test(script.replace("MARK", mark)), options());
            assertNothingLeft(connection);
        }
    }

    @Test
    void noProcessIsLeftWithoutControlGroups() throws Exception {
        assertNothingLeftWithoutControlGroups(How.EXIT);
    }

    final void assertNothingLeftWithoutControlGroups(How how) throws Exception {
        SshSystem system = lab.ssh();
        system.container().exec("sh", "-c", "command -v pgrep || exit 1");
        String sessions = "pkill -KILL -f '^sshd: root@notty'";
        try (Connection connection = Suite.connect(system)) {
            Cut cut = () -> system.container().exec("sh", "-c", sessions + " || exit 0");
            assertThat(run(connection, how, cut).outcome()).isEqualTo(outcome(how));
        }
        try (Connection again = Suite.connect(system)) {
            assertNothingLeft(again);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LOST")
    void noProcessIsLeftOfATestOfAnOrdinaryUser(How how) throws Exception {
        assertNothingLeftOfAnOrdinaryUsers(how);
    }

    final void assertNothingLeftOfAnOrdinaryUsers(How how) throws Exception {
        SshSystem system = lab.ssh();
        try (Connection connection = Suite.connectAsUser(system)) {
            Cut cut = () -> system.container().exec("sh", "-c", "pkill -KILL -f '^sshd: tester' || exit 0");
            assertThat(run(connection, how, cut).outcome()).isEqualTo(outcome(how));
        }
        try (Connection root = Suite.connect(system)) {
            assertNothingLeft(root);
        }
    }
}
