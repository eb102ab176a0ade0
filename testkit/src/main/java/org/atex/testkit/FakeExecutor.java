package org.atex.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.Status;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/** An executor of {@link FakeExecutors}. */
final class FakeExecutor implements Executor {
    private static final Duration ENDLESS = Duration.ofDays(365);

    private final Connection connection;
    private final FakeExecutors executors;
    private final AtomicBoolean closed = new AtomicBoolean();

    FakeExecutor(Connection connection, FakeExecutors executors) {
        this.connection = connection;
        this.executors = executors;
    }

    @Override
    public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
        if (closed.get()) {
            throw new IllegalStateException("could not run " + test.name() + ": this executor is closed");
        }
        try {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted before " + test.name() + " was started");
            }
            TestEnd end = end(test);
            write(into, end.outcome().status(), end.note());
            return end;
        } catch (InterruptedException e) {
            write(into, Status.INFRA, "interrupted");
            throw e;
        }
    }

    private TestEnd end(TestCase test) throws InterruptedException {
        FakeRun run = executors.starting(test);
        if (!(connection instanceof FakeConnection fake)) {
            return await(test, run);
        }
        return fake.unlessLost(() -> await(test, run), () -> TestEnd.of(Outcome.LOST, "the system was lost"));
    }

    private TestEnd await(TestCase test, FakeRun run) throws InterruptedException {
        Duration takes = run.takes() == null ? ENDLESS : run.takes();
        Duration limit = test.limit();
        if (limit != null && limit.compareTo(takes) < 0) {
            sleep(limit);
            return TestEnd.of(
                    Outcome.TIMED_OUT,
                    "ended after its limit of " + limit.toString().substring(2));
        }
        sleep(takes);
        return run.end();
    }

    private void sleep(Duration time) throws InterruptedException {
        if (time.isPositive()) {
            executors.sleeper().sleep(time);
        }
    }

    private static void write(Artifacts into, Status status, @Nullable String note) {
        String more = note == null ? "" : ",\"note\":\"" + note.replace('"', '\'') + "\"";
        try {
            Files.writeString(
                    into.results(),
                    "{\"status\":\"" + status + "\"" + more + "}\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("could not write the results to " + into, e);
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            executors.closed();
        }
    }
}
