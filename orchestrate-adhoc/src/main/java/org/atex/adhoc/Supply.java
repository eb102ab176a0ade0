package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The state of the provisioners: pending requests, and whether more systems may be requested. Not thread-safe. */
final class Supply {
    private static final int MAX_UNSUITABLE = 3;

    /**
     * The terms of a provisioner.
     *
     * @param offers the labels that it declares for its systems
     * @param preference provisioners with a higher number are asked first
     * @param maxSystems the maximum number of its systems at the same time
     * @param cost of provisioners with the same preference, cheaper ones are asked first
     * @param expected the time after which a request is overdue, or null
     */
    record Terms(
            Map<String, String> offers,
            int preference,
            int maxSystems,
            double cost,
            @Nullable Duration expected) {}

    /**
     * A pending request.
     *
     * @param since when it was made
     * @param line the tests for which it was made
     */
    private record Ask(Instant since, Line line) {}

    private static final class ProvisionerState {
        private final Map<String, String> offers;
        private final int preference;
        private final int maxSystems;
        private final double cost;
        private final @Nullable Duration expected;
        private final CircuitBreaker breaker;
        /** Its pending requests, the oldest first. */
        private final Deque<Ask> asked = new ArrayDeque<>();
        /** How many systems in a row did not fit the tests for which they were requested. */
        private final Map<Line, Integer> misses = new HashMap<>();

        private int arriving;
        private int held;
        private int unfit;
        private @Nullable String exhausted;
        private boolean forGood;
        private @Nullable String unsuited;
        private @Nullable String lastFailure;

        ProvisionerState(Terms terms, CircuitBreaker breaker) {
            offers = terms.offers();
            preference = terms.preference();
            maxSystems = terms.maxSystems();
            cost = terms.cost();
            expected = terms.expected();
            this.breaker = breaker;
        }

        /** Returns whether no system can be requested until one is released, or ever. */
        boolean isOut() {
            return exhausted != null || unsuited != null;
        }

        int canBeAsked(Instant now) {
            if (isOut()) {
                return 0;
            }
            int free = maxSystems - load();
            if (breaker.isClosed()) {
                return Math.max(0, free);
            }
            return free > 0 && breaker.mayProbe(now) && asked.isEmpty() && arriving == 0 ? 1 : 0;
        }

        /** Returns the number of pending requests that have taken longer than expected. */
        int overdue(Instant now) {
            int overdue = 0;
            for (Ask ask : asked) {
                if (expected == null || now.isBefore(ask.since().plus(expected))) {
                    break;
                }
                overdue++;
            }
            return overdue;
        }

        /** Returns when the next request becomes overdue, or null. */
        @Nullable
        Instant nextOverdue(Instant now) {
            return expected == null
                    ? null
                    : asked.stream()
                            .map(ask -> ask.since().plus(expected))
                            .filter(then -> then.isAfter(now))
                            .findFirst()
                            .orElse(null);
        }

        /** Returns whether it may have systems that fit. */
        boolean maySuit(Line line) {
            return line.mayFit(offers) && misses.getOrDefault(line, 0) < MAX_UNSUITABLE;
        }

        /** Removes the request that a system answers: one for tests that it fits, if there is one, else the oldest. */
        void answeredBy(Map<String, String> labels) {
            Ask fitting = asked.stream()
                    .filter(ask -> ask.line().fits(labels))
                    .findFirst()
                    .orElse(null);
            if (fitting != null) {
                asked.remove(fitting);
                misses.remove(fitting.line());
            } else if (!asked.isEmpty()) {
                Line line = asked.remove().line();
                if (!line.isEmpty()) {
                    misses.merge(line, 1, Integer::sum);
                }
            }
        }

        /** Removes pending requests, the oldest first. */
        void answered(int count) {
            for (int i = 0; i < count && !asked.isEmpty(); i++) {
                asked.remove();
            }
        }

        /** Returns the number of systems that are requested, in use or being given back. */
        int load() {
            return asked.size() + held;
        }
    }

    private static final Comparator<ProvisionerState> FIRST_ASKED = Comparator.comparingInt(
                    (ProvisionerState state) -> state.preference)
            .reversed()
            .thenComparingDouble(state -> state.cost)
            .thenComparingInt(ProvisionerState::load);

    private final List<ProvisionerState> provisioners = new ArrayList<>();
    private final boolean hasCosts;

    Supply(List<Terms> sources, int window, Duration patience) {
        hasCosts = sources.stream().map(Terms::cost).distinct().count() > 1;
        sources.forEach(terms -> provisioners.add(new ProvisionerState(terms, new CircuitBreaker(window, patience))));
    }

    /** {@return whether the cost of systems differs} */
    boolean hasCosts() {
        return hasCosts;
    }

    /** {@return the cost of a system} */
    double cost(PoolSystem system) {
        return provisioners.get(system.facts.provisioner()).cost;
    }

    /** {@return the number of systems that are requested and have not arrived} */
    int asked() {
        int asked = 0;
        for (ProvisionerState state : provisioners) {
            asked += state.asked.size();
        }
        return asked;
    }

    /** {@return the number of pending requests that have taken longer than expected} */
    int overdue(Instant now) {
        int overdue = 0;
        for (ProvisionerState state : provisioners) {
            overdue += state.overdue(now);
        }
        return overdue;
    }

    /** {@return the tests for which the pending requests of a provisioner were made, the oldest first} */
    List<Line> requests(int provisioner) {
        return provisioners.get(provisioner).asked.stream().map(Ask::line).toList();
    }

    /** {@return whether a system was handed out whose facts are still being read} */
    boolean isArriving() {
        return provisioners.stream().anyMatch(state -> state.arriving > 0);
    }

    /** Pending requests that tests have not been counted for yet. */
    static final class Pending {
        private final Map<ProvisionerState, Integer> requests = new HashMap<>();

        /**
         * {@return the number of requests for tests, which are not counted again}
         *
         * @param count the number of tests
         * @param fitting whether systems with these labels may suit them
         */
        int take(int count, Predicate<Map<String, String>> fitting) {
            int taken = 0;
            for (Map.Entry<ProvisionerState, Integer> entry : requests.entrySet()) {
                if (taken < count && fitting.test(entry.getKey().offers)) {
                    int used = Math.min(count - taken, entry.getValue());
                    entry.setValue(entry.getValue() - used);
                    taken += used;
                }
            }
            return taken;
        }
    }

    /** {@return the pending requests} An overdue request does not keep others from being made, so it is not included. */
    Pending pending(Instant now) {
        Pending pending = new Pending();
        provisioners.forEach(state -> pending.requests.put(state, state.asked.size() - state.overdue(now)));
        return pending;
    }

    /** {@return the number of provisioners that may have suitable systems} */
    long fitting(Line line) {
        return provisioners.stream().filter(state -> state.maySuit(line)).count();
    }

    /** {@return whether a system can be requested that may suit some of the tests} */
    boolean canBeAsked(Collection<Line> lines, Instant now) {
        for (ProvisionerState state : provisioners) {
            if (state.canBeAsked(now) > 0 && lines.stream().anyMatch(state::maySuit)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Distributes requests over the provisioners that may have suitable systems, the preferred and the least loaded
     * first. A provisioner with an overdue request is asked only if there is no other.
     *
     * @param count the number of systems
     * @param line the tests for which they are requested
     * @param asks receives the number by provisioner
     * @return the number of requests
     */
    int ask(int count, Line line, Instant now, Map<Integer, Integer> asks) {
        List<Integer> open = new ArrayList<>();
        for (int i = 0; i < provisioners.size() && count > 0; i++) {
            if (provisioners.get(i).canBeAsked(now) > 0 && provisioners.get(i).maySuit(line)) {
                open.add(i);
            }
        }
        if (open.stream().anyMatch(i -> provisioners.get(i).overdue(now) == 0)) {
            open.removeIf(i -> provisioners.get(i).overdue(now) > 0);
        }
        int made = 0;
        while (made < count && !open.isEmpty()) {
            Integer least = Collections.min(open, Comparator.comparing(provisioners::get, FIRST_ASKED));
            provisioners.get(least).asked.add(new Ask(now, line));
            asks.merge(least, 1, Integer::sum);
            made++;
            if (provisioners.get(least).canBeAsked(now) == 0) {
                open.removeIf(least::equals);
            }
        }
        return made;
    }

    void arriving(int provisioner) {
        provisioners.get(provisioner).arriving++;
    }

    /** A system has come, with these labels. */
    void came(int provisioner, Map<String, String> labels) {
        ProvisionerState state = provisioners.get(provisioner);
        state.arriving = Math.max(0, state.arriving - 1);
        state.held++;
        // More systems may arrive than are pending, if a request was cleared too late.
        state.answeredBy(labels);
    }

    void gotBack(int provisioner) {
        ProvisionerState state = provisioners.get(provisioner);
        state.held--;
        // A provisioner with a fixed number of systems has one again.
        if (!state.forGood) {
            state.exhausted = null;
        }
    }

    void exhausted(int provisioner, String why, boolean forGood) {
        ProvisionerState state = provisioners.get(provisioner);
        state.exhausted = why;
        state.forGood |= forGood;
        state.asked.clear();
    }

    /** Records that requested systems will not arrive. */
    void notComing(int provisioner, int count, boolean arriving) {
        ProvisionerState state = provisioners.get(provisioner);
        state.arriving = Math.max(0, state.arriving - (arriving ? 1 : 0));
        state.answered(count);
    }

    /** Records a failure of a system, except on a host that is known as bad. */
    void failed(int provisioner, String why, Instant now) {
        ProvisionerState state = provisioners.get(provisioner);
        state.lastFailure = why;
        state.breaker.failed(now);
    }

    /** Records that a system is ready. */
    void worked(int provisioner) {
        ProvisionerState state = provisioners.get(provisioner);
        state.breaker.worked();
        state.unfit = 0;
    }

    /**
     * Records a system that no waiting test can use. After three in a row the provisioner is assumed to have no other
     * systems.
     *
     * @param hopeless whether one such system is enough
     */
    void unfit(int provisioner, String why, boolean hopeless) {
        ProvisionerState state = provisioners.get(provisioner);
        if (++state.unfit >= MAX_UNSUITABLE || hopeless) {
            state.unsuited = why;
        }
    }

    /** Forgets which provisioners had no suitable systems: other tests wait now than when that was found. */
    void reconsider() {
        for (ProvisionerState state : provisioners) {
            state.unsuited = null;
            state.unfit = 0;
        }
    }

    /** Clears all pending requests; returns the provisioners that must clear them too. */
    List<Integer> forgetAll() {
        List<Integer> asked = new ArrayList<>();
        for (int i = 0; i < provisioners.size(); i++) {
            ProvisionerState state = provisioners.get(i);
            if (!state.asked.isEmpty()) {
                state.asked.clear();
                asked.add(i);
            }
        }
        return asked;
    }

    /** {@return whether each provisioner with suitable systems has as many as it may have} */
    boolean isFull(Collection<Line> lines) {
        return provisioners.stream()
                .filter(state -> lines.stream().anyMatch(state::maySuit))
                .allMatch(state -> state.load() >= state.maxSystems);
    }

    /** {@return whether no provisioner with suitable systems will provide one, now or later} */
    boolean isHopeless(Collection<Line> waiting, Instant now) {
        return provisioners.stream()
                .allMatch(state -> state.isOut()
                        || waiting.stream().noneMatch(line -> !line.isEmpty() && state.maySuit(line))
                        || state.breaker.isHopeless(now));
    }

    /**
     * {@return when the next provisioner may be probed or becomes hopeless, or a request becomes overdue; null if none
     * will}
     */
    @Nullable
    Instant wakeAt(Instant now) {
        Instant first = null;
        for (ProvisionerState state : provisioners) {
            if (!state.isOut()) {
                first = earlierOf(first, state.breaker.probeAt(), now);
                first = earlierOf(first, state.breaker.hopelessAt(), now);
                first = earlierOf(first, state.nextOverdue(now), now);
            }
        }
        return first;
    }

    private static @Nullable Instant earlierOf(@Nullable Instant a, @Nullable Instant b, Instant now) {
        if (b == null || !b.isAfter(now)) {
            return a;
        }
        return a == null || b.isBefore(a) ? b : a;
    }

    /**
     * {@return the distinct reasons why there is no system}
     *
     * @param fitting whether a provisioner with these labels may have suitable systems
     * @param waiting a description of the waiting tests, for the message
     */
    String whyNone(Predicate<Map<String, String>> fitting, String waiting) {
        List<String> reasons = new ArrayList<>();
        for (ProvisionerState state : provisioners) {
            int failed = state.breaker.failedSince();
            if (!fitting.test(state.offers)) {
                reasons.add("its systems have the labels " + state.offers + ", and " + waiting);
            }
            if (state.unsuited != null) {
                reasons.add(state.unsuited);
            }
            if (state.exhausted != null) {
                reasons.add(state.exhausted);
            }
            if (state.lastFailure != null && failed > 0) {
                reasons.add(
                        (failed > 1 ? failed + " systems in a row failed, the last one: " : "") + state.lastFailure);
            }
        }
        return reasons.isEmpty()
                ? "none was offered"
                : String.join("; ", reasons.stream().distinct().toList());
    }
}
