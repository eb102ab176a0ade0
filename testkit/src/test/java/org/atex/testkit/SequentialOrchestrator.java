package org.atex.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.Need;
import org.atex.api.Offer;
import org.atex.api.Orchestrator;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.atex.api.RunSummary;
import org.atex.api.SetupException;
import org.atex.api.Stop;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.jspecify.annotations.Nullable;

/** A minimal orchestrator, which runs one test after another, each on a system of its own. */
final class SequentialOrchestrator implements Orchestrator {
    private final List<TestCase> tests;
    private final Provisioner provisioner;
    private final Executor.Factory executors;
    private final Aggregator aggregator;
    private final Path scratch;
    private final List<Problem> problems = new ArrayList<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private @Nullable Thread runner;
    private @Nullable Stop stopped;
    private boolean closed;

    SequentialOrchestrator(
            List<TestCase> tests,
            Provisioner provisioner,
            Executor.Factory executors,
            Aggregator aggregator,
            Path scratch) {
        Set<String> names = new HashSet<>();
        for (TestCase test : tests) {
            if (!names.add(test.name())) {
                throw new IllegalArgumentException("the test " + test.name() + " is planned twice");
            }
        }
        if (tests.isEmpty()) {
            throw new IllegalArgumentException("there is no test to run");
        }
        this.tests = List.copyOf(tests);
        this.provisioner = provisioner;
        this.executors = executors;
        this.aggregator = aggregator;
        this.scratch = scratch;
    }

    @Override
    public RunSummary run() throws InterruptedException {
        begin();
        long start = System.nanoTime();
        try {
            List<TestSummary> summaries = new ArrayList<>();
            boolean interrupted = false;
            for (TestCase test : tests) {
                interrupted |= Thread.interrupted() && !isStopped();
                TestRecord record = interrupted || isStopped() ? notRun(test, "the run was stopped") : record(test);
                interrupted |= record.end().outcome() == Outcome.CANCELLED && !isStopped();
                List<TestRecord> attempts = record.attempt() == 0 ? List.of() : List.of(record);
                summaries.add(TestSummary.of(test, record.end(), attempts));
            }
            if (interrupted) {
                throw new InterruptedException("the run was interrupted");
            }
            return new RunSummary(summaries, problems, Duration.ofNanos(System.nanoTime() - start));
        } finally {
            ended.countDown();
        }
    }

    private synchronized void begin() {
        if (closed || runner != null) {
            throw new IllegalStateException("this orchestrator has run already or is closed");
        }
        runner = Thread.currentThread();
    }

    private synchronized boolean isStopped() {
        return stopped != null;
    }

    private TestRecord record(TestCase test) {
        for (Need need : test.needs()) {
            if (need.isRuledOutBy(provisioner.labels())) {
                return notRun(test, "no system has " + need);
            }
        }
        try {
            provisioner.provision(1);
            return switch (provisioner.take(Duration.ofSeconds(30))) {
                case Offer.Ready ready -> on(ready.remote(), test);
                case Offer.Failed failed ->
                    notRun(test, String.valueOf(failed.cause().getMessage()));
                case Offer.Exhausted exhausted -> notRun(test, exhausted.why());
                case Offer.None none -> notRun(test, "no system became ready");
            };
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return notRun(test, "the run was stopped");
        }
    }

    private TestRecord on(Remote remote, TestCase test) throws InterruptedException {
        Instant began = Instant.now();
        try (remote) {
            return on(remote, executors.open(remote), test, began);
        } catch (SetupException e) {
            return notRun(test, String.valueOf(e.getMessage()));
        }
    }

    private TestRecord on(Remote remote, Executor executor, TestCase test, Instant began) {
        try {
            Artifacts artifacts = Artifacts.at(Files.createTempDirectory(scratch, "test-"));
            TestEnd end;
            try {
                end = executor.run(test, artifacts);
            } catch (InterruptedException e) {
                end = TestEnd.of(Outcome.CANCELLED, "the run was stopped");
            }
            return ingested(
                    TestRecord.of("fake", test, end)
                            .withTimes(began, Duration.ZERO)
                            .withSystem(new SystemInfo(remote.name(), "fake", remote.host(), remote.labels()), 1),
                    artifacts);
        } catch (IOException e) {
            throw new AssertionError(e);
        } finally {
            close(executor);
        }
    }

    private void close(Executor executor) {
        try {
            executor.close();
        } catch (SetupException e) {
            problems.add(Problem.infrastructure(String.valueOf(e.getMessage())));
        }
    }

    private TestRecord notRun(TestCase test, String why) {
        return ingested(TestRecord.notRun("fake", test, why), Artifacts.none());
    }

    private TestRecord ingested(TestRecord record, Artifacts artifacts) {
        try {
            aggregator.ingest(record, artifacts);
        } catch (AggregationException e) {
            problems.add(Problem.notStored(String.valueOf(e.getMessage())));
        }
        return record;
    }

    @Override
    public synchronized void stop(Stop how) {
        stopped = stopped == null || how.compareTo(stopped) > 0 ? how : stopped;
        if (runner != null && stopped != Stop.DRAIN && ended.getCount() > 0) {
            runner.interrupt();
        }
    }

    @Override
    public void close() {
        boolean running;
        synchronized (this) {
            closed = true;
            running = runner != null;
        }
        stop(Stop.CANCEL);
        if (running) {
            Call.eventually("the run ends", () -> ended.getCount() == 0);
        }
    }
}
