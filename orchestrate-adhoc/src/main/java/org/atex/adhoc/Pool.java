package org.atex.adhoc;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.atex.api.PlainTest;
import org.atex.api.Problem;
import org.atex.api.RunEvent;
import org.atex.api.RunFailedException;
import org.atex.api.RunListener;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestEnd;
import org.atex.artifacts.OpenFixture;
import org.atex.artifacts.PastRun;
import org.atex.artifacts.Retention;
import org.atex.artifacts.Spool;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;

/**
 * Runs the {@link Schedule} with threads, a clock and I/O. The thread of the run takes events from a mailbox, passes
 * them to the schedule and carries out its decisions. It never blocks on user code, which runs under the
 * {@link Guard}.
 */
final class Pool implements RunContext {
    private static final Duration PULSE = Duration.ofSeconds(1);

    private record Stopping(Stop how, String why) {}

    private final RunPlan plan;
    /** Replaced when the run goes on with another one. */
    private volatile String id = UUID.randomUUID().toString();

    private final Object numbering = new Object();
    private long events; // guarded by numbering
    /** Replaced when the run begins. */
    private volatile RunClock clock;

    private final Schedule schedule;
    private final RunResults results;
    private final Guard guard;
    private final FixtureJobs fixtureJobs;
    private final Fixtures fixtures;
    private final Systems systems;
    private final BlockingQueue<Runnable> mailbox = new LinkedBlockingQueue<>();
    private final AtomicReference<@Nullable Stopping> stopping = new AtomicReference<>();
    private final CountDownLatch finished = new CountDownLatch(1);

    /** Null before the run. */
    private volatile @Nullable Listeners listeners;

    // Confined to the thread of the run, except for the volatile summary.
    private @Nullable Spool spool;
    private @Nullable Attempts attempts;
    private @Nullable Stopping told;
    private @Nullable Instant wakeAt;
    private boolean over;
    private @Nullable Throwable fatal;
    private volatile @Nullable RunSummary summary;

    Pool(RunPlan plan) {
        this.plan = plan;
        this.clock = new RunClock(plan.wall());
        this.schedule = new Schedule(plan.tests(), plan.terms(), plan.rules());
        this.results = new RunResults(schedule.tests(), plan.rules().known(), plan.elsewhere());
        this.guard = new Guard(plan.limits().grace(), this::abandoned);
        this.fixtureJobs = new FixtureJobs(this, guard, this::openSystem);
        this.fixtures = new Fixtures(plan.tests(), fixtureJobs);
        this.systems = new Systems(plan, this, guard, results, fixtures);
    }

    private OpenSystem openSystem(int id) {
        return systems.openSystem(id);
    }

    boolean isListening() {
        Listeners told = listeners;
        return told != null && told.isDeliveringHere();
    }

    RunSummary run() throws InterruptedException {
        clock = new RunClock(plan.wall());
        List<RunListener> all = new ArrayList<>(plan.listeners());
        if (plan.history().isKept()) {
            all.add(plan.history());
        }
        listeners = new Listeners(all, guard, plan.limits().listener(), this::problem);
        Threads.startDaemon("run", this::work);
        boolean interrupted = false;
        while (finished.getCount() > 0) {
            try {
                finished.await();
            } catch (InterruptedException e) {
                stop(interrupted ? Stop.NOW : Stop.CANCEL, "the run was interrupted");
                interrupted = true;
            }
        }
        RunSummary result = summary;
        if (result == null || fatal != null) {
            Throwable cause = fatal == null ? new IllegalStateException("the run has no summary") : fatal;
            RunSummary known = result == null ? results.summary(Duration.ZERO) : result;
            throw new RunFailedException("the run could not go on: " + Throwables.describe(cause), cause, known);
        }
        if (interrupted) {
            throw new InterruptedException("the run was interrupted; it ended " + result.verdict());
        }
        return result;
    }

    void stop(Stop how, String why) {
        Stopping before = stopping.getAndUpdate(
                now -> now == null || now.how().compareTo(how) < 0 ? new Stopping(how, why) : now);
        // Direct, not by the mailbox: the thread of the run may itself be waiting for guarded calls.
        if (how == Stop.NOW && summary == null) {
            guard.endSoon();
        }
        if (before == null || before.how().compareTo(how) < 0) {
            // An empty message wakes the thread of the run, which then sees the stop request.
            post(() -> {});
        }
    }

    /** {@return why each waiting test waits; empty if the run has ended} Blocks until the run answers. */
    Map<String, String> whyWaiting() throws InterruptedException {
        CompletableFuture<Map<String, String>> answer = new CompletableFuture<>();
        post(() -> answer.complete(over ? Map.of() : schedule.whyWaiting()));
        while (finished.getCount() > 0) {
            try {
                return answer.get(1, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                // The run may have ended without an answer.
            } catch (ExecutionException e) {
                throw new AssertionError("never completed exceptionally", e);
            }
        }
        return Map.of();
    }

    @Override
    public Instant now() {
        return clock.instant();
    }

    @Override
    public Instant ofWall(Instant then) {
        return clock.ofWall(then);
    }

    @Override
    public boolean isStopping() {
        return stopping.get() != null;
    }

    @Override
    public boolean isOver() {
        return over;
    }

    // The thread of the run.

    @Override
    public void post(Runnable event) {
        mailbox.add(event);
    }

    private void work() {
        long begin = System.nanoTime();
        try {
            begin();
            processMailbox();
        } catch (Throwable e) {
            fail(e);
        }
        try {
            finish(begin);
        } catch (Throwable e) {
            guard.log().error("the end of the run failed", e);
            fatal = fatal == null ? e : fatal;
        } finally {
            guard.close();
            finished.countDown();
        }
    }

    private void begin() throws IOException {
        List<PlainTest> tests = plan.tests().stream().map(test -> test.facts).toList();
        Spool opened = openSpool(tests);
        spool = opened;
        id = opened.run();
        if (plan.retention() != null) {
            guard.log().alsoTo(opened.log(), this::now);
        }
        publish(stamp -> new RunEvent.RunStarted(stamp, tests, plan.platforms().ofRun()));
        plan.notes().forEach(note -> problem(Problem.overcome(note)));
        attempts = new Attempts(plan, this, guard, results, opened, fixtures);
        systems.start();
        plan.unreadable().forEach(schedule::refuse);
        if (opened.isResumed()) {
            resume(opened);
        }
        step(new Event.Begin());
    }

    private Spool openSpool(List<PlainTest> tests) throws IOException {
        List<String> sinks = plan.sinks().stream().map(NamedSink::name).toList();
        String platform = plan.platforms().ofRun();
        Path directory = plan.workDirectory();
        Retention retention = plan.retention();
        if (directory == null || retention == null) {
            return Spool.open(directory, id, sinks);
        }
        Spool left = plan.resumes() ? Spool.resume(directory, platform, sinks, tests) : null;
        return left == null ? Spool.keep(directory, id, platform, sinks, tests, retention.files()) : left;
    }

    private void resume(Spool opened) {
        Resumption resumption = new Resumption(plan, opened);
        problem(Problem.overcome(resumption.toString()));
        opened.problems().forEach(problem -> problem(Problem.notStored(problem)));
        for (NamedSink sink : plan.sinks()) {
            String why = guard.run(
                    Guard.Phase.WORK,
                    "the resumption of " + sink.name(),
                    plan.limits().store(),
                    () -> sink.aggregator().resume());
            if (!why.isEmpty()) {
                problem(sink.problem("results may be stored twice" + sink.by() + ": " + why));
            }
        }
        resumption.openFixtures().forEach(fixtureJobs::finishLeft);
        resumption
                .attempts()
                .forEach(earlier -> attempts().resume(earlier.test(), earlier.record(), earlier.spooled()));
        Map<PlannedTest, TestEnd> ended = resumption.takeOver();
        schedule.resume(ended);
        ended.keySet().forEach(fixtures::concluded);
    }

    @Override
    public void fixture(OpenFixture fixture, boolean open) {
        try {
            spool().fixture(fixture, open);
        } catch (IOException e) {
            guard.log().warn("could not record the fixture " + fixture.name(), e);
        }
    }

    private void processMailbox() {
        Instant pulse = now().plus(PULSE);
        while (!over || fixtures.isBusy()) {
            Runnable event = pollMailbox(pulse);
            checkForStop();
            if (event != null) {
                event.run();
            }
            Instant now = now();
            if (wakeAt != null && !now.isBefore(wakeAt) && !over) {
                wakeAt = null;
                step(new Event.Tick());
            }
            if (!now.isBefore(pulse)) {
                if (!over) {
                    systems.checkHeld();
                }
                publish(RunEvent.Heartbeat::new);
                pulse = now.plus(PULSE);
            }
        }
    }

    private @Nullable Runnable pollMailbox(Instant pulse) {
        Instant until = wakeAt != null && wakeAt.isBefore(pulse) ? wakeAt : pulse;
        Duration wait = Duration.between(now(), until);
        long nanos = Math.max(0, Math.min(wait.toNanos(), PULSE.toNanos()));
        try {
            return mailbox.poll(nanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("the thread of the run was interrupted", e);
        }
    }

    /**
     * Passes a stop request to the schedule. Called before each event, so that no test starts after stop() has
     * returned.
     */
    private void checkForStop() {
        Stopping now = stopping.get();
        if (now != null && !now.equals(told)) {
            told = now;
            step(new Event.Stopped(now.how(), now.why()));
        }
    }

    @Override
    public void step(Event event) {
        for (Decision decision : schedule.on(event, now())) {
            carryOut(decision);
        }
    }

    private void carryOut(Decision decision) {
        switch (decision) {
            case Decision.WakeAt(Instant when) -> wakeAt = when;
            case Decision.Request(int provisioner, int count) -> systems.ask(provisioner, count);
            case Decision.ClearRequests(int provisioner) -> systems.forget(provisioner);
            case Decision.Prepare(int system) -> systems.prepare(system);
            case Decision.CancelPreparation(int system) -> systems.cancelPreparation(system);
            case Decision.Run run -> attempts().run(run, systems.openSystem(run.system()));
            case Decision.RunTogether together -> attempts().runTogether(together, systems::openSystem);
            case Decision.CancelMember cancel -> attempts().cancelMember(cancel, systems.openSystem(cancel.system()));
            case Decision.AskNext next -> attempts().choose(next, systems.openSystem(next.system()));
            case Decision.AskPolicies(PlannedTest test, TestEnd end) ->
                attempts().judge(test, end);
            case Decision.CancelTests(String why) -> {
                attempts().cancelling(why);
                systems.cancelTests();
            }
            case Decision.CheckSpace() -> checkSpace();
            case Decision.Pause(String why) -> publish(stamp -> new RunEvent.Paused(stamp, why));
            case Decision.Quarantine(String host, String why) ->
                publish(stamp -> new RunEvent.HostQuarantined(stamp, host, why));
            case Decision.Renew(int system, String why) -> systems.renew(system, why);
            case Decision.Release(int system, String why) -> systems.release(system, why);
            case Decision.HoldSystem hold -> systems.hold(hold);
            case Decision.Hold hold -> attempts().hold(hold);
            case Decision.Conclude conclude -> {
                attempts().conclude(conclude);
                if (conclude.last()) {
                    fixtures.concluded(conclude.test());
                }
            }
            case Decision.Report(Problem problem) -> problem(problem);
            case Decision.Wait(int tests, String why) -> publish(stamp -> new RunEvent.Waiting(stamp, tests, why));
            case Decision.End() -> over = true;
        }
    }

    @Override
    public void publish(Instant at, Function<RunEvent.Stamp, RunEvent> event) {
        Listeners told = listeners;
        if (told != null) {
            // One lock for numbering and queueing: listeners receive events in the order of their numbers.
            synchronized (numbering) {
                RunEvent next = event.apply(new RunEvent.Stamp(id, ++events, at));
                guard.log().event(next);
                told.publish(next);
            }
        }
    }

    @Override
    public void problem(Problem problem) {
        guard.log().warn(problem.message());
        results.problem(problem);
    }

    private void abandoned(String what, Duration limit) {
        publish(stamp -> new RunEvent.Abandoned(stamp, what, limit));
        problem(Problem.infrastructure(what + " did not return within " + limit + " and was abandoned"));
    }

    private void checkSpace() {
        guard.start(
                Guard.Phase.WORK,
                "the check of disk space in " + spool(),
                plan.limits().call(),
                () -> AttemptTask.whyNoSpace(spool()),
                result -> post(() -> step(new Event.FreeSpace(
                        result instanceof Guard.Result.Done<String>(String why) ? why : result.problem()))),
                late -> {});
    }

    private Spool spool() {
        if (spool == null) {
            throw new IllegalStateException("the run has not begun");
        }
        return spool;
    }

    private Attempts attempts() {
        if (attempts == null) {
            throw new IllegalStateException("the run has not begun");
        }
        return attempts;
    }

    // The end.

    /** Handles a bug in the run, or a run that cannot begin: cancels all calls and releases all systems. */
    private void fail(Throwable why) {
        guard.log().error("the run cannot go on", why);
        fatal = why;
        systems.cancelAll();
        fixtures.started().forEach(fixtureJobs::abandon);
        systems.abandonAll();
    }

    private void finish(long begin) {
        systems.stopTaking();
        releaseArrivals();
        if (attempts != null) {
            attempts.close();
            deleteOldRuns();
        }
        Listeners told = listeners;
        // Drain before the summary: a listener that fails here adds a problem to it.
        if (told != null) {
            told.drain();
        }
        plan.history().save(guard, plan.limits().cleanUp()).forEach(problem -> problem(Problem.overcome(problem)));
        RunSummary result = results.summary(Duration.ofNanos(System.nanoTime() - begin));
        summary = result;
        if (told != null) {
            publish(stamp -> new RunEvent.RunEnded(stamp, result));
            told.drain();
        }
    }

    private void deleteOldRuns() {
        Path directory = plan.workDirectory();
        Retention retention = plan.retention();
        if (directory != null && retention != null && retention.isBounded()) {
            try {
                PastRun.prune(directory, retention);
            } catch (IOException e) {
                problem(Problem.overcome("old runs in " + directory + " could not be deleted: " + e.getMessage()));
            }
        }
    }

    /** Releases systems that arrived after the end of the run and are still in the mailbox. */
    private void releaseArrivals() {
        // After a failure the schedule has not ended; arriving systems must not join it any more.
        over = true;
        Runnable late = mailbox.poll();
        while (late != null) {
            late.run();
            late = mailbox.poll();
        }
        systems.awaitLate();
    }
}
