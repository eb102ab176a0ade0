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
    /** A request is overdue after this multiple of the time that another provisioner takes. */
    private static final int PATIENCE_FACTOR = 3;

    private static final Duration LEAST_PATIENCE = Duration.ofMinutes(1);

    /**
     * The terms of a provisioner.
     *
     * @param offers the labels that it declares for its systems
     * @param preference provisioners with a higher number are asked first
     * @param maxSystems the maximum number of its systems at the same time
     * @param cost of provisioners with the same preference, cheaper ones are asked first
     * @param expected the time after which a request is overdue; null to compare it with other provisioners
     */
    record Terms(
            Map<String, String> offers,
            int preference,
            int maxSystems,
            double cost,
            @Nullable Duration expected) {
        Terms withAtMost(int count) {
            return new Terms(offers, preference, Math.min(maxSystems, count), cost, expected);
        }
    }

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

        /** The longest time that a system has taken to arrive, or null if none has arrived. */
        private @Nullable Duration longest;
        /** Whether its requests were withdrawn because they were overdue, and no system has arrived since. */
        private boolean isSlow;

        private int arriving;
        private int held;
        private int unfit;
        private @Nullable String exhausted;
        private boolean forGood;
        private @Nullable String unsuited;
        private @Nullable String lastFailure;
        /** Why it had no system when it was last asked for one that is pending. */
        private @Nullable String waiting;

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

        /** Returns whether it is asked for the same systems as another one, but for the number of its systems. */
        boolean isAsGoodAs(ProvisionerState other) {
            return preference >= other.preference && cost <= other.cost;
        }

        /** Returns whether it may have systems that fit. */
        boolean maySuit(Line line) {
            return line.mayFit(offers) && misses.getOrDefault(line, 0) < MAX_UNSUITABLE;
        }

        /** Removes the request that a system answers: one for tests that it fits, if there is one, else the oldest. */
        void answeredBy(Map<String, String> labels, Instant now) {
            Ask fitting = asked.stream()
                    .filter(ask -> ask.line().fits(labels))
                    .findFirst()
                    .orElse(null);
            if (fitting != null) {
                asked.remove(fitting);
                misses.remove(fitting.line());
                took(fitting, now);
            } else if (!asked.isEmpty()) {
                Ask oldest = asked.remove();
                took(oldest, now);
                if (!oldest.line().isEmpty()) {
                    misses.merge(oldest.line(), 1, Integer::sum);
                }
            }
        }

        private void took(Ask answered, Instant now) {
            Duration time = Duration.between(answered.since(), now);
            longest = longest == null || time.compareTo(longest) > 0 ? time : longest;
            isSlow = false;
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

    /** {@return the number of pending requests of a provisioner that have taken longer than expected} */
    private int overdue(ProvisionerState state, Instant now) {
        Duration patience = state.asked.isEmpty() ? null : patience(state, now);
        int overdue = 0;
        if (patience != null) {
            for (Ask ask : state.asked) {
                if (now.isBefore(ask.since().plus(patience))) {
                    break;
                }
                overdue++;
            }
        }
        // Arriving systems answer requests as soon as their facts are known.
        return Math.max(0, overdue - state.arriving);
    }

    /**
     * Returns the age at which the requests of a provisioner are overdue: the expected time, if there is one, else a
     * multiple of the time that another one takes which could be asked instead. Returns null if there is none.
     */
    private @Nullable Duration patience(ProvisionerState state, Instant now) {
        if (state.expected != null || provisioners.size() == 1) {
            return state.expected;
        }
        Line line = state.asked.getFirst().line();
        Duration least = null;
        for (ProvisionerState other : provisioners) {
            if (!other.equals(state)
                    && other.longest != null
                    && !other.isSlow
                    && other.isAsGoodAs(state)
                    && other.canBeAsked(now) > 0
                    && other.maySuit(line)) {
                Duration time = other.longest.multipliedBy(PATIENCE_FACTOR);
                least = least == null || time.compareTo(least) < 0 ? time : least;
            }
        }
        return least == null || least.compareTo(LEAST_PATIENCE) > 0 ? least : LEAST_PATIENCE;
    }

    /** Returns when the next request of a provisioner becomes overdue, or null. */
    private @Nullable Instant nextOverdue(ProvisionerState state, Instant now) {
        Duration patience = state.asked.isEmpty() ? null : patience(state, now);
        return patience == null
                ? null
                : state.asked.stream()
                        .map(ask -> ask.since().plus(patience))
                        .filter(then -> then.isAfter(now))
                        .findFirst()
                        .orElse(null);
    }

    /**
     * Clears the requests of provisioners with overdue ones, if others can be asked instead.
     *
     * @return the provisioners that must clear them too
     */
    List<Integer> withdrawOverdue(Instant now) {
        List<Integer> withdrawn = new ArrayList<>();
        for (int i = 0; i < provisioners.size(); i++) {
            ProvisionerState state = provisioners.get(i);
            if (overdue(state, now) > 0) {
                Line line = state.asked.getFirst().line();
                boolean instead = provisioners.stream()
                        .anyMatch(other -> !other.isSlow
                                && other.canBeAsked(now) > 0
                                && other.maySuit(line)
                                && overdue(other, now) == 0);
                if (instead) {
                    while (state.asked.size() > state.arriving) {
                        var unused = state.asked.removeLast();
                    }
                    state.isSlow = true;
                    withdrawn.add(i);
                }
            }
        }
        return withdrawn;
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
        provisioners.forEach(state -> pending.requests.put(state, state.asked.size() - overdue(state, now)));
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
     * first. A slow provisioner, or one with an overdue request, is asked only if there is no other.
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
        List<Integer> slow = open.stream()
                .filter(i -> provisioners.get(i).isSlow || overdue(provisioners.get(i), now) > 0)
                .toList();
        if (slow.size() < open.size()) {
            open.removeAll(slow);
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
    void came(int provisioner, Map<String, String> labels, Instant now) {
        ProvisionerState state = provisioners.get(provisioner);
        state.arriving = Math.max(0, state.arriving - 1);
        state.held++;
        state.waiting = null;
        // More systems may arrive than are pending, if a request was cleared too late.
        state.answeredBy(labels, now);
    }

    /** {@return whether more systems of a provisioner are in use or being given back than there may be} */
    boolean hasTooMany(int provisioner) {
        ProvisionerState state = provisioners.get(provisioner);
        return state.held > state.maxSystems;
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

    void waiting(int provisioner, String why) {
        provisioners.get(provisioner).waiting = why;
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
                first = earlierOf(first, nextOverdue(state, now), now);
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
            if (state.waiting != null && !state.asked.isEmpty()) {
                reasons.add(state.waiting);
            }
        }
        return reasons.isEmpty()
                ? "none was offered"
                : String.join("; ", reasons.stream().distinct().toList());
    }
}
