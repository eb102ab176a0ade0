package org.atex.adhoc;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/**
 * A test that runs on several systems at once. For the {@link Matching}, each of its systems has a {@linkplain #members
 * member}, a planned test of its own; attempts and ends are those of the whole test. Confined to the {@link Schedule}.
 */
final class Gang {
    /** Where a member runs. */
    record Place(PlannedTest member, PoolSystem system, int slot) {}

    /** The end of a member that did not start. */
    static final TestEnd NOT_STARTED = TestEnd.of(Outcome.CANCELLED, "not started");

    /** The whole test. */
    final PlannedTest test;
    /** The members; the first one holds the locks of all of them. */
    final List<PlannedTest> members = new ArrayList<>();

    /** The checkpoints that its members pass in this order. */
    final List<String> order;

    private final boolean oneFailureEndsAll;

    /** Whether free systems are kept for it until it has all that it needs. */
    boolean gathers;

    /** Whether it does not gather until another system is ready, because nothing could run meanwhile. */
    boolean givesWay;

    /** When it waited for the first time, or null. */
    @Nullable
    Instant since;
    /** How many systems were given back since there were not enough at once. */
    int exchanged;

    private final Map<PlannedTest, Place> places = new LinkedHashMap<>();
    /** In the order in which they ended. */
    private final Map<PlannedTest, TestEnd> ends = new LinkedHashMap<>();

    private int notStarted;
    private boolean cancelled;
    /** Why there is no disk space for its artifacts, if that ended a member; else null. */
    private @Nullable String noSpace;

    Gang(PlannedTest test, boolean oneFailureEndsAll, List<String> order) {
        this.test = test;
        this.oneFailureEndsAll = oneFailureEndsAll;
        this.order = order;
    }

    PlannedTest leader() {
        return members.get(0);
    }

    void runsAt(Place place) {
        gathers = false;
        since = null;
        exchanged = 0;
        places.put(place.member(), place);
    }

    List<Place> places() {
        return List.copyOf(places.values());
    }

    void notStarted() {
        notStarted++;
    }

    void ended(PlannedTest member, TestEnd end) {
        ends.put(member, end);
    }

    void noSpace(String why) {
        noSpace = why;
    }

    @Nullable
    String noSpace() {
        return noSpace;
    }

    /** {@return whether all members have ended} */
    boolean isEnded() {
        return !places.isEmpty() && ends.size() == places.size();
    }

    /** {@return whether a member has started} */
    boolean hasStarted() {
        return notStarted < places.size();
    }

    TestEnd endOf(Place place) {
        TestEnd end = ends.get(place.member());
        if (end == null) {
            throw new IllegalStateException(place.member().name() + " has not ended");
        }
        return end;
    }

    /** {@return the places of the members that must end because of the end of one, once; empty if they go on} */
    List<Place> endedBy(TestEnd end) {
        // A member does not start if it is cancelled, which the others are then as well.
        boolean isCause = oneFailureEndsAll && isBad(end) && !end.equals(NOT_STARTED);
        if (cancelled || noSpace == null && !isCause) {
            return List.of();
        }
        cancelled = true;
        return places.values().stream()
                .filter(place -> !ends.containsKey(place.member()))
                .toList();
    }

    /** {@return the end of the whole test} */
    TestEnd end() {
        Map<String, TestEnd> byGuest = new LinkedHashMap<>();
        ends.forEach((member, end) -> byGuest.put(member.guest().name(), end));
        return end(byGuest);
    }

    /** {@return its places, which it leaves} */
    List<Place> leave() {
        List<Place> all = places();
        places.clear();
        ends.clear();
        notStarted = 0;
        cancelled = false;
        noSpace = null;
        return all;
    }

    /**
     * {@return the end of a test on several systems} It is that of the first system on which the test did not pass, or
     * of the first one that was lost, as that explains failures on others.
     *
     * @param ends the end on each system, in the order in which they ended
     */
    static TestEnd end(Map<String, TestEnd> ends) {
        TestEnd cause = null;
        for (TestEnd end : ends.values()) {
            boolean explains = cause != null && cause.outcome() != Outcome.LOST && end.outcome() == Outcome.LOST;
            cause = isBad(end) && (cause == null || explains) ? end : cause;
        }
        boolean usable = ends.values().stream().allMatch(TestEnd::systemUsable);
        if (cause == null) {
            boolean skipped = ends.values().stream().allMatch(end -> end.outcome() == Outcome.SKIPPED);
            return new TestEnd(skipped ? Outcome.SKIPPED : Outcome.PASSED, null, null, usable);
        }
        Outcome outcome = cause.outcome();
        String note = ends.entrySet().stream()
                .filter(entry -> isBad(entry.getValue()))
                .filter(entry ->
                        outcome == Outcome.CANCELLED || entry.getValue().outcome() != Outcome.CANCELLED)
                .map(entry -> entry.getKey() + ": " + words(entry.getValue()))
                .collect(Collectors.joining("; "));
        return new TestEnd(outcome, cause.exitCode(), note, usable);
    }

    static boolean isBad(TestEnd end) {
        return end.outcome() != Outcome.PASSED && end.outcome() != Outcome.SKIPPED;
    }

    static String words(TestEnd end) {
        return end.note() == null ? DependentTests.words(end) : end.note();
    }
}
