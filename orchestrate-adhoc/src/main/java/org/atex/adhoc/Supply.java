package org.atex.adhoc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the provisioners were asked for and may still be asked for. Failures of one count in a row: a system that works
 * sets them back, so that a long run survives many bad systems, and a hopeless provisioner is given up soon.
 */
final class Supply {
    private static final class Source {
        private final Map<String, String> offers;
        private int asked;
        private int held;
        private int failuresInARow;
        private @Nullable String exhausted;
        private @Nullable String givenUp;

        Source(Map<String, String> offers) {
            this.offers = offers;
        }

        boolean canBeAsked() {
            return exhausted == null && givenUp == null;
        }
    }

    private final List<Source> sources;
    private final int maxFailures;
    private String lastFailure = "none was offered";

    Supply(List<Map<String, String>> offers, int maxFailures) {
        this.sources = offers.stream().map(Source::new).toList();
        this.maxFailures = maxFailures;
    }

    /** {@return how many systems are asked for and have not come} */
    int asked() {
        int asked = 0;
        for (Source source : sources) {
            asked += source.asked;
        }
        return asked;
    }

    /** Spreads a wish over the provisioners that may still have something fitting; tells what to ask each for. */
    Map<Integer, Integer> ask(int count, Predicate<Map<String, String>> fitting) {
        Map<Integer, Integer> asks = new TreeMap<>();
        List<Integer> open = new ArrayList<>();
        for (int i = 0; i < sources.size() && count > 0; i++) {
            if (sources.get(i).canBeAsked() && fitting.test(sources.get(i).offers)) {
                open.add(i);
            }
        }
        for (int i = 0; i < count && !open.isEmpty(); i++) {
            int least = open.get(0);
            for (int candidate : open) {
                least = load(candidate) < load(least) ? candidate : least;
            }
            sources.get(least).asked++;
            asks.merge(least, 1, Integer::sum);
        }
        return asks;
    }

    private int load(int provisioner) {
        return sources.get(provisioner).asked + sources.get(provisioner).held;
    }

    void came(int provisioner) {
        Source source = sources.get(provisioner);
        source.held++;
        // More than was asked for may come: a wish that was forgotten too late.
        source.asked = Math.max(0, source.asked - 1);
    }

    void gotBack(int provisioner) {
        Source source = sources.get(provisioner);
        source.held--;
        source.exhausted = null;
    }

    void exhausted(int provisioner, String why) {
        Source source = sources.get(provisioner);
        source.exhausted = why;
        source.asked = 0;
    }

    /** A system that was asked for will not come. */
    void offerFailed(int provisioner, String why) {
        Source source = sources.get(provisioner);
        source.asked = Math.max(0, source.asked - 1);
        systemFailed(provisioner, why);
    }

    /** A system came, and is of no use. */
    void systemFailed(int provisioner, String why) {
        Source source = sources.get(provisioner);
        lastFailure = why;
        if (++source.failuresInARow >= maxFailures) {
            source.givenUp = source.failuresInARow + " systems in a row failed, the last one: " + why;
        }
    }

    /** A system does its work. */
    void worked(int provisioner) {
        sources.get(provisioner).failuresInARow = 0;
    }

    void giveUp(String why) {
        for (Source source : sources) {
            source.givenUp = source.givenUp == null ? why : source.givenUp;
        }
    }

    /** Forgets what was asked of provisioners that are given up; tells which must forget it too. */
    List<Integer> forgetGivenUp() {
        return forget(source -> source.givenUp != null);
    }

    /** Forgets all that was asked for; tells which provisioners must forget it too. */
    List<Integer> forgetAll() {
        return forget(source -> true);
    }

    private List<Integer> forget(Predicate<Source> which) {
        List<Integer> asked = new ArrayList<>();
        for (int i = 0; i < sources.size(); i++) {
            Source source = sources.get(i);
            if (source.asked > 0 && which.test(source)) {
                source.asked = 0;
                asked.add(i);
            }
        }
        return asked;
    }

    String whyNone() {
        List<String> reasons = new ArrayList<>();
        for (Source source : sources) {
            if (source.givenUp != null) {
                reasons.add(source.givenUp);
            } else if (source.exhausted != null) {
                reasons.add(source.exhausted);
            }
        }
        return reasons.isEmpty()
                ? lastFailure
                : String.join("; ", reasons.stream().distinct().toList());
    }
}
