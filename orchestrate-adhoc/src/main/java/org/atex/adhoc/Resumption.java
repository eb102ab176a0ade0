package org.atex.adhoc;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.atex.api.AttemptCause;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.artifacts.EarlierAttempt;
import org.atex.artifacts.OpenFixture;
import org.atex.artifacts.Spool;
import org.atex.artifacts.SpooledAttempt;
import org.jspecify.annotations.Nullable;

/** How a run goes on whose program was killed: which tests have ended, and which run again. Not thread-safe. */
final class Resumption {
    /**
     * An attempt of the killed program.
     *
     * @param test its test; null if it is not planned any more
     * @param record its record, which says whether it is the last one
     * @param spooled its artifacts; null if all sinks have stored them
     */
    record Earlier(
            @Nullable PlannedTest test,
            TestRecord record,
            @Nullable SpooledAttempt spooled) {}

    private final Spool spool;
    private final Map<String, PlannedTest> planned;
    private final Map<String, PlannedFixture> fixtures = new HashMap<>();
    /** The attempts at each test, in their order. */
    private final Map<String, List<EarlierAttempt>> attempts = new LinkedHashMap<>();

    private final Set<String> ended;

    Resumption(RunPlan plan, Spool spool) {
        this.spool = spool;
        this.planned = plan.tests().stream().collect(Collectors.toMap(PlannedTest::name, Function.identity()));
        plan.tests().forEach(test -> test.fixtures.forEach(fixture -> fixtures.put(fixture.name(), fixture)));
        spool.earlier()
                .forEach(earlier -> attempts.computeIfAbsent(earlier.record().name(), name -> new ArrayList<>())
                        .add(earlier));
        Comparator<EarlierAttempt> byNumber =
                Comparator.comparingInt(earlier -> earlier.record().attempt());
        attempts.values().forEach(all -> all.sort(byNumber));
        this.ended = attempts.keySet().stream().filter(this::hasEnded).collect(Collectors.toSet());
        plan.tests().stream()
                .filter(test -> test.group != null && test.group.restarts() && !ended.contains(test.name()))
                .map(test -> test.group)
                .distinct()
                .toList()
                .forEach(group -> ended.removeIf(name -> isUndecidedIn(group, name)));
    }

    /** Its group starts again, unless its results are already stored. */
    private boolean isUndecidedIn(@Nullable PlannedGroup group, String name) {
        PlannedTest test = planned.get(name);
        return test != null
                && group != null
                && group.equals(test.group)
                && !latest(name).isDecided();
    }

    private EarlierAttempt latest(String name) {
        return attempts.getOrDefault(name, List.of()).getLast();
    }

    /** Returns whether a test does not run again. If it failed, and it is not certain that no rerun was due, it does. */
    private boolean hasEnded(String name) {
        EarlierAttempt latest = latest(name);
        Outcome outcome = latest.record().end().outcome();
        boolean isDecided = latest.isDecided() || outcome == Outcome.PASSED || outcome == Outcome.SKIPPED;
        return latest.record().last() && (isDecided || !planned.containsKey(name));
    }

    /** {@return the attempts of the killed program, in the order in which they began} */
    List<Earlier> attempts() {
        return spool.earlier().stream().map(this::earlier).toList();
    }

    private Earlier earlier(EarlierAttempt attempt) {
        TestRecord record = attempt.record();
        boolean last = ended.contains(record.name()) && attempt.equals(latest(record.name()));
        return new Earlier(
                planned.get(record.name()),
                record.last() == last ? record : record.withAttempt(record.attempt(), last),
                attempt.spooled());
    }

    /** {@return the fixtures that are still started, with the planned ones} */
    Map<OpenFixture, @Nullable PlannedFixture> openFixtures() {
        Map<OpenFixture, @Nullable PlannedFixture> open = new LinkedHashMap<>();
        spool.openFixtures().forEach(fixture -> open.put(fixture, fixtures.get(fixture.name())));
        return open;
    }

    /** Gives the planned tests their attempts. {@return the end of each test that does not run again} */
    Map<PlannedTest, TestEnd> takeOver() {
        Map<PlannedTest, TestEnd> ends = new LinkedHashMap<>();
        attempts.forEach((name, all) -> {
            PlannedTest test = planned.get(name);
            if (test == null || test.isConcluded()) {
                return;
            }
            TestRecord latest = all.getLast().record();
            test.resumed(all.stream().map(EarlierAttempt::record).toList());
            if (ended.contains(name)) {
                ends.put(test, latest.end());
            } else {
                test.goesOn(latest.last() ? AttemptCause.RESUMED : AttemptCause.RERUN);
            }
        });
        return ends;
    }

    @Override
    public String toString() {
        long known = ended.stream().filter(planned::containsKey).count();
        return "this goes on with the run " + spool.run() + ", whose program was killed: " + known + " of "
                + planned.size() + " tests had ended";
    }
}
