package org.atex.adhoc;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.RunEvent;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * Runs the attempts of a run, asks the policies about them, records and stores them. Confined to the thread of the
 * run.
 */
final class Attempts {
    private final RunPlan plan;
    private final Steps steps;
    private final Guard guard;
    private final Ledger ledger;
    private final ArtifactRoom room;
    private final Ingestion ingestion;
    /** Attempts that have ended and are not recorded yet. */
    private final Map<PlannedTest, Attempt> ended = new HashMap<>();

    private String whyCancelled = "the run ends";

    Attempts(RunPlan plan, Steps steps, Guard guard, Ledger ledger, ArtifactRoom room) {
        this.plan = plan;
        this.steps = steps;
        this.guard = guard;
        this.ledger = ledger;
        this.room = room;
        // A sequential run stores its results in the order of its tests: one thread.
        boolean sequential = plan.rules().maxSystems() == 1 && plan.maxSlots() == 1;
        int threads =
                sequential ? 1 : Math.max(2, Math.min(4, Runtime.getRuntime().availableProcessors()));
        this.ingestion = new Ingestion(plan.aggregator(), guard, plan.limits().store(), threads, this::ingested);
    }

    /** Sets the reason to record, before the running tests are cancelled. */
    void cancelling(String why) {
        whyCancelled = why;
    }

    void run(Decision.Run run, Member member) {
        PlannedTest test = run.test();
        AttemptWork attempt =
                new AttemptWork(test, member, run.slot(), room, plan.lastLines(), guard.log(), steps::now);
        Duration limit = test.facts.limit();
        Guard.Call<AttemptWork.Out> call = guard.start(
                Guard.Phase.WORK,
                "the executor of " + test.name() + " on " + member.name(),
                limit == null ? plan.limits().test() : limit.plus(plan.limits().overrun()),
                () -> {
                    // Inside the guarded call, as it may block: too many unstored results delay further tests.
                    ingestion.awaitRoom();
                    return attempt.run(steps::isStopping, at -> starting(member, run, at));
                },
                result -> steps.post(() -> ran(member, run, attempt, result)),
                late -> {});
        member.places.put(run.slot(), call);
    }

    /** Called by the thread of the attempt. */
    private void starting(Member member, Decision.Run run, Instant at) {
        steps.publish(
                at,
                stamp -> new RunEvent.TestStarted(stamp, run.test().facts, run.attempt(), member.info(), run.slot()));
        steps.post(() -> steps.step(new Event.Started(member.id(), run.slot())));
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
                cutShort(work, Outcome.TIMED_OUT, "the executor did not return within " + expired.limit() + " and was interrupted", false);
            case Guard.Result.Abandoned<AttemptWork.Out> abandoned ->
                steps.isStopping()
                        ? cutShort(work, Outcome.CANCELLED, whyCancelled() + "; the executor ignored the interrupt", false)
                        : cutShort(
                                work,
                                Outcome.ERROR,
                                "the executor did not return within " + abandoned.limit() + " and was abandoned",
                                false);
        };
        switch (out) {
            case AttemptWork.Out.Ended(Attempt attempt) -> {
                ended.put(run.test(), attempt);
                steps.step(new Event.Finished(member.id(), run.slot(), attempt.end()));
            }
            case AttemptWork.Out.NotStarted() -> steps.step(new Event.NotStarted(member.id(), run.slot()));
            case AttemptWork.Out.NoRoom(String why) -> steps.step(new Event.NoRoom(member.id(), run.slot(), why));
        }
    }

    private static AttemptWork.Out cutShort(AttemptWork work, Outcome outcome, String note, boolean usable) {
        return new AttemptWork.Out.Ended(work.cutShort(new TestEnd(outcome, null, note, usable)));
    }

    private String whyCancelled() {
        return "cancelled: " + whyCancelled;
    }

    void judge(PlannedTest test, TestEnd end) {
        guard.start(
                Guard.Phase.WORK,
                "the policies for " + test.name(),
                plan.limits().call(),
                () -> new Judgement(plan.rules(), test, end),
                result -> steps.post(() -> {
                    if (result instanceof Guard.Result.Done<Judgement>(Judgement judgement)) {
                        judgement.problems().forEach(problem -> steps.problem(Problem.infrastructure(problem)));
                        steps.step(new Event.Judged(test, judgement.again(), judgement.spent()));
                    } else {
                        steps.problem(Problem.infrastructure("the policies failed for " + test.name()
                                + ": it is not run again, and its system is replaced: " + result.problem()));
                        steps.step(new Event.Judged(test, false, true));
                    }
                }),
                late -> {});
    }

    /**
     * Publishes an attempt that is to be run again. Its record is stored later, when the rerun starts or is given up.
     */
    void hold(Decision.Hold hold) {
        Attempt attempt = attemptOf(hold.test(), hold.end());
        TestRecord record = attempt.record(plan.platforms(), hold.test(), hold.attempt(), hold.end(), false);
        steps.publish(stamp -> new RunEvent.TestFinished(stamp, record, attempt.excerpt()));
    }

    private Attempt attemptOf(PlannedTest test, TestEnd end) {
        Attempt attempt = ended.get(test);
        return attempt == null ? Attempt.never(end, steps.now()) : attempt;
    }

    void conclude(Decision.Conclude conclude) {
        PlannedTest test = conclude.test();
        Attempt attempt = attemptOf(test, conclude.end());
        ended.remove(test);
        TestRecord record = attempt.record(plan.platforms(), test, conclude.attempt(), conclude.end(), conclude.last());
        ledger.conclude(test, record, attempt.excerpt());
        if (conclude.last()) {
            // An attempt with a rerun was published by hold() when it ended.
            steps.publish(stamp -> new RunEvent.TestFinished(stamp, record, attempt.excerpt()));
        }
        ingestion.submit(record, attempt.artifacts());
    }

    private void ingested(TestRecord record, Artifacts artifacts, String problem, @Nullable Path files) {
        String told;
        if (problem.isEmpty()) {
            told = "";
            ledger.stored(record, files);
        } else {
            told = "the results of " + record.name() + " (attempt " + record.attempt() + ") were not stored: " + problem
                    + (artifacts.isNone() ? "" : "; they are kept in " + artifacts);
            guard.log().warn(told);
            ledger.notStored(record, artifacts, problem);
        }
        steps.publish(stamp -> new RunEvent.Ingested(stamp, record, told, files));
    }

    /** Waits until all results are stored or given up, and completes the reports. */
    void close() {
        String problem = ingestion.close();
        if (!problem.isEmpty()) {
            steps.problem(Problem.notStored("could not complete the reports: " + problem));
        }
        room.close(what -> steps.problem(Problem.infrastructure(what)));
    }
}
