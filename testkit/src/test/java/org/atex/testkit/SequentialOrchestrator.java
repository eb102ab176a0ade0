package org.atex.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.Offer;
import org.atex.api.Orchestrator;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.jspecify.annotations.Nullable;

/** Runs one test after another, each on a system of its own. */
final class SequentialOrchestrator implements Orchestrator {
    private final List<TestCase> tests;
    private final Provisioner systems;
    private final Executor.Factory executors;
    private final Aggregator results;
    private final List<Problem> problems = new ArrayList<>();
    private final AtomicBoolean used = new AtomicBoolean();
    private final ReentrantLock running = new ReentrantLock();
    private @Nullable Thread runner; // guarded by this object
    private volatile boolean stopped;
    private boolean interrupted; // used by the runner only

    SequentialOrchestrator(List<TestCase> tests, Provisioner systems, Executor.Factory executors, Aggregator results) {
        if (tests.isEmpty() || tests.stream().map(TestCase::name).distinct().count() < tests.size()) {
            throw new IllegalArgumentException("there is no test, or there are two with the same name: " + tests);
        }
        this.tests = List.copyOf(tests);
        this.systems = systems;
        this.executors = executors;
        this.results = results;
    }

    @Override
    public RunSummary run() throws InterruptedException {
        long begin = System.nanoTime();
        running.lock();
        try {
            if (!used.compareAndSet(false, true)) {
                throw new IllegalStateException("this orchestrator has run already or is closed");
            }
            setRunner(Thread.currentThread());
            List<TestSummary> all = tests.stream().map(this::run).toList();
            if (isStopping() && interrupted) {
                throw new InterruptedException("the run was interrupted");
            }
            return new RunSummary(all, problems, Duration.ofNanos(System.nanoTime() - begin));
        } finally {
            setRunner(null);
            running.unlock();
        }
    }

    private synchronized void setRunner(@Nullable Thread thread) {
        runner = thread;
    }

    private boolean isStopping() {
        interrupted |= Thread.interrupted() && !stopped;
        return stopped || interrupted;
    }

    private TestSummary run(TestCase test) {
        Artifacts into = Artifacts.none();
        TestRecord record;
        try {
            into = Artifacts.at(Files.createTempDirectory("test-"));
            record = isStopping() ? notRun(test, "the run was stopped") : run(test, into);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // seen by isStopping()
            record = notRun(test, "the run was stopped");
        } catch (IOException | RuntimeException e) {
            record = notRun(test, e.toString());
        }
        boolean ran = record.attempt() > 0;
        try {
            results.ingest(record, ran ? into : Artifacts.none());
        } catch (RuntimeException e) {
            problems.add(Problem.notStored("the results of " + test.name() + " were not stored: " + e));
        }
        return TestSummary.of(test, record.end(), ran ? List.of(record) : List.of());
    }

    private static TestRecord notRun(TestCase test, String why) {
        return TestRecord.notRun("default", test, why);
    }

    private TestRecord run(TestCase test, Artifacts into) throws InterruptedException {
        if (test.needs().stream().anyMatch(need -> need.isRuledOutBy(systems.labels()))) {
            return notRun(test, "no system has " + test.needs());
        }
        systems.provision(1);
        return switch (systems.take(Duration.ofSeconds(30))) {
            case Offer.Ready(Remote system) -> run(test, system, into);
            case Offer.Failed failed ->
                notRun(test, String.valueOf(failed.cause().getMessage()));
            case Offer.Exhausted exhausted -> notRun(test, exhausted.why());
            case Offer.None none -> notRun(test, "no system became ready in time: " + none.why());
        };
    }

    private TestRecord run(TestCase test, Remote system, Artifacts into) throws InterruptedException {
        try (system) {
            Executor executor = executors.open(system);
            TestEnd end;
            try {
                end = executor.run(test, into);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                end = TestEnd.of(Outcome.CANCELLED, "the run was stopped");
            }
            try {
                executor.close();
            } catch (RuntimeException e) {
                problems.add(Problem.infrastructure(system.name() + " was not cleaned up: " + e));
            }
            SystemInfo where = new SystemInfo(system.name(), "default", system.host(), system.labels());
            return TestRecord.of("default", test, end).withSystem(where, 1);
        }
    }

    @Override
    public synchronized void stop(Stop how) {
        stopped = true;
        if (runner != null && how != Stop.DRAIN) {
            runner.interrupt();
        }
    }

    @Override
    public void close() {
        used.set(true);
        stop(Stop.CANCEL);
        running.lock(); // waits for the end of the run
        running.unlock();
    }
}
