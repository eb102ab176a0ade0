package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.lab.OpenSsh;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A lost connection is reported at once, and as a result if a test was running. */
@Timeout(180)
class LostConnectionTest {
    @TempDir
    private Path directory;

    private Suite suite;
    private OpenSsh server;
    private Connection connection;

    @BeforeEach
    void connect() throws Exception {
        suite = new Suite(directory);
        server = OpenSsh.start(Files.createDirectory(directory.resolve("sshd")));
        connection = Suite.connect(server);
    }

    @AfterEach
    void stop() throws Exception {
        if (connection != null) {
            connection.close();
        }
        if (server != null) {
            server.close();
        }
    }

    /** Cuts the connection when a script has created the file {@code begun}. */
    private CompletableFuture<Void> cutOnceBegun() {
        return CompletableFuture.runAsync(() -> {
            while (Files.notExists(directory.resolve("begun"))) {
                Thread.onSpinWait();
            }
            server.cutConnections();
        });
    }

    private FmfTests plan(String step) throws Exception {
        String script = "touch " + directory.resolve("begun") + "; exec sleep 1000";
        Files.writeString(
                suite.tree().resolve("main.fmf"), """
                /plan:
                    discover: {how: fmf}
                    STEP: {how: shell, script: 'SCRIPT'}
                /test:
                    test: 'true'
                """.replace("STEP", step).replace("SCRIPT", script));
        return FmfTests.from(suite.tree()).plan("/plan").discover();
    }

    @Test
    void inAPrepareScript() throws Exception {
        FmfTests tests = plan("prepare");
        CompletableFuture<Void> cut = cutOnceBegun();
        assertThatThrownBy(() -> FmfExecutor.factory(tests).open(connection))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining("127.0.0.1");
        cut.get(10, TimeUnit.SECONDS);
    }

    @Test
    void inAFinishScript() throws Exception {
        FmfTests tests = plan("finish");
        Executor executor = FmfExecutor.factory(tests).open(connection);
        assertThat(executor.run(tests.get(0), suite.artifacts())).isEqualTo(TestEnd.exited(0));
        CompletableFuture<Void> cut = cutOnceBegun();
        executor.close();
        cut.get(10, TimeUnit.SECONDS);
    }

    @Test
    void betweenTwoTests() throws Exception {
        FmfTests tests = suite.test("true");
        try (Executor executor = FmfExecutor.factory(tests).open(connection)) {
            assertThat(executor.run(tests.get(0), suite.artifacts())).isEqualTo(TestEnd.exited(0));
            server.cutConnections();
            Artifacts artifacts = suite.artifacts();
            TestEnd end = executor.run(tests.get(0), artifacts);
            assertThat(end.outcome()).isEqualTo(Outcome.LOST);
            assertThat(new Suite.Ran(end, artifacts).results())
                    .singleElement()
                    .asString()
                    .startsWith("infra null ");
        }
    }

    @Test
    void inTheMiddleOfAResult() throws Exception {
        Path begun = directory.resolve("begun");
        FmfTests tests =
                suite.test("""
                printf 'result 100\\n{"name":' >&$ATEX_TEST_CONTROL
                touch BEGUN
                exec sleep 1000
                """.replace("BEGUN", directory.resolve("begun").toString()));
        try (Executor executor = FmfExecutor.factory(tests).open(connection)) {
            CompletableFuture<Void> cut = cutOnceBegun();
            Artifacts artifacts = suite.artifacts();
            TestEnd end = executor.run(tests.get(0), artifacts);
            cut.get(10, TimeUnit.SECONDS);
            assertThat(end.outcome()).as("%s", end.note()).isEqualTo(Outcome.LOST);
            assertThat(new Suite.Ran(end, artifacts).results())
                    .singleElement()
                    .asString()
                    .startsWith("infra null ");
        }
    }
}
