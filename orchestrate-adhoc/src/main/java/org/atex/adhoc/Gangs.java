package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import org.atex.adhoc.PlannedTest.Demand;
import org.atex.adhoc.PoolSystem.Phase;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/**
 * Finds systems for tests that run on several at once. All members start together or none. The first test in the order
 * that has enough ready systems gathers them: each one that becomes free is kept for it, so that smaller tests do not
 * overtake it again and again. Only one test gathers at a time, so that two never wait for each other's systems. Part of
 * the {@link Schedule}; not thread-safe.
 */
final class Gangs {
    /** The properties that decide on which systems a member can start. */
    private record Shape(
            Demand demand,
            @Nullable Duration expected,
            @Nullable Duration limit) {}

    /** How long a test lets others use ready systems while some of those that it needs are being made. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final WaitingTests waiting;
    private final Matching matching;
    /** The systems that are kept. */
    private final Set<PoolSystem> kept = new LinkedHashSet<>();
    /** Whether a system that was kept for one test has just been kept for another. */
    private boolean keepsForAnother;

    Gangs(WaitingTests waiting, Matching matching) {
        this.waiting = waiting;
        this.matching = matching;
    }

    /** {@return whether no such test waits, and no system is kept for one} */
    boolean isEmpty() {
        return waiting.gangs().isEmpty() && kept.isEmpty();
    }

    /**
     * {@return the tier of the first waiting test that could run if it had systems} Tests of a lower tier are before it.
     */
    int firstTier() {
        return waiting.gangs().stream()
                .filter(this::mayRun)
                .mapToInt(gang -> gang.test.tier())
                .findFirst()
                .orElse(Integer.MAX_VALUE);
    }

    /** {@return whether a test could start if it had systems} */
    boolean mayRun(Gang gang) {
        return waiting.whyLocked(gang.test).isEmpty()
                && matching.mayRun(gang.leader().kind.demand());
    }

    /**
     * {@return the systems for each member of a test that starts now, or null if none can start} Keeps free systems for
     * the first test that has to wait for some.
     *
     * @param requests the number of pending requests for systems
     */
    @Nullable
    Map<PlannedTest, PoolSystem> next(Collection<PoolSystem> systems, int requests, Instant now) {
        Set<List<Shape>> failed = new HashSet<>();
        Gang gathering = null;
        Set<PoolSystem> keep = new LinkedHashSet<>();
        for (Gang gang : waiting.gangs()) {
            List<Shape> shape = shape(gang);
            if (!mayRun(gang) || failed.contains(shape)) {
                gang.gathers = false;
                continue;
            }
            Map<PlannedTest, PoolSystem> found = placeNow(gang, systems, now);
            if (found.size() == gang.members.size()) {
                return found;
            }
            failed.add(shape);
            gang.since = gang.since == null ? now : gang.since;
            gang.gathers =
                    gathering == null && !gang.givesWay && (gang.gathers || mayGather(gang, systems, requests, now));
            if (gang.gathers) {
                gathering = gang;
                keep.addAll(found.values());
                keep(gang, found, systems, keep);
            }
        }
        List<PoolSystem> unused =
                kept.stream().filter(system -> !keep.contains(system)).toList();
        unused.forEach(this::free);
        boolean changed = !unused.isEmpty() || keepsForAnother;
        keepsForAnother = false;
        // Then another test, or the one that keeps them now, may be able to start.
        return changed ? next(systems, requests, now) : null;
    }

    /** {@return a waiting test that could start now, or null; between events it must be null (for tests)} */
    @Nullable
    PlannedTest startable(Collection<PoolSystem> systems, Instant now) {
        return waiting.gangs().stream()
                .filter(gang -> mayRun(gang) && placeNow(gang, systems, now).size() == gang.members.size())
                .map(gang -> gang.test)
                .findFirst()
                .orElse(null);
    }

    private static List<Shape> shape(Gang gang) {
        return gang.members.stream()
                .map(member -> new Shape(member.kind.demand(), member.facts.expected(), member.facts.limit()))
                .toList();
    }

    private void keep(
            Gang gang, Map<PlannedTest, PoolSystem> found, Collection<PoolSystem> systems, Set<PoolSystem> keep) {
        found.forEach((member, system) -> keep(gang, member, system));
        for (PlannedTest member : gang.members) {
            if (!found.containsKey(member) && needsWhole(member)) {
                // Otherwise other tests would keep all of its slots busy in turn.
                systems.stream()
                        .filter(system -> fits(member, system)
                                && system.isInUse()
                                && !system.isChoosing()
                                && !keep.contains(system))
                        .min(Comparator.comparingInt(PoolSystem::runningNow))
                        .ifPresent(system -> {
                            keep.add(system);
                            keep(gang, member, system);
                        });
            }
        }
    }

    private void keep(Gang gang, PlannedTest member, PoolSystem system) {
        kept.add(system);
        keepsForAnother |= system.isKeptForAnother(gang);
        system.keepFor(gang, needsWhole(member));
    }

    private void free(PoolSystem system) {
        kept.remove(system);
        system.keepFor(null, false);
    }

    /** Another system is ready, so that there may be enough. */
    void ready() {
        waiting.gangs().forEach(gang -> gang.givesWay = false);
    }

    /** Frees all systems that are kept, until another one is ready. {@return whether there were some} */
    boolean stopGathering() {
        boolean some = !kept.isEmpty();
        waiting.gangs().forEach(gang -> {
            gang.gathers = false;
            gang.givesWay = true;
        });
        List.copyOf(kept).forEach(this::free);
        return some;
    }

    void gone(PoolSystem system) {
        kept.remove(system);
    }

    private static boolean needsWhole(PlannedTest member) {
        Demand demand = member.kind.demand();
        return demand.destructive() || !demand.locks().isEmpty();
    }

    /**
     * Returns whether enough systems are ready, idle or not; after some time, also whether they are coming. A rerun on
     * fresh systems waits for new ones anyway.
     */
    private boolean mayGather(Gang gang, Collection<PoolSystem> systems, int requests, Instant now) {
        boolean patient = gang.since == null || now.isBefore(gang.since.plus(PATIENCE));
        if (!patient && lacking(gang, systems).size() <= requests) {
            return true;
        }
        return gang.members.stream().anyMatch(member -> member.kind.demand().fresh())
                || place(gang, systems, (member, system) -> fits(member, system) && system.isInUse())
                                .size()
                        == gang.members.size();
    }

    private static boolean fits(PlannedTest member, PoolSystem system) {
        Demand demand = member.kind.demand();
        return demand.isMetBy(system.facts.labels())
                && !demand.avoided().contains(system.host)
                && !(demand.fresh() && system.hasWorked);
    }

    private boolean canStart(Gang gang, PlannedTest member, PoolSystem system, Instant now) {
        return system.hasIdleSlotFor(gang)
                && fits(member, system)
                && member.kind.demand().accepts(system)
                && system.isWholeFor(member)
                && matching.isFreeForGang(gang.test, system, now)
                && matching.endsInTime(member, system, now);
    }

    /** {@return a system for each member that could start now} */
    private Map<PlannedTest, PoolSystem> placeNow(Gang gang, Collection<PoolSystem> systems, Instant now) {
        return place(gang, systems, (member, system) -> canStart(gang, member, system, now));
    }

    /**
     * {@return a system of its own for each member, or for as many members as possible} This is a maximum matching in a
     * bipartite graph, found by augmenting paths (Kuhn's algorithm).
     */
    private static Map<PlannedTest, PoolSystem> place(
            Gang gang, Collection<PoolSystem> systems, BiPredicate<PlannedTest, PoolSystem> suits) {
        Map<PoolSystem, PlannedTest> users = new LinkedHashMap<>();
        for (PlannedTest member : gang.members) {
            augment(member, systems, suits, users, new HashSet<>());
        }
        Map<PlannedTest, PoolSystem> placed = new LinkedHashMap<>();
        gang.members.forEach(member -> users.forEach((system, user) -> {
            if (user.equals(member)) {
                placed.put(member, system);
            }
        }));
        return placed;
    }

    private static boolean augment(
            PlannedTest member,
            Collection<PoolSystem> systems,
            BiPredicate<PlannedTest, PoolSystem> suits,
            Map<PoolSystem, PlannedTest> users,
            Set<PoolSystem> seen) {
        for (PoolSystem system : systems) {
            if (!users.containsKey(system) && suits.test(member, system)) {
                users.put(system, member);
                return true;
            }
        }
        for (Map.Entry<PoolSystem, PlannedTest> taken : List.copyOf(users.entrySet())) {
            PoolSystem system = taken.getKey();
            if (suits.test(member, system)
                    && seen.add(system)
                    && augment(taken.getValue(), systems, suits, users, seen)) {
                users.put(system, member);
                return true;
            }
        }
        return false;
    }

    /** {@return the first waiting test, or null} */
    @Nullable
    Gang first() {
        return waiting.gangs().isEmpty() ? null : waiting.gangs().first();
    }

    /** {@return whether a test could use the system, if it were free long enough} */
    boolean needs(Gang gang, PoolSystem system) {
        return gang.members.stream().anyMatch(member -> fits(member, system));
    }

    /** {@return the waiting tests that can run on the same systems as this one} */
    List<Gang> alike(Gang gang) {
        List<Shape> shape = shape(gang);
        return waiting.gangs().stream()
                .filter(other -> shape(other).equals(shape))
                .toList();
    }

    /** {@return the members of a test for which there is no system, neither ready nor in preparation} */
    List<PlannedTest> lacking(Gang gang, Collection<PoolSystem> systems) {
        Map<PlannedTest, PoolSystem> found =
                place(gang, systems, (member, system) -> fits(member, system) && system.isOrWillBeInUse());
        return gang.members.stream()
                .filter(member -> !found.containsKey(member))
                .toList();
    }

    /** {@return the idle systems that a test cannot use, although it lacks some} */
    List<PoolSystem> useless(Gang gang, Collection<PoolSystem> systems, Instant now) {
        Collection<PoolSystem> used = placeNow(gang, systems, now).values();
        return systems.stream()
                .filter(system -> system.phase == Phase.READY && system.isIdle() && !used.contains(system))
                .toList();
    }

    /** {@return a description of a waiting test and the systems that it lacks, for people} */
    String whatLacks(Gang gang, List<PlannedTest> members) {
        String names = members.stream()
                .map(member -> member.guest().name()
                        + (member.kind.demand().needs().isEmpty()
                                ? ""
                                : " (with " + member.kind.demand().needs() + ")"))
                .collect(Collectors.joining(", "));
        return Plural.of(gang.members.size(), "system") + " at once"
                + (members.isEmpty() ? "" : ", without one for " + names);
    }

    /** {@return why a waiting test does not run, for people} */
    String whyNot(Gang gang, Collection<PoolSystem> systems, Instant now) {
        Map<PlannedTest, PoolSystem> found = placeNow(gang, systems, now);
        List<PlannedTest> missing = new ArrayList<>(gang.members);
        missing.removeAll(found.keySet());
        return "for " + whatLacks(gang, missing);
    }
}
