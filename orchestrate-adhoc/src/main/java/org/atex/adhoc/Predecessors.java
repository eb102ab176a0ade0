package org.atex.adhoc;

import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.artifacts.PastRun;
import org.atex.support.Plural;

/**
 * The tests that ran on a system before another test, since the system was started or reset: the suspects of a
 * {@link CulpritSearch}.
 *
 * {@snippet :
 * List<String> before = Predecessors.of(PastRun.read(directory)).before("/network/mtu");
 * }
 *
 * <p>A journal does not tell of resets. It is assumed that a system is reset after a destructive test, and after a test
 * that has made it unusable. An object that listens to a run knows all resets.
 *
 * <p>Of a test on several systems, only the first system is known.
 *
 * <p>Thread safety: thread-safe.
 */
public final class Predecessors implements RunListener {
    private record Use(TestRecord record, Place place) {}

    /** A system since it was last ready. */
    private record Place(SystemInfo system, int ready) {}

    private record AttemptKey(String test, int number) {}

    private final Map<AttemptKey, Use> uses = new LinkedHashMap<>();
    /** How often each system became ready. */
    private final Map<SystemInfo, Integer> ready = new HashMap<>();

    private Predecessors() {}

    /**
     * {@return the predecessors in a past run}
     *
     * @param run the run
     */
    public static Predecessors of(PastRun run) {
        return of(run.attempts());
    }

    /**
     * {@return the predecessors among the attempts of one run}
     *
     * @param attempts the attempts, in any order
     */
    public static Predecessors of(Collection<TestRecord> attempts) {
        Predecessors all = new Predecessors();
        attempts.forEach(all::add);
        return all;
    }

    /** {@return an object without attempts, which learns them as a listener of one run} */
    public static Predecessors live() {
        return new Predecessors();
    }

    @Override
    public synchronized void on(RunEvent event) {
        if (event instanceof RunEvent.SystemReady system) {
            ready.merge(system.system(), 1, Integer::sum);
        } else if (event instanceof RunEvent.TestFinished finished) {
            add(finished.record());
        }
    }

    private synchronized void add(TestRecord record) {
        SystemInfo system = record.system();
        if (system != null) {
            // The event of an attempt is sent again if its rerun is given up: the last one counts.
            uses.put(
                    new AttemptKey(record.name(), record.attempt()),
                    new Use(record, new Place(system, ready.getOrDefault(system, 0))));
        }
    }

    /**
     * {@return the names of the tests that started on the system of a test before it, in the order of their starts} The
     * attempt at the test that counts is the last one that failed, or else the last one. Empty if the test never started,
     * or was the first one on its system.
     *
     * @param test the name of the test
     */
    public synchronized List<String> before(String test) {
        Comparator<Use> byStart = Comparator.comparing(use -> use.record().started());
        Use last = uses.values().stream()
                .filter(use -> use.record().name().equals(test))
                .max(Comparator.<Use>comparingInt(use -> hasFailed(use.record()) ? 1 : 0)
                        .thenComparing(byStart))
                .orElse(null);
        if (last == null) {
            return List.of();
        }
        Instant start = last.record().started();
        Set<String> names = new LinkedHashSet<>();
        uses.values().stream()
                .filter(use -> use.place().equals(last.place()))
                .filter(use -> !use.record().name().equals(test))
                .filter(use -> use.record().started().isBefore(start))
                .sorted(byStart)
                .map(Use::record)
                .forEach(record -> {
                    names.remove(record.name()); // the last of several attempts counts
                    names.add(record.name());
                    boolean ended = !record.started().plus(record.took()).isAfter(start);
                    if (ended && (record.test().destructive() || !record.end().systemUsable())) {
                        names.clear();
                    }
                });
        return List.copyOf(names);
    }

    private static boolean hasFailed(TestRecord record) {
        return record.end().outcome().verdict() == Verdict.FAILED;
    }

    /** {@return the number of attempts, for messages} */
    @Override
    public synchronized String toString() {
        return Plural.of(uses.size(), "attempt") + " on "
                + Plural.of(uses.values().stream().map(Use::place).distinct().count(), "system");
    }
}
