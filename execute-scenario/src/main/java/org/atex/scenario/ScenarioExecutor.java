package org.atex.scenario;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.artifacts.ResultWriter;

/**
 * Runs tests that are {@link Scenario}s.
 *
 * <p>The results of a test are a part for each event with its counts, a part {@code event#number} for each failed
 * occurrence (up to 100 for an event), the parts that events report, and a result of the test itself.
 *
 * <p>Outcomes: {@code PASSED} if no occurrence has failed, no event has reported a failed part or pulled the kill switch;
 * else {@code FAILED}. {@code ERROR} if an occurrence ignores interrupts: its thread still runs, but cannot use the system
 * any more. {@code TIMED_OUT} at the limit of the test, {@code LOST} with the connection.
 *
 * <p>It needs only the command {@code cat} on the system, to notice that the connection is lost. Opening costs nothing.
 * Lifecycle and thread safety are those of {@link Executor}; any number may be open on one connection.
 */
public final class ScenarioExecutor implements Executor {
    private final Connection connection;
    private volatile boolean closed;

    private ScenarioExecutor(Connection connection) {
        this.connection = connection;
    }

    /** {@return executors of tests that are scenarios} */
    public static Factory factory() {
        return system -> {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted before an executor was opened");
            }
            return new ScenarioExecutor(system.connection());
        };
    }

    @Override
    public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
        if (closed) {
            throw new IllegalStateException("cannot run " + test.name() + ": this executor is closed");
        }
        Scenario scenario = test.unwrap(Scenario.class)
                .orElseThrow(() -> new IllegalArgumentException("the test " + test.name() + " is no Scenario but a "
                        + test.getClass().getSimpleName() + ": use the executor of such tests"));
        try (ResultWriter writer = ResultWriter.append(into.results())) {
            Files.createDirectories(into.files());
            if (Thread.interrupted()) {
                writer.write(ReportedResult.of(Status.INFRA, "interrupted before its start", List.of()));
                throw new InterruptedException("interrupted before the scenario " + test.name() + " was started");
            }
            return new ScenarioRun(scenario, test, connection, into, new ScenarioResults(test.name(), writer)).run();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "could not store the results of the scenario " + test.name() + " in " + into + ": " + e
                            + " (is there free space, and permission to write?); the scenario was ended",
                    e);
        }
    }

    @Override
    public void close() {
        closed = true; // there is nothing to release
    }
}
