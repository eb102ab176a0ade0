package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The state of the provisioners: pending requests, and whether more systems may be requested. Not thread-safe. */
final class Supply {
    private static final int UNFIT_AT_MOST = 3;

    private static final class Source {
        private final Map<String, String> offers;
        private final Breaker breaker;
        private int asked;
        private int arriving;
        private int held;
        private int unfit;
        private @Nullable String exhausted;
        private boolean forGood;
        private @Nullable String unsuited;
        private @Nullable String lastFailure;

        Source(Map<String, String> offers, Breaker breaker) {
            this.offers = offers;
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
            if (breaker.isClosed()) {
                return Integer.MAX_VALUE;
            }
            return breaker.mayProbe(now) && asked == 0 && arriving == 0 ? 1 : 0;
        }
    }

    private final List<Source> sources = new ArrayList<>();

    Supply(List<Map<String, String>> offers, int window, Duration patience) {
        offers.forEach(offer -> sources.add(new Source(offer, new Breaker(window, patience))));
    }

    /** {@return the number of systems that are requested and have not arrived} */
    int asked() {
        int asked = 0;
        for (Source source : sources) {
            asked += source.asked;
        }
        return asked;
    }

    /** {@return whether a system was handed out whose facts are still being read} */
    boolean isArriving() {
        return sources.stream().anyMatch(source -> source.arriving > 0);
    }

    /**
     * Distributes a request over the provisioners that may have suitable systems, the least loaded first; returns the
     * number by provisioner.
     */
    Map<Integer, Integer> ask(int count, Predicate<Map<String, String>> fitting, Instant now) {
        Map<Integer, Integer> asks = new TreeMap<>();
        List<Integer> open = new ArrayList<>();
        for (int i = 0; i < sources.size() && count > 0; i++) {
            if (sources.get(i).canBeAsked(now) > 0 && fitting.test(sources.get(i).offers)) {
                open.add(i);
            }
        }
        for (int i = 0; i < count && !open.isEmpty(); i++) {
            Integer least = open.get(0);
            for (Integer candidate : open) {
                least = load(candidate) < load(least) ? candidate : least;
            }
            sources.get(least).asked++;
            asks.merge(least, 1, Integer::sum);
            if (sources.get(least).canBeAsked(now) == 0) {
                open.removeIf(least::equals);
            }
        }
        return asks;
    }

    private int load(int provisioner) {
        return sources.get(provisioner).asked + sources.get(provisioner).held;
    }

    void arriving(int provisioner) {
        sources.get(provisioner).arriving++;
    }

    void came(int provisioner) {
        Source source = sources.get(provisioner);
        source.arriving = Math.max(0, source.arriving - 1);
        source.held++;
        // More systems may arrive than are pending, if a request was cleared too late.
        source.asked = Math.max(0, source.asked - 1);
    }

    void gotBack(int provisioner) {
        Source source = sources.get(provisioner);
        source.held--;
        // A provisioner with a fixed number of systems has one again.
        if (!source.forGood) {
            source.exhausted = null;
        }
    }

    void exhausted(int provisioner, String why, boolean forGood) {
        Source source = sources.get(provisioner);
        source.exhausted = why;
        source.forGood |= forGood;
        source.asked = 0;
    }

    /** Records that requested systems will not arrive. */
    void notComing(int provisioner, int count, boolean arriving) {
        Source source = sources.get(provisioner);
        source.arriving = Math.max(0, source.arriving - (arriving ? 1 : 0));
        source.asked = Math.max(0, source.asked - count);
    }

    /** Records a failure of a system, except on a host that is known as bad. */
    void failed(int provisioner, String why, Instant now) {
        Source source = sources.get(provisioner);
        source.lastFailure = why;
        source.breaker.failed(now);
    }

    /** Records that a system is ready. */
    void worked(int provisioner) {
        Source source = sources.get(provisioner);
        source.breaker.worked();
        source.unfit = 0;
    }

    /**
     * Records a system that no waiting test can use. After three in a row the provisioner is assumed to have no other
     * systems.
     *
     * @param hopeless whether one such system is enough
     */
    void unfit(int provisioner, String why, boolean hopeless) {
        Source source = sources.get(provisioner);
        if (++source.unfit >= UNFIT_AT_MOST || hopeless) {
            source.unsuited = why;
        }
    }

    /** Clears all pending requests; returns the provisioners that must clear them too. */
    List<Integer> forgetAll() {
        List<Integer> asked = new ArrayList<>();
        for (int i = 0; i < sources.size(); i++) {
            Source source = sources.get(i);
            if (source.asked > 0) {
                source.asked = 0;
                asked.add(i);
            }
        }
        return asked;
    }

    /** {@return whether no provisioner with suitable systems will provide one, now or later} */
    boolean isHopeless(Predicate<Map<String, String>> fitting, Instant now) {
        return sources.stream()
                .allMatch(source -> source.isOut() || !fitting.test(source.offers) || source.breaker.isHopeless(now));
    }

    /** {@return when the next provisioner may be probed or becomes hopeless; null if none will} */
    @Nullable
    Instant wakeAt(Instant now) {
        Instant first = null;
        for (Source source : sources) {
            if (!source.isOut()) {
                first = earlierOf(first, source.breaker.probeAt(), now);
                first = earlierOf(first, source.breaker.hopelessAt(), now);
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
        for (Source source : sources) {
            int failed = source.breaker.failedSince();
            if (!fitting.test(source.offers)) {
                reasons.add("its systems have the labels " + source.offers + ", and " + waiting);
            }
            if (source.unsuited != null) {
                reasons.add(source.unsuited);
            }
            if (source.exhausted != null) {
                reasons.add(source.exhausted);
            }
            if (source.lastFailure != null && failed > 0) {
                reasons.add(
                        (failed > 1 ? failed + " systems in a row failed, the last one: " : "") + source.lastFailure);
            }
        }
        return reasons.isEmpty()
                ? "none was offered"
                : String.join("; ", reasons.stream().distinct().toList());
    }
}
