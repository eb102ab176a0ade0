package org.atex.adhoc;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.atex.api.Artifacts;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.RunEvent;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestInvocation;
import org.atex.api.TestRecord;
import org.atex.artifacts.Spool;
import org.atex.artifacts.SpooledAttempt;
import org.jspecify.annotations.Nullable;

/**
 * Runs the attempts of a run, asks the policies about them, records and stores them. Confined to the thread of the
 * run.
 */
final class Attempts {
    private static final Duration FOR_LONG = Duration.ofDays(365);

    private static final int MIN_WAITING = 1024;

    private final RunPlan plan;
    private final RunContext context;
    private final Guard guard;
    private final RunResults results;
    private final Spool spool;
    private final Fixtures fixtures;
    private final Ingestion ingestion;
    /** Attempts that have ended and are not recorded yet. */
    private final Map<PlannedTest, Attempt> ended = new HashMap<>();

    /** The attempts at tests that run on several systems, by whole test. */
    private final Map<PlannedTest, GangAttempt> gangs = new HashMap<>();

    private final AtomicBoolean notDeletedIsTold = new AtomicBoolean();
    private String whyCancelled = "the run ends";

    Attempts(RunPlan plan, RunContext context, Guard guard, RunResults results, Spool spool, Fixtures fixtures) {
        this.fixtures = fixtures;
        this.plan = plan;
        this.context = context;
        this.guard = guard;
        this.results = results;
        this.spool = spool;
        // A run on one place stores its results in the order of its tests: one call at a time.
        int calls = plan.maxPlaces() == 1
                ? 1
                : Math.max(2, Math.min(4, Runtime.getRuntime().availableProcessors()));
        // All places may end their tests at the same time, and start the next ones.
        int maxWaiting = Math.max(MIN_WAITING, 2 * plan.maxPlaces());
        this.ingestion = new Ingestion(plan.sinks(), spool, guard, plan.limits(), calls, maxWaiting, this::ingested);
    }

    /** Sets the reason to record, before the running tests are cancelled. */
    void cancelling(String why) {
        whyCancelled = why;
    }

    void run(Decision.Run run, OpenSystem openSystem) {
        if (ingestion.isFull()) {
            awaitCapacity(run, openSystem);
        } else {
            start(run, openSystem);
        }
    }

    void runTogether(Decision.RunTogether together, Function<Integer, OpenSystem> systems) {
        Map<PlannedTest, OpenSystem> places = new HashMap<>();
        together.members().forEach(run -> places.put(run.test(), systems.apply(run.system())));
        gangs.put(
                together.test(),
                new GangAttempt(together, places, spool, recorder(together.test(), together.attempt())));
        if (together.test().fixtures.isEmpty()) {
            together.members().forEach(run -> run(run, systems.apply(run.system())));
        } else {
            acquire(together.members(), systems);
        }
    }

    /** Starts the parts of a test when the fixtures of all of them are started. */
    private void acquire(List<Decision.Run> parts, Function<Integer, OpenSystem> systems) {
        fixtures.acquire(parts, result -> {
            switch (result) {
                case Fixtures.Acquired.Ready ready ->
                    parts.forEach(part -> {
                        PlannedTest test = part.test();
                        if (test.isMember()) {
                            gang(test).fixtures(test, ready.of(test));
                            run(part, systems.apply(part.system()));
                        } else {
                            start(part, systems.apply(part.system()), ready.of(test));
                        }
                    });
                case Fixtures.Acquired.Failed(Decision.Run part, PlannedFixture fixture, String why) -> {
                    gangs.remove(part.test().unit());
                    fixtures.ended(
                            part,
                            () -> context.step(new Event.FixtureFailed(part.system(), part.slot(), fixture, why)));
                }
                case Fixtures.Acquired.Stopped() ->
                    parts.forEach(
                            part -> ended(systems.apply(part.system()), part, new AttemptTask.Result.NotStarted()));
            }
        });
    }

    void cancelMember(Decision.CancelMember cancel, OpenSystem openSystem) {
        gang(cancel.member()).cancelling(cancel.member(), cancel.why());
        Guard.Call<?> call = openSystem.calls.get(cancel.slot());
        if (call != null) {
            call.cancel();
        }
    }

    private boolean isCancelled(PlannedTest test) {
        return test.isMember() && gang(test).whyCancelled(test) != null;
    }

    private GangAttempt gang(PlannedTest member) {
        GangAttempt gang = gangs.get(member.unit());
        if (gang == null) {
            throw new IllegalStateException(member.unit().name() + " does not run");
        }
        return gang;
    }

    private Function<Attempt, TestRecord> recorder(PlannedTest test, int attempt) {
        return ended -> marked(ended.record(plan.platforms(), test, attempt, ended.end(), true));
    }

    /** Too many unstored results delay further tests. That time does not count for the limit of the test. */
    private void awaitCapacity(Decision.Run run, OpenSystem openSystem) {
        Guard.Call<Boolean> call = guard.start(
                Guard.Phase.WORK,
                "the storing of earlier results, for " + run.test().name(),
                FOR_LONG,
                () -> {
                    ingestion.awaitCapacity();
                    return true;
                },
                result -> context.post(() -> {
                    openSystem.calls.remove(run.slot());
                    if (result instanceof Guard.Result.Done && !context.isStopping() && !isCancelled(run.test())) {
                        start(run, openSystem);
                    } else {
                        ended(openSystem, run, new AttemptTask.Result.NotStarted());
                    }
                }),
                late -> {});
        openSystem.calls.put(run.slot(), call);
    }

    private void start(Decision.Run run, OpenSystem openSystem) {
        PlannedTest test = run.test();
        if (test.isMember()) {
            start(run, openSystem, gang(test).fixtures(test));
        } else if (test.fixtures.isEmpty()) {
            start(run, openSystem, List.of());
        } else {
            acquire(List.of(run), system -> openSystem);
        }
    }

    private void start(Decision.Run run, OpenSystem openSystem, List<Fixtures.Instance> ready) {
        PlannedTest test = run.test();
        GangAttempt gang = test.isMember() ? gang(test) : null;
        AttemptTask attempt = new AttemptTask(
                test,
                openSystem,
                run.slot(),
                spool,
                gang == null ? AttemptTask.folder(spool, recorder(test, run.attempt())) : gang.folder(test),
                invocation(gang == null ? limited(test) : gang.invocation(test), ready),
                plan.lastLines(),
                guard.log(),
                context::now);
        Duration limit = test.facts.limit();
        Guard.Call<AttemptTask.Result> call = guard.start(
                Guard.Phase.WORK,
                "the executor of " + test.name() + " on " + openSystem.name(),
                limit == null ? plan.limits().test() : limit.plus(plan.limits().overrun()),
                () -> attempt.run(
                        context::isStopping, (at, artifacts) -> starting(openSystem, run, gang, at, artifacts)),
                result -> {
                    context.post(() -> ran(openSystem, run, attempt, result));
                    if (result instanceof Guard.Result.Done<AttemptTask.Result>(AttemptTask.Result out)) {
                        attempt.writeEnd(out);
                    }
                },
                late -> {});
        openSystem.calls.put(run.slot(), call);
    }

    private static TestCase limited(PlannedTest test) {
        return test.aboutLimit.isEmpty()
                ? test.test
                : new RunHistory.Completed(test.test, test.facts.expected(), test.facts.limit());
    }

    private static TestCase invocation(TestCase test, List<Fixtures.Instance> fixtures) {
        if (fixtures.isEmpty()) {
            return test;
        }
        TestInvocation plain = TestInvocation.of(test);
        Map<String, String> environment = new HashMap<>();
        Map<String, Object> values = new HashMap<>(plain.values());
        for (Fixtures.Instance fixture : fixtures) {
            environment.putAll(fixture.environment());
            if (fixture.value() != null) {
                values.put(fixture.fixture.name(), fixture.value());
            }
        }
        environment.putAll(plain.environment());
        return new TestInvocation(test, environment, values, plain.topology(), plain.rendezvous());
    }

    /** Called by the thread of the attempt. */
    private void starting(
            OpenSystem openSystem, Decision.Run run, @Nullable GangAttempt gang, Instant at, Artifacts artifacts) {
        if (gang == null) {
            publishStart(run, run.test(), openSystem, at, artifacts);
        } else if (gang.isFirstToStart()) {
            publishStart(gang.first(), gang.test(), gang.firstSystem(), at, Artifacts.none());
        }
        context.post(() -> context.step(new Event.Started(openSystem.id(), run.slot())));
    }

    private void publishStart(
            Decision.Run run, PlannedTest test, OpenSystem openSystem, Instant at, Artifacts artifacts) {
        context.publish(
                at,
                stamp -> RunEvent.TestStarted.of(stamp, test.facts, openSystem.info())
                        .withAttempt(run.attempt())
                        .withSlot(run.slot())
                        .withArtifacts(artifacts));
    }

    private void ran(
            OpenSystem openSystem, Decision.Run run, AttemptTask work, Guard.Result<AttemptTask.Result> result) {
        openSystem.calls.remove(run.slot());
        AttemptTask.Result out = switch (result) {
            case Guard.Result.Done<AttemptTask.Result> done -> done.value();
            case Guard.Result.Cancelled<AttemptTask.Result> cancelled ->
                cutShort(work, Outcome.CANCELLED, whyCancelled(run.test()), true);
            case Guard.Result.Threw<AttemptTask.Result> threw ->
                cutShort(work, Outcome.ERROR, "the executor failed: " + threw.message(), false);
            case Guard.Result.Expired<AttemptTask.Result> expired ->
                cutShort(
                        work,
                        Outcome.TIMED_OUT,
                        "the executor did not return within " + expired.limit() + " and was interrupted",
                        false);
            case Guard.Result.Abandoned<AttemptTask.Result> abandoned ->
                context.isStopping() || isCancelled(run.test())
                        ? cutShort(
                                work,
                                Outcome.CANCELLED,
                                whyCancelled(run.test()) + "; the executor ignored the interrupt",
                                false)
                        : cutShort(
                                work,
                                Outcome.ERROR,
                                "the executor did not return within " + abandoned.limit() + " and was abandoned",
                                false);
        };
        ended(openSystem, run, isCancelled(run.test()) ? cancelled(run.test(), out) : out);
    }

    /** What a cancelled member reports is the effect of that, not the cause; but the loss of its system is. */
    private AttemptTask.Result cancelled(PlannedTest member, AttemptTask.Result out) {
        if (out instanceof AttemptTask.Result.Ended(Attempt attempt)
                && Gang.isBad(attempt.end())
                && attempt.end().outcome() != Outcome.LOST
                && attempt.end().outcome() != Outcome.CANCELLED) {
            TestEnd end = attempt.end();
            return new AttemptTask.Result.Ended(attempt.withEnd(
                    new TestEnd(Outcome.CANCELLED, end.exitCode(), whyCancelled(member), end.systemUsable())));
        }
        return out;
    }

    private void ended(OpenSystem openSystem, Decision.Run run, AttemptTask.Result out) {
        Event event = switch (out) {
            case AttemptTask.Result.Ended(Attempt attempt) ->
                new Event.Finished(openSystem.id(), run.slot(), attempt.end());
            case AttemptTask.Result.NotStarted() -> new Event.NotStarted(openSystem.id(), run.slot());
            case AttemptTask.Result.NoSpace(String why) -> new Event.NoSpace(openSystem.id(), run.slot(), why);
        };
        if (run.test().isMember()) {
            memberEnded(run, out, event);
            return;
        }
        fixtures.ended(run, () -> {
            if (out instanceof AttemptTask.Result.Ended(Attempt attempt)) {
                ended.put(run.test(), attempt);
            }
            context.step(event);
        });
    }

    /** Joins the results of all members before the end of the last one is reported. */
    private void memberEnded(Decision.Run member, AttemptTask.Result out, Event event) {
        GangAttempt gang = gang(member.test());
        if (!gang.ended(member.test(), out)) {
            context.step(event);
            return;
        }
        fixtures.ended(member, () -> join(gang, member, event));
    }

    private void join(GangAttempt gang, Decision.Run member, Event event) {
        gangs.remove(gang.test());
        guard.start(
                Guard.Phase.RELEASE,
                "the joining of the results of " + gang.test().name(),
                plan.limits().cleanUp(),
                gang::join,
                result -> context.post(() -> {
                    if (result instanceof Guard.Result.Done<Optional<Attempt>>(Optional<Attempt> attempt)) {
                        attempt.ifPresent(joined -> ended.put(gang.test(), joined));
                        gang.problems().forEach(problem -> context.problem(Problem.notStored(problem)));
                        context.step(event);
                    } else if (result instanceof Guard.Result.Threw<Optional<Attempt>> threw
                            && DiskFull.isCauseOf(threw.cause())) {
                        context.step(new Event.NoSpace(member.system(), member.slot(), threw.message()));
                    } else {
                        if (!gang.isVoid()) {
                            context.problem(Problem.notStored(
                                    "the results of " + gang.test().name() + " could not be joined, they are in "
                                            + gang.where() + ": " + result.problem()));
                            ended.put(gang.test(), gang.withoutResults());
                        }
                        context.step(event);
                    }
                }),
                late -> {});
    }

    private static AttemptTask.Result cutShort(AttemptTask work, Outcome outcome, String note, boolean usable) {
        return new AttemptTask.Result.Ended(work.cutShort(new TestEnd(outcome, null, note, usable)));
    }

    private String whyCancelled(PlannedTest test) {
        String own = test.isMember() ? gang(test).whyCancelled(test) : null;
        return "cancelled: " + (own == null ? whyCancelled : own);
    }

    /** Asks the user's policy for the next test of a system. */
    void choose(Decision.AskNext ask, OpenSystem openSystem) {
        NextTest chooser = plan.rules().next();
        if (chooser == null) {
            context.post(() -> context.step(new Event.NextChosen(ask.system(), null)));
            return;
        }
        guard.start(
                Guard.Phase.WORK,
                "the choice of the next test for " + openSystem.name(),
                plan.limits().call(),
                () -> choice(chooser, ask, openSystem),
                result -> context.post(() -> {
                    if (!result.problem().isEmpty() && !context.isStopping()) {
                        context.problem(Problem.overcome("the choice of the next test failed for " + openSystem.name()
                                + ", and the first one runs: " + result.problem()));
                    }
                    if (!context.isOver()) {
                        PlannedTest choice =
                                result instanceof Guard.Result.Done<Optional<PlannedTest>>(Optional<PlannedTest> test)
                                        ? test.orElse(null)
                                        : null;
                        context.step(new Event.NextChosen(ask.system(), choice));
                    }
                }),
                late -> {});
    }

    /** Calls the user's policy, and methods of its choice. */
    private static Optional<PlannedTest> choice(NextTest chooser, Decision.AskNext ask, OpenSystem openSystem) {
        List<TestCase> waiting = tests(ask.candidates());
        TestCase choice = chooser.choose(openSystem.info(), tests(ask.previous()), waiting);
        if (choice == null) {
            return Optional.empty();
        }
        int index = waiting.indexOf(choice);
        if (index < 0) {
            throw new IllegalArgumentException(choice.name() + " was chosen, which is not in the list");
        }
        return Optional.of(ask.candidates().get(index));
    }

    private static List<TestCase> tests(List<PlannedTest> planned) {
        return planned.stream().map(test -> test.unit().test).toList();
    }

    void judge(PlannedTest test, TestEnd end) {
        guard.start(
                Guard.Phase.WORK,
                "the policies for " + test.name(),
                plan.limits().call(),
                () -> new PolicyAnswers(plan.rules(), test, end),
                result -> context.post(() -> {
                    if (result instanceof Guard.Result.Done<PolicyAnswers>(PolicyAnswers answers)) {
                        answers.problems().forEach(problem -> context.problem(Problem.infrastructure(problem)));
                        context.step(new Event.PoliciesAnswered(test, answers.again(), answers.spent()));
                    } else {
                        context.problem(Problem.infrastructure("the policies failed for " + test.name()
                                + ": it is not run again, and its system is replaced: " + result.problem()));
                        context.step(new Event.PoliciesAnswered(test, null, true));
                    }
                }),
                late -> {});
    }

    /**
     * Publishes an attempt that is to be run again. Its record is stored later, when the rerun starts or is given up.
     */
    void hold(Decision.Hold hold) {
        Attempt attempt = attemptOf(hold.test(), hold.end());
        TestRecord record = marked(attempt.record(plan.platforms(), hold.test(), hold.attempt(), hold.end(), false));
        context.publish(stamp -> new RunEvent.TestFinished(stamp, record, attempt.excerpt()));
    }

    private TestRecord marked(TestRecord record) {
        return record.withKnown(plan.rules().known().of(record.name(), record.end()));
    }

    private Attempt attemptOf(PlannedTest test, TestEnd end) {
        Attempt attempt = ended.get(test);
        return attempt == null ? Attempt.never(end, context.now()) : attempt;
    }

    void conclude(Decision.Conclude conclude) {
        PlannedTest test = conclude.test();
        Attempt attempt = attemptOf(test, conclude.end());
        ended.remove(test);
        TestRecord record =
                marked(attempt.record(plan.platforms(), test, conclude.attempt(), conclude.end(), conclude.last()));
        results.conclude(test, record, attempt.excerpt());
        if (conclude.last()) {
            // An attempt with a rerun was published by hold() when it ended.
            context.publish(stamp -> new RunEvent.TestFinished(stamp, record, attempt.excerpt()));
        } else if (attempt.spooled() != null && plan.isKept()) {
            try {
                attempt.spooled().notLast(record);
            } catch (IOException e) {
                guard.log().warn("could not write the record of " + record, e);
            }
        }
        ingestion.submit(record, attempt.spooled());
    }

    /** Records and stores an attempt of a program that was killed. */
    void resume(@Nullable PlannedTest test, TestRecord record, @Nullable SpooledAttempt spooled) {
        if (test != null) {
            results.conclude(test, record, Excerpt.none());
            context.publish(stamp -> new RunEvent.TestFinished(stamp, record, Excerpt.none()));
        }
        if (spooled != null) {
            ingestion.submit(record, spooled);
        }
    }

    private void ingested(PendingResults pending) {
        TestRecord record = pending.record;
        results.stored(record, pending.files());
        StringBuilder told = new StringBuilder();
        pending.problems().forEach((sink, why) -> {
            told.append(
                            told.isEmpty()
                                    ? "the results of " + record.name() + " (attempt " + record.attempt() + ")"
                                    : ";")
                    .append(" were not stored" + sink.by() + ": " + why);
            results.notStored(record, sink, why, pending.kept());
        });
        if (!told.isEmpty()) {
            told.append(pending.kept() == null ? "" : "; they are kept in " + pending.kept());
            if (!guard.isEnding()) {
                guard.log().warn(told.toString());
            }
        }
        if (!pending.notDeleted().isEmpty() && notDeletedIsTold.compareAndSet(false, true)) {
            context.problem(Problem.overcome(
                    "stored results could not be deleted, the first ones are " + pending.notDeleted()));
        }
        context.publish(stamp -> new RunEvent.Ingested(stamp, record, told.toString(), pending.files()));
    }

    /** Waits until all results are stored or given up, and completes the reports. */
    void close() {
        ingestion.close(context::problem);
        try {
            spool.close();
        } catch (IOException e) {
            context.problem(Problem.infrastructure("could not delete the directory " + spool + ": " + e));
        }
    }
}
