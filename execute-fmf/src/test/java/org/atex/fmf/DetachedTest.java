package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.atex.lab.OpenSsh;
import org.atex.local.LocalConnection;
import org.atex.testkit.Call;
import org.atex.testkit.Fault;
import org.atex.testkit.FaultProxy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests that outlive their connections, over a real sshd whose connections are cut. */
@Timeout(120)
class DetachedTest {
    private static final Detached SMALL = Detached.defaults().withSpoolBytes(1 << 20);

    @TempDir
    private Path directory;

    private final String mark = "detached-" + UUID.randomUUID();
    private Suite suite;
    private OpenSsh server;
    private FaultProxy proxy;

    @BeforeEach
    void serve() throws Exception {
        suite = new Suite(directory);
        server = OpenSsh.start(Files.createDirectory(directory.resolve("sshd")));
        proxy = FaultProxy.to(server.address());
        Files.writeString(
                server.directory().resolve("known_hosts"),
                server.knownHost().replace(":" + server.port() + " ", ":" + proxy.port() + " "));
    }

    @AfterEach
    void stop() throws Exception {
        proxy.close();
        server.close();
    }

    private Connection connect() throws InterruptedException {
        return Suite.connect(
                System.getProperty("user.name") + "@127.0.0.1:" + proxy.port(),
                server.directory().resolve("id"),
                server.directory().resolve("known_hosts"));
    }

    private static FmfOptions options(Detached detached) {
        return FmfOptions.defaults().withDetached(detached);
    }

    /** A test that runs while others look. */
    private record Started(Artifacts artifacts, Thread thread, CompletableFuture<TestEnd> end) {
        static Started of(Executor executor, FmfTests tests, Artifacts artifacts) {
            CompletableFuture<TestEnd> end = new CompletableFuture<>();
            Thread thread = Thread.ofVirtual().start(() -> {
                try {
                    end.complete(executor.run(tests.get(0), artifacts));
                } catch (Throwable e) {
                    end.completeExceptionally(e);
                }
            });
            return new Started(artifacts, thread, end);
        }

        long outputBytes() {
            return artifacts.directory().resolve("output").toFile().length();
        }

        void awaitOutput(long bytes) {
            Call.eventually("there are " + bytes + " bytes of output", () -> outputBytes() >= bytes);
        }

        Ran ran() throws Exception {
            return new Ran(end.get(60, TimeUnit.SECONDS), artifacts);
        }
    }

    private void cut() {
        proxy.set(new Fault.Refuse(), new Fault.Reset(Fault.Direction.TO_TARGET, 0));
    }

    private void restore() {
        proxy.set();
    }

    @Test
    void aTestIsTheSameHere() throws Exception {
        try (Connection connection = LocalConnection.open()) {
            Ran ran = suite.run(connection, suite.test("echo out; echo err >&2; exit 3"), options(Detached.defaults()));
            assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(3));
            assertThat(ran.output()).isEqualTo("out\nerr\n");
        }
    }

    @Test
    void aTestIsTheSameOverSsh() throws Exception {
        try (Connection connection = connect()) {
            Ran ran = suite.run(connection, suite.test("seq 300000; exit 3"), options(SMALL));
            assertThat(ran.end()).isEqualTo(TestEnd.exited(3));
            assertThat(ran.output().lines()).hasSize(300_000);
        }
    }
}
