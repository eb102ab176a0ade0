package org.atex.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfOptions;
import org.atex.fmf.FmfTests;
import org.atex.local.LocalConnection;
import org.jspecify.annotations.Nullable;

/** A system for measurements, local or over ssh on loopback, with a directory. */
final class FmfSystem implements AutoCloseable {
    final Path directory = Files.createTempDirectory("atex-fmf-");
    final Connection connection;
    private final @Nullable SshServer server;

    FmfSystem(boolean ssh) throws Exception {
        SshServer there = ssh ? new SshServer() : null;
        connection = there == null ? LocalConnection.open() : there.connect();
        server = there;
    }

    /** The code to measure, with an open executor. */
    interface Measured<T> {
        T with(Executor executor, FmfTests tests) throws Exception;
    }

    <T> T test(String script, Measured<T> measured) throws Exception {
        return test(script, FmfOptions.defaults(), measured);
    }

    <T> T test(String script, FmfOptions options, Measured<T> measured) throws Exception {
        Path tree = FmfTree.of(0);
        try {
            Files.writeString(tree.resolve("main.fmf"), "duration: 10m\ntest: |\n" + script.indent(4));
            FmfTests tests = FmfTests.from(tree).discover();
            try (Executor executor = FmfExecutor.factory(tests, options).open(connection)) {
                return measured.with(executor, tests);
            }
        } finally {
            Runs.delete(tree);
        }
    }

    /** {@return the seconds that a test with the script takes} */
    double seconds(String script) throws Exception {
        return test(
                script,
                (executor, tests) -> Runs.seconds(() -> {
                    TestEnd end = executor.run(tests.get(0), artifacts());
                    if (end.outcome() != Outcome.PASSED) {
                        throw new IllegalStateException("the test did not pass: " + end);
                    }
                    return end;
                }));
    }

    Artifacts artifacts() throws IOException {
        return Artifacts.at(Files.createTempDirectory(directory, "artifacts"));
    }

    @Override
    public void close() throws Exception {
        connection.close();
        if (server != null) {
            server.close();
        }
        Runs.delete(directory);
    }
}
