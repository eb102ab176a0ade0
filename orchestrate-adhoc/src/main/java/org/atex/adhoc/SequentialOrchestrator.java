package org.atex.adhoc;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Artifacts;
import org.atex.api.Excerpt;
import org.atex.api.Executor;
import org.atex.api.Need;
import org.atex.api.Offer;
import org.atex.api.Orchestrator;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.atex.api.RunEvent;
import org.atex.api.RunFailedException;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tests one after another, in the order given, on one system at a time. A system that is spent (after a test that
 * says it is destructive, or one after which the executor calls it unusable) is reset or replaced. Each test runs once.
 *
 * <p>It is the least that an orchestrator can be, and a place to start from for one's own: one thread does everything.
 *
 * <p>See {@link Orchestrator} for lifecycle and thread safety.
 */
public final class SequentialOrchestrator implements Orchestrator {
    private static final Logger LOG = LoggerFactory.getLogger(SequentialOrchestrator.class);
    private static final int FAILED_SYSTEMS_AT_MOST = 10;

    /** A system with its executor. */
    private record Place(Remote remote, Executor executor) {}

    /** Something that may block, and then ends by an interrupt. */
    private interface Blocking<T> {
        T call() throws InterruptedException;
    }

    private final RunBuilder.Parts plan;
    private final Events events;
    private final AtomicBoolean begun = new AtomicBoolean();
    private final CountDownLatch over = new CountDownLatch(1);
    private final List<String> problems = new ArrayList<>();

    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Stop stop; // guarded by the lock
    private @Nullable Thread blocked; // guarded by the lock: who is to be interrupted by a stop

    // The run's own thread's.
    private final List<TestSummary> tests = new ArrayList<>();
    private @Nullable Place place;
    private @Nullable String hopeless;
    private @Nullable Throwable fatal;

    private SequentialOrchestrator(RunBuilder.Parts plan) {
        this.plan = plan;
        this.events = new Events(plan.listeners(), this::problem);
    }

    /**
     * {@return a builder of a run of these tests}
     *
     * @param tests what to run, in this order; each name once
     */
    public static Builder of(Collection<? extends TestCase> tests) {
        return new Builder(tests);
    }

    @Override
    public RunSummary run() throws InterruptedException {
        if (!begun.compareAndSet(false, true)) {
            throw new IllegalStateException("a run cannot be begun twice, nor after it was closed: build another one");
        }
        try {
            return runOnce();
        } finally {
            over.countDown();
        }
    }

    /** The work is done on a thread of its own: an interrupt of the caller must not disturb how systems are closed. */
    private RunSummary runOnce() throws InterruptedException {
        long begin = System.nanoTime();
        events.publish(new RunEvent.RunStarted(Instant.now(), plan.tests().size(), plan.platform()));
        ArtifactRoom room = new ArtifactRoom(plan.workDirectory());
        Thread worker = Threads.start("sequence", () -> runAll(room));
        boolean interrupted = false;
        while (worker.isAlive()) {
            try {
                worker.join();
            } catch (InterruptedException e) {
                interrupted = true;
                stop(Stop.CANCEL);
            }
        }
        room.close(this::problem);
        RunSummary summary = new RunSummary(
                tests,
                problems().stream().map(Problem::infrastructure).toList(),
                Duration.ofNanos(System.nanoTime() - begin));
        events.finish(new RunEvent.RunEnded(Instant.now(), summary));
        if (fatal != null) {
            throw new RunFailedException("the run could not go on: " + fatal.getMessage(), fatal, summary);
        }
        if (interrupted) {
            throw new InterruptedException("the run was interrupted; it ended " + summary.verdict());
        }
        return summary;
    }

    private void runAll(ArtifactRoom room) {
        try {
            for (TestCase test : plan.tests()) {
                Optional<String> reason = whyNot(test);
                if (reason.isEmpty() && place != null) {
                    run(test, place, room);
                } else {
                    conclude(TestRecord.notRun(plan.platform(), test.name(), reason.orElse("")), Artifacts.none());
                }
            }
        } catch (RuntimeException | Error e) {
            LOG.error("the run broke down", e);
            fatal = e;
        } finally {
            giveBack("the run ended");
        }
        for (TestCase test : plan.tests().subList(tests.size(), plan.tests().size())) {
            TestEnd end = TestEnd.of(Outcome.NOT_RUN, "the run broke down before: " + fatal);
            tests.add(new TestSummary(test.name(), end, List.of()));
        }
    }

    /** Makes sure that there is a system for a test; tells why there is none. */
    private Optional<String> whyNot(TestCase test) {
        if (stopped() == null && place == null && hopeless == null) {
            getPlace();
        }
        if (stopped() != null) {
            return Optional.of("the run was stopped before");
        }
        Place here = place;
        if (here == null) {
            return Optional.of("there is no system: " + hopeless);
        }
        for (Need need : test.needs()) {
            if (!need.isMetBy(here.remote.labels())) {
                return Optional.of("it needs a system with " + need + ", and " + here.remote.name() + " has "
                        + here.remote.labels());
            }
        }
        return Optional.empty();
    }

    private void run(TestCase test, Place here, ArtifactRoom room) {
        Instant started = Instant.now();
        long begin = System.nanoTime();
        events.publish(new RunEvent.TestStarted(started, test.name(), 1, here.remote.name(), 1, test.expected()));
        Artifacts[] artifacts = {Artifacts.none()};
        TestEnd end;
        try {
            artifacts[0] = room.next();
            end = interruptibly(() -> here.executor.run(test, artifacts[0]));
        } catch (InterruptedException e) {
            end = TestEnd.of(Outcome.CANCELLED, "cancelled: the run was stopped");
        } catch (IOException e) {
            end = TestEnd.of(Outcome.NOT_RUN, "there is no place for its artifacts: " + e);
            fatal = e;
            stop(Stop.CANCEL);
        } catch (RuntimeException | Error e) {
            LOG.warn("the executor failed on {}", test.name(), e);
            end = new TestEnd(Outcome.ERROR, null, "the executor failed: " + e, false);
        }
        Duration took = Duration.ofNanos(System.nanoTime() - begin);
        conclude(
                new TestRecord(plan.platform(), test.name(), 1, true, end, started, took, here.remote.name(), 1),
                artifacts[0]);
        if (!end.systemUsable()) {
            giveBack("it cannot be used after " + test.name());
        } else if (test.destructive()) {
            renew(here, "it is spent after " + test.name());
        }
    }

    private void conclude(TestRecord record, Artifacts artifacts) {
        tests.add(new TestSummary(record.test(), record.end(), record.system() == null ? List.of() : List.of(record)));
        events.publish(new RunEvent.TestFinished(Instant.now(), record, Excerpt.none()));
        String problem = "";
        try {
            plan.aggregator().ingest(record, artifacts);
        } catch (RuntimeException | Error e) {
            problem = "the results of " + record.test() + " were not stored: " + e.getMessage()
                    + (artifacts.isNone() ? "" : "; they are kept in " + artifacts);
            problem(problem);
        }
        events.publish(new RunEvent.Ingested(
                Instant.now(),
                record.test(),
                record.attempt(),
                problem,
                plan.aggregator().files(record).orElse(null)));
    }

    // What is done with systems.

    private Provisioner provisioner() {
        return plan.provisioners().get(0);
    }

    private void getPlace() {
        String why = "";
        for (int i = 0; i < FAILED_SYSTEMS_AT_MOST && hopeless == null && stopped() == null; i++) {
            try {
                provisioner().provision(1);
                events.publish(new RunEvent.SystemsAsked(Instant.now(), 1, 1));
                switch (interruptibly(() -> provisioner().take(plan.systemWithin()))) {
                    case Offer.Ready(Remote remote) -> why = open(remote);
                    case Offer.Failed failed -> why = setupFailed("provisioner 1", failed.cause());
                    case Offer.Exhausted exhausted -> hopeless = exhausted.why();
                    case Offer.None none -> hopeless = "none came within " + plan.systemWithin();
                }
            } catch (InterruptedException e) {
                hopeless = "the run was stopped before";
            } catch (RuntimeException e) {
                hopeless = "the provisioner failed: " + e.getMessage();
            }
            if (place != null) {
                return;
            }
        }
        hopeless =
                hopeless == null ? FAILED_SYSTEMS_AT_MOST + " systems in a row failed, the last one: " + why : hopeless;
        forget();
    }

    /** What was asked for and has not come would be handed to whoever asks next. */
    private void forget() {
        try {
            provisioner().clear();
        } catch (RuntimeException e) {
            LOG.warn("the provisioner cannot forget what it was asked for", e);
        }
    }

    /** Makes a system ready; tells why it is not. */
    private String open(Remote remote) throws InterruptedException {
        long begin = System.nanoTime();
        try {
            place = new Place(remote, interruptibly(() -> plan.factory().open(remote.connection())));
            Duration took = Duration.ofNanos(System.nanoTime() - begin);
            events.publish(new RunEvent.SystemReady(Instant.now(), remote.name(), Duration.ZERO, took));
            return "";
        } catch (RuntimeException | Error e) {
            return setupFailed(remote.name(), e);
        } finally {
            if (place == null) {
                giveBack(remote, "it could not be made ready");
            }
        }
    }

    private String setupFailed(String system, Throwable e) {
        LOG.warn("{} could not be made ready", system, e);
        String why = system + " could not be made ready: " + e.getMessage();
        events.publish(new RunEvent.SetupFailed(Instant.now(), system, why));
        return why;
    }

    private void renew(Place here, String why) {
        closeQuietly(here.executor, "the system " + here.remote.name() + " was not cleaned up");
        try {
            if (interruptibly(here.remote::reset)) {
                place = null;
                open(here.remote);
                return;
            }
        } catch (InterruptedException e) {
            LOG.debug("{} is not reset: the run was stopped", here.remote.name());
        } catch (RuntimeException e) {
            problem("the system " + here.remote.name() + " could not be reset, and is replaced: " + e.getMessage());
        }
        giveBack(why);
    }

    private void giveBack(String why) {
        Place here = place;
        place = null;
        if (here != null) {
            if (stopped() != Stop.NOW) {
                closeQuietly(here.executor, "the system " + here.remote.name() + " was not cleaned up");
            }
            giveBack(here.remote, why);
        }
    }

    private void giveBack(Remote remote, String why) {
        closeQuietly(remote, "the system " + remote.name() + " was not given back");
        events.publish(new RunEvent.SystemGone(Instant.now(), remote.name(), why));
    }

    private void closeQuietly(AutoCloseable what, String problem) {
        try {
            what.close();
        } catch (Exception e) {
            problem(problem + ": " + e.getMessage());
        }
    }

    private void problem(String what) {
        LOG.warn("{}", what);
        lock.lock();
        try {
            problems.add(what);
        } finally {
            lock.unlock();
        }
    }

    private List<String> problems() {
        lock.lock();
        try {
            return List.copyOf(problems);
        } finally {
            lock.unlock();
        }
    }

    // How it is stopped.

    /** A stop interrupts what is done in here, and nothing else: what closes systems and stores results is left alone. */
    private <T> T interruptibly(Blocking<T> work) throws InterruptedException {
        lock.lock();
        try {
            if (stop != null && stop != Stop.DRAIN) {
                throw new InterruptedException("the run was stopped");
            }
            blocked = Thread.currentThread();
        } finally {
            lock.unlock();
        }
        try {
            return work.call();
        } finally {
            lock.lock();
            try {
                blocked = null;
                Thread.interrupted(); // nobody else interrupts this thread
            } finally {
                lock.unlock();
            }
        }
    }

    private @Nullable Stop stopped() {
        lock.lock();
        try {
            return stop;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void stop(Stop how) {
        lock.lock();
        try {
            stop = stop == null || stop.compareTo(how) < 0 ? how : stop;
            if (blocked != null && (how != Stop.DRAIN || place == null)) {
                blocked.interrupt();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        if (begun.compareAndSet(false, true)) {
            events.close();
            over.countDown();
            return;
        }
        stop(Stop.CANCEL);
        boolean interrupted = false;
        // A listener cannot wait for the end that it would itself be told of.
        while (over.getCount() > 0 && !events.isDeliveringHere()) {
            try {
                over.await();
            } catch (InterruptedException e) {
                interrupted = true;
                stop(Stop.NOW);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Collects what a run needs. One provisioner, an executor factory and an aggregator must be given. Not thread-safe. */
    public static final class Builder extends RunBuilder<Builder> {
        private Builder(Collection<? extends TestCase> tests) {
            super(tests);
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Makes the orchestrator.
         *
         * @return ready to run
         * @throws IllegalArgumentException if something is missing, a test's name is there twice, or there are several
         *     provisioners
         */
        @Override
        public SequentialOrchestrator build() {
            Parts parts = parts();
            if (parts.provisioners().size() > 1) {
                throw new IllegalArgumentException("tests that run one after another take their systems from one"
                        + " provisioner, and not from " + parts.provisioners());
            }
            return new SequentialOrchestrator(parts);
        }
    }
}
