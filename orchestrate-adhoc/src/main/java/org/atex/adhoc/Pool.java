package org.atex.adhoc;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.Remote;
import org.atex.api.RunEvent;
import org.atex.api.RunFailedException;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * The shell around the {@link Schedule}: threads, clock and I/O. One thread takes what happens from a mailbox, tells the
 * schedule and starts what it decides. Nothing on that thread blocks: user code runs under the {@link Guard}.
 */
final class Pool implements Source.Listener {
    private static final Duration PULSE = Duration.ofSeconds(1);

    private record Stopping(Stop how, String why) {}

    private final RunPlan plan;
    private final Schedule schedule;
    private final Ledger ledger;
    private final Guard guard;
    private final SystemWork systemWork;
    private final List<Source> sources = new ArrayList<>();
    private final BlockingQueue<Runnable> mailbox = new LinkedBlockingQueue<>();
    private final AtomicReference<@Nullable Stopping> stopping = new AtomicReference<>();
    private final CountDownLatch finished = new CountDownLatch(1);

    /** There are none before the run. */
    private volatile @Nullable Listeners listeners;

    // All of these belong to the thread of the run.
    private final Map<Integer, Member> members = new HashMap<>();
    private final Map<PlannedTest, Attempt> ended = new HashMap<>();
    private final Map<Integer, Deque<Long>> asked = new HashMap<>();
    private final List<CompletableFuture<Boolean>> givingBack = new ArrayList<>();
    private @Nullable ArtifactRoom room;
    private @Nullable Ingestion ingestion;
    private @Nullable Stopping told;
    private @Nullable Instant wakeAt;
    private int lastId;
    private String whyCancelled = "the run ends";
    private boolean over;
    private @Nullable Throwable fatal;
    private volatile @Nullable RunSummary summary;

    Pool(RunPlan plan) {
        this.plan = plan;
        this.schedule = new Schedule(plan.tests(), plan.offers(), plan.rules());
        this.ledger = new Ledger(schedule.tests());
        this.guard = new Guard(plan.limits().grace(), this::abandoned);
        this.systemWork = new SystemWork(guard, plan, this::problem);
        for (int i = 0; i < plan.provisioners().size(); i++) {
            sources.add(new Source(i, plan.provisioners().get(i), guard, plan.limits(), this));
        }
    }

    boolean isListening() {
        Listeners told = listeners;
        return told != null && told.isDeliveringHere();
    }

    RunSummary run() throws InterruptedException {
        listeners = new Listeners(plan.listeners(), guard, plan.limits().listener(), this::problem);
        Threads.start("run", this::work);
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
            Throwable cause = fatal == null ? new IllegalStateException("there is no summary") : fatal;
            RunSummary known = result == null ? ledger.summary(Duration.ZERO) : result;
            throw new RunFailedException("the run could not go on: " + Words.of(cause), cause, known);
        }
        if (interrupted) {
            throw new InterruptedException("the run was interrupted; it ended " + result.verdict());
        }
        return result;
    }

    void stop(Stop how, String why) {
        Stopping before = stopping.getAndUpdate(
                now -> now == null || now.how().compareTo(how) < 0 ? new Stopping(how, why) : now);
        if (how == Stop.NOW && summary == null) {
            guard.hurry();
        }
        if (before == null || before.how().compareTo(how) < 0) {
            post(() -> {});
        }
    }

    private boolean isStopping() {
        return stopping.get() != null;
    }

    // The thread of the run.

    private void post(Runnable event) {
        mailbox.add(event);
    }

    private void work() {
        long begin = System.nanoTime();
        try {
            begin();
            takeMail();
        } catch (Throwable e) {
            breakDown(e);
        }
        try {
            finish(begin);
        } catch (Throwable e) {
            guard.log().error("the run did not end in order", e);
            fatal = fatal == null ? e : fatal;
        } finally {
            guard.close();
            finished.countDown();
        }
    }

    private void begin() throws IOException {
        publish(new RunEvent.RunStarted(Instant.now(), plan.tests().size(), plan.platform()));
        plan.notes().forEach(note -> problem(Problem.overcome(note)));
        ingestion = new Ingestion(plan.aggregator(), guard, plan.limits().store(), ingestThreads(), this::ingested);
        room = ArtifactRoom.in(plan.workDirectory());
        sources.forEach(Source::start);
        plan.unreadable().forEach(schedule::refuse);
        step(new Event.Begin());
    }

    private static int ingestThreads() {
        return Math.max(2, Math.min(4, Runtime.getRuntime().availableProcessors()));
    }

    private void takeMail() {
        Instant pulse = Instant.now().plus(PULSE);
        while (!over) {
            Runnable event = awaitMail(pulse);
            heedStop();
            if (event != null) {
                event.run();
            }
            Instant now = Instant.now();
            if (wakeAt != null && !now.isBefore(wakeAt) && !over) {
                wakeAt = null;
                step(new Event.Tick());
            }
            if (!now.isBefore(pulse)) {
                publish(new RunEvent.Pulse(now));
                pulse = now.plus(PULSE);
            }
        }
    }

    private @Nullable Runnable awaitMail(Instant pulse) {
        Instant until = wakeAt != null && wakeAt.isBefore(pulse) ? wakeAt : pulse;
        Duration wait = Duration.between(Instant.now(), until);
        // A clock that is set back must not make it wait for hours.
        long nanos = Math.max(0, Math.min(wait.toNanos(), PULSE.toNanos()));
        try {
            return mailbox.poll(nanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("the thread of the run was interrupted", e);
        }
    }

    /** Before anything else, so that nothing starts after a stop. */
    private void heedStop() {
        Stopping now = stopping.get();
        if (now != null && !now.equals(told)) {
            told = now;
            step(new Event.Stopped(now.how(), now.why()));
        }
    }

    private void step(Event event) {
        for (Decision decision : schedule.on(event, Instant.now())) {
            carryOut(decision);
        }
    }

    private void carryOut(Decision decision) {
        Instant now = Instant.now();
        switch (decision) {
            case Decision.WakeAt(Instant when) -> wakeAt = when;
            case Decision.Ask(int provisioner, int count) -> ask(provisioner, count);
            case Decision.Forget(int provisioner) -> {
                asked.remove(provisioner);
                sources.get(provisioner).forget();
            }
            case Decision.Prepare(int system) -> prepare(member(system));
            case Decision.CancelPreparation(int system) -> cancel(member(system).preparation);
            case Decision.Run run -> runTest(run);
            case Decision.Judge(PlannedTest test, TestEnd end) -> judge(test, end);
            case Decision.CancelTests(String why) -> {
                whyCancelled = why;
                members.values().forEach(member -> member.places.values().forEach(Guard.Call::cancel));
            }
            case Decision.LookForRoom() -> lookForRoom();
            case Decision.Pause(String why) -> publish(new RunEvent.Paused(now, why));
            case Decision.Quarantine(String host, String why) -> publish(new RunEvent.HostQuarantined(now, host, why));
            case Decision.Renew(int system, String why) -> renew(member(system), why);
            case Decision.Release(int system, String why) -> release(member(system), why);
            case Decision.Hold(PlannedTest test, int attempt, TestEnd end) -> {
                Attempt what = attemptOf(test, end);
                publish(new RunEvent.TestFinished(
                        now, what.record(plan.platform(), test, attempt, end, false), what.excerpt()));
            }
            case Decision.Conclude conclude -> conclude(conclude, now);
            case Decision.Report(Problem problem) -> problem(problem);
            case Decision.Wait(int tests, String why) -> publish(new RunEvent.Waiting(now, tests, why));
            case Decision.End() -> over = true;
        }
    }

    private Member member(int id) {
        Member member = members.get(id);
        if (member == null) {
            throw new IllegalStateException("system " + id + " is not in the pool");
        }
        return member;
    }

    private static void cancel(Guard.@Nullable Call<?> call) {
        if (call != null) {
            call.cancel();
        }
    }

    private void publish(RunEvent event) {
        Listeners told = listeners;
        if (told != null) {
            told.publish(event);
        }
    }

    private void problem(Problem problem) {
        guard.log().warn(problem.what());
        ledger.problem(problem);
    }

    private void abandoned(String what, Duration limit) {
        publish(new RunEvent.Abandoned(Instant.now(), what, limit));
        problem(Problem.infrastructure(what + " did not return within " + limit + " and was abandoned"));
    }

    // Systems.

    private void ask(int provisioner, int count) {
        Deque<Long> when = asked.computeIfAbsent(provisioner, p -> new ArrayDeque<>());
        for (int i = 0; i < count; i++) {
            when.add(System.nanoTime());
        }
        publish(new RunEvent.SystemsAsked(Instant.now(), provisioner + 1, count));
        sources.get(provisioner).ask(count);
    }

    @Override
    public void arrived(int provisioner, Remote remote) {
        post(() -> {
            if (over) {
                giveBackLate(provisioner, remote);
                return;
            }
            boolean again = members.values().stream().anyMatch(member -> member.is(remote));
            if (again) {
                notOffered(
                        provisioner,
                        false,
                        null,
                        "provisioner " + (provisioner + 1)
                                + " offered a system that it had handed out before and not got back");
                return;
            }
            step(new Event.Arriving(provisioner));
            int id = ++lastId;
            systemWork.read(id, provisioner, remote, result -> post(() -> facts(provisioner, id, remote, result)));
        });
    }

    private void facts(int provisioner, int id, Remote remote, Guard.Result<SystemWork.Arrival> result) {
        if (result instanceof Guard.Result.Done<SystemWork.Arrival>(SystemWork.Arrival arrival)) {
            Member member = new Member(arrival.facts(), remote, arrival.connection(), askedAt(provisioner));
            members.put(id, member);
            step(new Event.Offered(arrival.facts()));
        } else {
            notOffered(
                    provisioner,
                    true,
                    null,
                    "provisioner " + (provisioner + 1) + " offered a system of no use: " + result.problem());
            giveBackLate(provisioner, remote);
        }
    }

    private long askedAt(int provisioner) {
        Deque<Long> when = asked.get(provisioner);
        Long first = when == null ? null : when.poll();
        return first == null ? System.nanoTime() : first;
    }

    @Override
    public void failed(int provisioner, @Nullable String host, String why) {
        post(() -> {
            askedAt(provisioner);
            notOffered(provisioner, false, host, why);
        });
    }

    private void notOffered(int provisioner, boolean arriving, @Nullable String host, String why) {
        String name = host == null ? "provisioner " + (provisioner + 1) : host;
        setUpFailed(name, why);
        step(new Event.NotOffered(provisioner, arriving, host, why));
    }

    private void setUpFailed(String name, String why) {
        publish(new RunEvent.SetupFailed(Instant.now(), name, why));
        ledger.setUpFailed(name, why);
    }

    @Override
    public void notAsked(int provisioner, int count, String why) {
        post(() -> {
            setUpFailed("provisioner " + (provisioner + 1), why);
            step(new Event.NotAsked(provisioner, count, why));
        });
    }

    @Override
    public void exhausted(int provisioner, String why, boolean forGood) {
        post(() -> {
            asked.remove(provisioner);
            step(new Event.Exhausted(provisioner, why, forGood));
        });
    }

    @Override
    public void problem(String what) {
        problem(Problem.infrastructure(what));
    }

    private void prepare(Member member) {
        long begin = System.nanoTime();
        member.preparation = systemWork.prepare(member, result -> post(() -> prepared(member, begin, result)));
    }

    private void prepared(Member member, long begin, Guard.Result<List<Executor>> result) {
        member.preparation = null;
        if (result instanceof Guard.Result.Done<List<Executor>>(List<Executor> opened)) {
            member.executors = opened;
            long now = System.nanoTime();
            publish(new RunEvent.SystemReady(
                    Instant.now(),
                    member.name(),
                    Duration.ofNanos(now - member.askedAt),
                    Duration.ofNanos(now - begin)));
            step(new Event.Prepared(member.id()));
            return;
        }
        String why = result instanceof Guard.Result.Cancelled
                ? "its preparation was cancelled"
                : member.name() + " could not be made ready: " + result.problem();
        if (!(result instanceof Guard.Result.Cancelled)) {
            setUpFailed(member.name(), why);
        }
        step(new Event.PreparationFailed(member.id(), why));
    }

    private void renew(Member member, String why) {
        systemWork.closeExecutors(
                member,
                () -> post(() -> {
                    member.executors = List.of();
                    member.preparation = systemWork.reset(
                            member,
                            done -> post(() -> {
                                member.preparation = null;
                                if (done) {
                                    step(new Event.Renewed(member.id()));
                                } else {
                                    release(member, why);
                                }
                            }));
                }));
    }

    private void release(Member member, String why) {
        Runnable giveBack = () -> systemWork.giveBack(
                member.name(),
                member.remote,
                () -> post(() -> {
                    members.remove(member.id());
                    publish(new RunEvent.SystemGone(Instant.now(), member.name(), why));
                    step(new Event.Released(member.id()));
                }));
        if (told != null && told.how() == Stop.NOW) {
            giveBack.run();
        } else {
            systemWork.closeExecutors(member, giveBack);
        }
    }

    // Tests.

    private void runTest(Decision.Run run) {
        Member member = member(run.system());
        PlannedTest test = run.test();
        AttemptWork attempt = new AttemptWork(test, member, run.slot(), room(), plan.lastLines(), guard.log());
        Duration limit = test.facts.limit();
        Guard.Call<AttemptWork.Out> call = guard.start(
                Guard.Phase.WORK,
                "the executor of " + test.name() + " on " + member.name(),
                limit == null ? plan.limits().test() : limit.plus(plan.limits().overrun()),
                () -> {
                    ingestion().awaitRoom();
                    return attempt.run(this::isStopping, at -> starting(member, run, at));
                },
                result -> post(() -> ran(member, run, attempt, result)),
                late -> {});
        member.places.put(run.slot(), call);
    }

    /** Told by the thread of the attempt. */
    private void starting(Member member, Decision.Run run, Instant at) {
        publish(new RunEvent.TestStarted(
                at,
                run.test().name(),
                run.attempt(),
                member.name(),
                run.slot(),
                run.test().facts.expected()));
        post(() -> step(new Event.Started(member.id(), run.slot())));
    }

    private void ran(Member member, Decision.Run run, AttemptWork work, Guard.Result<AttemptWork.Out> result) {
        member.places.remove(run.slot());
        AttemptWork.Out out = switch (result) {
            case Guard.Result.Done<AttemptWork.Out> done -> done.value();
            case Guard.Result.Cancelled<AttemptWork.Out> cancelled ->
                cutShort(work, Outcome.CANCELLED, whyCancelled(), true);
            case Guard.Result.Threw<AttemptWork.Out> threw ->
                cutShort(work, Outcome.ERROR, "the executor failed: " + threw.words(), false);
            case Guard.Result.Expired<AttemptWork.Out> expired ->
                cutShort(work, Outcome.TIMED_OUT, "the executor did not end it within " + expired.limit(), false);
            case Guard.Result.Abandoned<AttemptWork.Out> abandoned ->
                isStopping()
                        ? cutShort(work, Outcome.CANCELLED, whyCancelled() + "; it did not heed that", false)
                        : cutShort(
                                work,
                                Outcome.ERROR,
                                "the executor did not return within " + abandoned.limit() + " and was abandoned",
                                false);
        };
        switch (out) {
            case AttemptWork.Out.Ended(Attempt attempt) -> {
                ended.put(run.test(), attempt);
                step(new Event.Finished(member.id(), run.slot(), attempt.end()));
            }
            case AttemptWork.Out.NotStarted() -> step(new Event.NotStarted(member.id(), run.slot()));
            case AttemptWork.Out.NoRoom(String why) -> step(new Event.NoRoom(member.id(), run.slot(), why));
        }
    }

    private static AttemptWork.Out cutShort(AttemptWork work, Outcome outcome, String note, boolean usable) {
        return new AttemptWork.Out.Ended(work.cutShort(new TestEnd(outcome, null, note, usable)));
    }

    private String whyCancelled() {
        return "cancelled: " + whyCancelled;
    }

    private void judge(PlannedTest test, TestEnd end) {
        guard.start(
                Guard.Phase.WORK,
                "the policies for " + test.name(),
                plan.limits().call(),
                () -> new Judgement(plan.rules(), test, end),
                result -> post(() -> {
                    if (result instanceof Guard.Result.Done<Judgement>(Judgement judgement)) {
                        judgement.problems().forEach(problem -> problem(Problem.infrastructure(problem)));
                        step(new Event.Judged(test, judgement.again(), judgement.spent()));
                    } else {
                        problem(Problem.infrastructure("the policies failed for " + test.name()
                                + ", which is not run again, and whose system is replaced: " + result.problem()));
                        step(new Event.Judged(test, false, true));
                    }
                }),
                late -> {});
    }

    private void lookForRoom() {
        guard.start(
                Guard.Phase.WORK,
                "the look for room in " + room(),
                plan.limits().call(),
                room()::whyNoRoom,
                result -> post(() -> step(new Event.Room(
                        result instanceof Guard.Result.Done<String>(String why) ? why : result.problem()))),
                late -> {});
    }

    private Attempt attemptOf(PlannedTest test, TestEnd end) {
        Attempt attempt = ended.get(test);
        return attempt == null ? Attempt.never(end, Instant.now()) : attempt;
    }

    private void conclude(Decision.Conclude conclude, Instant now) {
        PlannedTest test = conclude.test();
        Attempt attempt = attemptOf(test, conclude.end());
        ended.remove(test);
        TestRecord record = attempt.record(plan.platform(), test, conclude.attempt(), conclude.end(), conclude.last());
        ledger.conclude(test, record, attempt.excerpt());
        if (conclude.last()) {
            // An attempt that another one follows was told of when it ended.
            publish(new RunEvent.TestFinished(now, record, attempt.excerpt()));
        }
        ingestion().submit(record, attempt.artifacts());
    }

    private void ingested(TestRecord record, Artifacts artifacts, String problem, java.nio.file.@Nullable Path files) {
        String told = "";
        if (problem.isEmpty()) {
            ledger.stored(record, files);
        } else {
            told = "the results of " + record.test() + " (attempt " + record.attempt() + ") were not stored: " + problem
                    + (artifacts.isNone() ? "" : "; they are kept in " + artifacts);
            guard.log().warn(told);
            ledger.notStored(record, artifacts, problem);
        }
        publish(new RunEvent.Ingested(Instant.now(), record.test(), record.attempt(), told, files));
    }

    private ArtifactRoom room() {
        if (room == null) {
            throw new IllegalStateException("the run has not begun");
        }
        return room;
    }

    private Ingestion ingestion() {
        if (ingestion == null) {
            throw new IllegalStateException("the run has not begun");
        }
        return ingestion;
    }

    // The end.

    /** A mistake of ours, or a run that cannot even begin: everything is ended and given back without a plan. */
    private void breakDown(Throwable why) {
        guard.log().error("the run cannot go on", why);
        fatal = why;
        for (Member member : members.values()) {
            cancel(member.preparation);
            member.places.values().forEach(Guard.Call::cancel);
        }
        CountDownLatch releases = new CountDownLatch(members.size());
        members.values().forEach(member -> systemWork.giveBack(member.name(), member.remote, releases::countDown));
        try {
            releases.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void finish(long begin) {
        sources.forEach(Source::stop);
        sources.forEach(Source::awaitEnd);
        giveBackArrivals();
        if (ingestion != null) {
            String problem = ingestion.close();
            if (!problem.isEmpty()) {
                problem(Problem.notStored("the reports could not be completed: " + problem));
            }
        }
        if (room != null) {
            room.close(what -> problem(Problem.infrastructure(what)));
        }
        Listeners told = listeners;
        if (told != null) {
            told.drain();
        }
        RunSummary result = ledger.summary(Duration.ofNanos(System.nanoTime() - begin));
        summary = result;
        if (told != null) {
            told.publish(new RunEvent.RunEnded(Instant.now(), result));
            told.drain();
        }
    }

    private void giveBackLate(int provisioner, Remote remote) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        givingBack.add(done);
        systemWork.giveBack("that provisioner " + (provisioner + 1) + " offered", remote, () -> done.complete(true));
    }

    /** Systems that came when the run had ended are still in the mailbox. */
    private void giveBackArrivals() {
        over = true;
        Runnable late = mailbox.poll();
        while (late != null) {
            late.run();
            late = mailbox.poll();
        }
        givingBack.forEach(CompletableFuture::join);
    }
}
