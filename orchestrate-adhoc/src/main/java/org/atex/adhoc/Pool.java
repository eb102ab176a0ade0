package org.atex.adhoc;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.atex.api.Artifacts;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.Remote;
import org.atex.api.RunEvent;
import org.atex.api.RunFailedException;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shell around the {@link Schedule}: threads, clock and I/O. Whatever happens is told to the schedule under one
 * lock; what it decides is carried out after the lock is free again, most of it on threads of their own. Nothing polls.
 */
final class Pool {
    private static final Logger LOG = LoggerFactory.getLogger(AdHocOrchestrator.class);

    private final AdHocOrchestrator.Plan plan;
    private final Schedule schedule;
    private final ReentrantLock lock = new ReentrantLock();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Events events;
    private final Ingestion ingestion;
    private final ArtifactRoom room;
    private final Ledger ledger;
    private final List<Source> sources = new ArrayList<>();
    private final Watch watch;

    // All of these are guarded by the lock.
    private final Map<Integer, Member> members = new HashMap<>();
    private final Map<PlannedTest, Attempt> justEnded = new HashMap<>();
    private int lastId;
    private boolean begun;
    private boolean over;
    private boolean brokenDown;
    private @Nullable Stop stop;
    private String whyCancelled = "";
    private @Nullable Throwable fatal;

    Pool(AdHocOrchestrator.Plan plan) {
        this.plan = plan;
        this.schedule = new Schedule(
                plan.parts().tests(),
                plan.parts().provisioners().stream().map(p -> p.offers()).toList(),
                plan.rules());
        this.ledger = new Ledger(schedule.tests());
        this.room = new ArtifactRoom(plan.parts().workDirectory());
        this.events = new Events(plan.parts().listeners(), ledger::problem);
        this.ingestion = new Ingestion(plan.parts().aggregator(), ingestThreads(), (record, problem) -> {
            if (!problem.isEmpty()) {
                ledger.problem(problem);
            }
            events.publish(new RunEvent.Ingested(
                    Instant.now(),
                    record.test(),
                    record.attempt(),
                    problem,
                    plan.parts().aggregator().files(record).orElse(null)));
        });
        this.watch = new Watch(plan.parts().systemWithin(), this::gaveUpWaiting);
        for (int i = 0; i < plan.parts().provisioners().size(); i++) {
            sources.add(new Source(i, plan.parts().provisioners().get(i), this));
        }
    }

    private static int ingestThreads() {
        return Math.max(2, Math.min(4, Runtime.getRuntime().availableProcessors()));
    }

    boolean isListening() {
        return events.isDeliveringHere();
    }

    /** Frees what was made for a run that is never going to be. */
    void discard() {
        events.close();
        ingestion.close();
        room.close(this::problem);
    }

    RunSummary run() throws InterruptedException {
        long begin = System.nanoTime();
        sources.forEach(Source::start);
        Thread deadline = startDeadline();
        step(this::begin);
        boolean interrupted = awaitEnd();
        deadline.interrupt();
        watch.close();
        sources.forEach(Source::close);
        ingestion.close();
        room.close(this::problem);
        RunSummary summary = ledger.summary(Duration.ofNanos(System.nanoTime() - begin));
        interrupted |= finishEvents(summary);
        if (fatal != null) {
            throw new RunFailedException("the run could not go on: " + fatal.getMessage(), fatal, summary);
        }
        if (interrupted) {
            throw new InterruptedException("the run was interrupted; it ended " + summary.verdict());
        }
        return summary;
    }

    private void problem(String what) {
        LOG.warn("{}", what);
        ledger.problem(what);
    }

    private List<Decision> begin(Instant now) {
        begun = true;
        events.publish(new RunEvent.RunStarted(
                now, plan.parts().tests().size(), plan.parts().platform()));
        if (stop == null) {
            return schedule.start(now);
        }
        return schedule.stop(stop, whyCancelled, now);
    }

    /** Waits for the end, whatever happens meanwhile; an interrupt makes it come sooner. */
    private boolean awaitEnd() {
        boolean interrupted = false;
        while (true) {
            try {
                ended.await();
                return interrupted;
            } catch (InterruptedException e) {
                stop(interrupted ? Stop.NOW : Stop.CANCEL, "the run was interrupted");
                interrupted = true;
            }
        }
    }

    private boolean finishEvents(RunSummary summary) {
        RunEvent.RunEnded end = new RunEvent.RunEnded(Instant.now(), summary);
        boolean interrupted = Thread.interrupted();
        try {
            events.finish(end);
        } catch (InterruptedException e) {
            return true;
        }
        return interrupted;
    }

    private Thread startDeadline() {
        return Threads.start("deadline", () -> {
            try {
                if (plan.runWithin() != null) {
                    Thread.sleep(plan.runWithin());
                    stop(Stop.CANCEL, "the run's limit of " + plan.runWithin() + " passed");
                }
            } catch (InterruptedException e) {
                LOG.trace("the run ended before its limit");
            }
        });
    }

    void stop(Stop how, String why) {
        step(now -> {
            if (stop == null || stop.compareTo(how) < 0) {
                stop = how;
                whyCancelled = why;
            }
            return begun && !over ? schedule.stop(how, why, now) : List.of();
        });
    }

    /** The run cannot go on: everything that goes on is cancelled, and the reason thrown in the end. */
    private void fail(Throwable why) {
        LOG.error("the run cannot go on", why);
        lock.lock();
        try {
            if (fatal == null) {
                fatal = why;
            } else if (!fatal.equals(why)) {
                fatal.addSuppressed(why);
            }
        } finally {
            lock.unlock();
        }
        stop(Stop.CANCEL, "the run could not go on: " + why.getMessage());
    }

    /** A mistake of ours: nothing can be decided any more. Everything is ended and given back without a plan. */
    private void breakDown(Throwable why) {
        LOG.error("the run broke down", why);
        List<Member> left;
        lock.lock();
        try {
            brokenDown = true;
            over = true;
            fatal = fatal == null ? why : fatal;
            left = List.copyOf(members.values());
            for (Member member : left) {
                member.places.values().forEach(Thread::interrupt);
                if (member.preparation != null) {
                    member.preparation.interrupt();
                }
            }
        } finally {
            lock.unlock();
        }
        List<Thread> releases = left.stream()
                .map(member -> Threads.start("release-" + member.name(), () -> member.giveBack(ledger::problem)))
                .toList();
        try {
            for (Thread release : releases) {
                release.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        ended.countDown();
    }

    private void gaveUpWaiting() {
        step(now -> schedule.gaveUpWaiting("none came within " + plan.parts().systemWithin(), now));
    }

    // What provisioners say.

    void offered(int provisioner, Remote remote) {
        boolean late = step(now -> {
            if (over) {
                return null;
            }
            Member member = new Member(++lastId, remote);
            members.put(member.id, member);
            return schedule.offered(
                    new PoolSystem.Facts(
                            member.id, provisioner, remote.labels(), Math.max(1, remote.slots()), remote.expires()),
                    now);
        });
        if (late) {
            remote.close();
        }
    }

    void offerFailed(int provisioner, String why) {
        step(now -> {
            events.publish(new RunEvent.SetupFailed(now, "provisioner " + (provisioner + 1), why));
            return schedule.offerFailed(provisioner, why, now);
        });
    }

    void exhausted(int provisioner, String why) {
        step(now -> schedule.exhausted(provisioner, why, now));
    }

    // How events become deeds.

    /** Tells the schedule of something and does what it decides; returns whether there was nothing to tell any more. */
    private boolean step(Function<Instant, @Nullable List<Decision>> event) {
        List<Runnable> deeds = new ArrayList<>();
        lock.lock();
        try {
            List<Decision> decisions = brokenDown ? null : event.apply(Instant.now());
            if (decisions == null) {
                return true;
            }
            for (Decision decision : decisions) {
                Runnable deed = carryOut(decision);
                if (deed != null) {
                    deeds.add(deed);
                }
            }
            watch.waiting(begun && !over && schedule.isStarving());
        } catch (RuntimeException | Error e) {
            deeds.add(() -> breakDown(e));
        } finally {
            lock.unlock();
        }
        deeds.forEach(Runnable::run);
        return false;
    }

    /** Under the lock: notes a decision and tells listeners; what may block is returned, for later. */
    private @Nullable Runnable carryOut(Decision decision) {
        Instant now = Instant.now();
        return switch (decision) {
            case Decision.Ask(int provisioner, int count) -> {
                events.publish(new RunEvent.SystemsAsked(now, provisioner + 1, count));
                yield () -> sources.get(provisioner).ask(count);
            }
            case Decision.Forget(int provisioner) ->
                () -> sources.get(provisioner).forget();
            case Decision.Prepare(int system) -> {
                Member member = member(system);
                Thread thread = Threads.unstarted("setup-" + member.name(), () -> prepare(member));
                member.preparation = thread;
                yield thread::start;
            }
            case Decision.CancelPreparation(int system) -> {
                Thread preparation = member(system).preparation;
                yield preparation == null ? null : preparation::interrupt;
            }
            case Decision.Run run -> {
                Member member = member(run.system());
                Thread thread = Threads.unstarted(member.name() + "-" + run.slot(), () -> runTest(member, run));
                member.places.put(run.slot(), thread);
                events.publish(new RunEvent.TestStarted(
                        now,
                        run.test().name(),
                        run.attempt(),
                        member.name(),
                        run.slot(),
                        run.test().test.expected()));
                yield thread::start;
            }
            case Decision.CancelTests(String why) -> {
                whyCancelled = why;
                List<Thread> threads = members.values().stream()
                        .flatMap(member -> member.places.values().stream())
                        .toList();
                yield () -> threads.forEach(Thread::interrupt);
            }
            case Decision.Renew(int system, String why) -> {
                Member member = member(system);
                yield () -> Threads.start("renew-" + member.name(), () -> renew(member, why));
            }
            case Decision.Release(int system, String why) -> {
                Member member = member(system);
                yield () -> Threads.start("release-" + member.name(), () -> release(member, why));
            }
            case Decision.Conclude conclude -> conclude(conclude, now);
            case Decision.Problem(String what) -> {
                problem(what);
                yield null;
            }
            case Decision.Wait(int tests, String why) -> {
                events.publish(new RunEvent.Waiting(now, tests, why));
                yield null;
            }
            case Decision.End() -> {
                over = true;
                yield ended::countDown;
            }
        };
    }

    private Member member(int id) {
        Member member = members.get(id);
        if (member == null) {
            throw new IllegalStateException("system " + id + " is not in the pool");
        }
        return member;
    }

    private Runnable conclude(Decision.Conclude conclude, Instant now) {
        Attempt attempt = justEnded.remove(conclude.test());
        if (attempt == null) {
            attempt = Attempt.never(conclude.end(), now);
        }
        TestRecord record = attempt.record(plan.parts().platform(), conclude);
        ledger.conclude(conclude.test(), record);
        events.publish(new RunEvent.TestFinished(now, record, Excerpt.none()));
        Ingestion.Ticket ticket = ingestion.order(record, attempt.artifacts());
        return () -> ingestion.submit(ticket);
    }

    // What is done with systems.

    private void prepare(Member member) {
        long begin = System.nanoTime();
        try {
            member.prepare(plan.hook(), plan.parts().factory());
        } catch (InterruptedException e) {
            notPrepared(member, "its preparation was cancelled");
            return;
        } catch (RuntimeException | Error e) {
            LOG.warn("{} could not be made ready", member.name(), e);
            notPrepared(member, member.name() + " could not be made ready: " + describe(e));
            return;
        }
        step(now -> {
            member.preparation = null;
            events.publish(new RunEvent.SystemReady(
                    now, member.name(), Duration.ZERO, Duration.ofNanos(System.nanoTime() - begin)));
            return schedule.prepared(member.id, now);
        });
    }

    private void notPrepared(Member member, String why) {
        step(now -> {
            member.preparation = null;
            events.publish(new RunEvent.SetupFailed(now, member.name(), why));
            return schedule.preparationFailed(member.id, why, now);
        });
    }

    private void renew(Member member, String why) {
        member.closeExecutors(ledger::problem);
        if (member.reset(ledger::problem)) {
            step(now -> schedule.renewed(member.id, now));
        } else {
            release(member, why);
        }
    }

    private void release(Member member, String why) {
        boolean hurry;
        lock.lock();
        try {
            hurry = stop == Stop.NOW;
        } finally {
            lock.unlock();
        }
        if (!hurry) {
            member.closeExecutors(ledger::problem);
        }
        member.giveBack(ledger::problem);
        step(now -> {
            members.remove(member.id);
            events.publish(new RunEvent.SystemGone(now, member.name(), why));
            return schedule.released(member.id, now);
        });
    }

    // What is done with tests.

    private void runTest(Member member, Decision.Run run) {
        Attempt attempt = attempt(member, run);
        step(now -> {
            member.places.remove(run.slot());
            justEnded.put(run.test(), attempt);
            return schedule.finished(member.id, run.slot(), attempt.end(), now);
        });
    }

    private Attempt attempt(Member member, Decision.Run run) {
        Instant started = Instant.now();
        long begin = System.nanoTime();
        Artifacts artifacts = Artifacts.none();
        TestEnd end;
        try {
            artifacts = room.next();
            end = member.executor(run.slot()).run(run.test().test, artifacts);
        } catch (InterruptedException e) {
            end = TestEnd.of(Outcome.CANCELLED, whyCancelled());
        } catch (IOException e) {
            end = TestEnd.of(Outcome.NOT_RUN, "there is no place for its artifacts: " + e);
            fail(e);
        } catch (RuntimeException | Error e) {
            LOG.warn("the executor failed on {}", run.test().name(), e);
            end = new TestEnd(Outcome.ERROR, null, "the executor failed: " + describe(e), false);
        }
        Duration took = Duration.ofNanos(System.nanoTime() - begin);
        return new Attempt(end, artifacts, started, took, member.name(), run.slot());
    }

    private String whyCancelled() {
        lock.lock();
        try {
            return "cancelled: " + (whyCancelled.isEmpty() ? "its thread was interrupted" : whyCancelled);
        } finally {
            lock.unlock();
        }
    }

    private static String describe(Throwable e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }
}
