package org.atex.adhoc;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.atex.adhoc.PlannedTest.Demand;
import org.atex.adhoc.PlannedTest.Kind;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/**
 * The waiting tests. Tests of the same {@link Kind} are in a queue, and queues with the same {@link Demand} in a line.
 * The lines know which of their queues can take their locks. So the cost of a decision depends on the number of
 * different demands, not on the number of tests or locks. Not thread-safe.
 */
final class WaitingTests {
    private static final int MAX_AVOIDED = 3;

    private final Map<Kind, TestQueue> queues = new HashMap<>();
    private final Map<Demand, Line> lines = new HashMap<>();
    private final Map<Map<String, String>, SystemKind> systems = new HashMap<>();
    /** The kinds of systems with slots that are free, or will be when the system is prepared. */
    private final Set<SystemKind> withSlots = new LinkedHashSet<>();
    /** The queues with tests whose locks are not free. */
    private final TreeSet<TestQueue> blocked = new TreeSet<>();

    private final Locks locks = new Locks();
    /** The tests that run on several systems, by the order of the run. */
    private final TreeSet<Gang> gangs = new TreeSet<>(Comparator.comparing(gang -> gang.test));

    private int startable;
    private int size;

    void add(PlannedTest test) {
        if (test.gang == null) {
            enqueue(test);
        } else {
            gangs.add(test.gang);
            test.gang.members.forEach(this::enqueue);
        }
        size++;
    }

    private void enqueue(PlannedTest test) {
        TestQueue queue = queue(test);
        change(queue, () -> queue.tests.add(test));
    }

    /** {@return the waiting tests that run on several systems} */
    NavigableSet<Gang> gangs() {
        return gangs;
    }

    boolean contains(PlannedTest test) {
        if (test.gang != null) {
            return gangs.contains(test.gang);
        }
        return test.queue != null && test.queue.tests.contains(test);
    }

    /** Returns the queue of a test; of one on several systems, the one that has its locks. */
    private TestQueue queue(PlannedTest test) {
        PlannedTest queued = test.gang == null || test.isMember() ? test : test.gang.leader();
        TestQueue queue = queued.queue;
        if (queue == null) {
            queue = queues.computeIfAbsent(queued.kind, this::newQueue);
            queued.queue = queue;
        }
        return queue;
    }

    private TestQueue newQueue(Kind kind) {
        TestQueue queue = new TestQueue(kind, lines.computeIfAbsent(kind.demand(), this::newLine));
        locks.register(queue);
        return queue;
    }

    private Line newLine(Demand demand) {
        Line line = new Line(demand);
        systems.values().stream().filter(kind -> line.fits(kind.labels)).forEach(kind -> kind.add(line));
        return line;
    }

    /** Changes a queue, or what its locks allow, outside of the sets that depend on both. */
    private void change(TestQueue queue, Runnable change) {
        Line line = queue.line;
        if (queue.peek() != null) {
            line.queues.remove(queue);
            (queue.startable ? line.startable : blocked).remove(queue);
            startable -= queue.startable ? 1 : 0;
            line.parallel -= queue.parallel();
        }
        change.run();
        if (queue.update()) {
            queue.startable = locks.areFree(queue);
            line.queues.add(queue);
            (queue.startable ? line.startable : blocked).add(queue);
            startable += queue.startable ? 1 : 0;
            line.parallel += queue.parallel();
        }
    }

    private void update(Collection<TestQueue> changed) {
        for (TestQueue queue : changed) {
            if (!queue.tests.isEmpty() && queue.startable != locks.areFree(queue)) {
                change(queue, () -> {});
            }
        }
    }

    /** {@return systems with these labels, and what waits for them} */
    SystemKind systems(Map<String, String> labels) {
        return systems.computeIfAbsent(labels, key -> {
            SystemKind kind = new SystemKind(key, withSlots);
            lines.values().stream().filter(line -> line.fits(key)).forEach(kind::add);
            return kind;
        });
    }

    /** {@return the number of free slots by kind of system, which the caller may change} */
    Map<SystemKind, Integer> freeSlots() {
        Map<SystemKind, Integer> slots = new LinkedHashMap<>();
        withSlots.forEach(kind -> slots.put(kind, kind.freeSlots()));
        return slots;
    }

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    /** {@return whether the locks of a waiting test are free} */
    boolean hasStartable() {
        return startable > 0;
    }

    Collection<Line> lines() {
        return lines.values();
    }

    /** {@return whether a waiting test could run on the system} */
    boolean canUse(PoolSystem system) {
        return system.kind.lines.stream().anyMatch(line -> !line.isEmpty());
    }

    /** {@return whether a waiting test could run on the system and meets the condition} */
    boolean canUse(PoolSystem system, Predicate<PlannedTest> condition) {
        return system.kind.lines.stream()
                .flatMap(line -> line.queues.stream())
                .flatMap(queue -> queue.tests.stream())
                .anyMatch(condition);
    }

    /** {@return whether a waiting test may be able to run on a system with these labels; other labels are unknown} */
    boolean mayFit(Map<String, String> labels) {
        return lines.values().stream().anyMatch(line -> !line.isEmpty() && line.mayFit(labels));
    }

    /** {@return the number of tests that could run at once with unlimited slots} */
    int parallel() {
        int parallel = 0;
        for (Line line : lines.values()) {
            parallel += line.parallel;
        }
        return parallel;
    }

    /** Removes a test that starts, and takes its locks. */
    void start(PlannedTest test) {
        remove(test);
        update(locks.take(test.gang == null ? test : test.gang.leader()));
    }

    /** The fixtures of a test are started: others that use them need not wait any more. */
    void openGates(PlannedTest test) {
        update(locks.openGates(test));
    }

    /** Gives back the locks of a test that has ended. */
    void ended(PlannedTest test) {
        update(locks.giveBack(test));
    }

    /**
     * Lets the first test whose locks are not free claim them, if a ready system could run it. Tests after it do not
     * take these locks any more, so that it is not overtaken again and again.
     *
     * @return whether another test claims its locks now, so that there may be others to start
     */
    boolean claimLocks() {
        TestQueue claimant = locks.claimant();
        TestQueue next = claimant == null || claimant.line.readySlots == 0 ? null : claimant;
        for (TestQueue queue : blocked) {
            if (next != null && next.compareTo(queue) <= 0) {
                break;
            }
            if (queue.line.readySlots > 0 && !queue.line.demand.isAlone()) {
                next = queue;
                break;
            }
        }
        if (Objects.equals(next, claimant)) {
            return false;
        }
        update(locks.claim(next));
        return true;
    }

    void remove(PlannedTest test) {
        if (test.gang == null) {
            dequeue(test);
        } else {
            gangs.remove(test.gang);
            test.gang.members.forEach(this::dequeue);
        }
        size--;
        if (locks.hasStaleClaim()) {
            update(locks.claim(null));
        }
    }

    private void dequeue(PlannedTest test) {
        TestQueue queue = queue(test);
        if (!queue.tests.contains(test)) {
            throw new IllegalStateException(test.name() + " is not in the list of waiting tests");
        }
        change(queue, () -> queue.tests.remove(test));
    }

    /** Lets reruns use any suitable system. {@return whether one of them did not} */
    boolean acceptAny() {
        List<PlannedTest> picky = lines.values().stream()
                .flatMap(WaitingTests::tests)
                .filter(PlannedTest::isPicky)
                .toList();
        picky.forEach(this::acceptAny);
        return !picky.isEmpty();
    }

    /** Counts a system that arrives on a host that reruns avoid. After three of them, there is probably no other host. */
    void arrived(PoolSystem system) {
        List<PlannedTest> avoiding = system.kind.lines.stream()
                .filter(line -> line.demand.avoided().contains(system.host))
                .flatMap(WaitingTests::tests)
                .toList();
        for (PlannedTest test : avoiding) {
            if (++test.avoidedSystems >= MAX_AVOIDED) {
                acceptAny(test);
            }
        }
    }

    private static Stream<PlannedTest> tests(Line line) {
        return line.queues.stream().flatMap(queue -> queue.tests.stream());
    }

    private void acceptAny(PlannedTest test) {
        dequeue(test);
        test.acceptAny();
        enqueue(test);
        if (locks.hasStaleClaim()) {
            update(locks.claim(null));
        }
    }

    /** Removes and returns all tests, in the order of the run. */
    List<PlannedTest> takeAll() {
        List<PlannedTest> all = all();
        all.forEach(this::remove);
        return all;
    }

    /** {@return whether every waiting test needs a label with a key that is missing here} */
    boolean needsOtherLabels(Map<String, String> labels) {
        return lines.values().stream()
                .filter(line -> !line.isEmpty())
                .allMatch(line -> line.demand.needs().stream().anyMatch(need -> !labels.containsKey(need.label())));
    }

    /** {@return the waiting tests, in the order of the run} */
    List<PlannedTest> all() {
        return queues.values().stream()
                .flatMap(queue -> queue.tests.stream())
                .map(PlannedTest::unit)
                .distinct()
                .sorted()
                .toList();
    }

    /** {@return the tests that a test waits with; of one on several systems, a member must be given} */
    Line line(PlannedTest test) {
        return queue(test).line;
    }

    /** {@return why the locks of a waiting test are not free, for people; empty if they are} */
    String whyLocked(PlannedTest test) {
        TestQueue queue = queue(test);
        return queue.startable ? "" : locks.whyNotFree(queue);
    }

    /** {@return the number of slots of ready systems that fit a waiting test} */
    int readySlots(PlannedTest test) {
        return queue(test).line.readySlots;
    }

    /** {@return the first waiting test in the order of the run, or null} */
    @Nullable
    PlannedTest first() {
        PlannedTest first = null;
        for (Line line : lines.values()) {
            if (!line.isEmpty() && (first == null || line.first().compareTo(first) < 0)) {
                first = line.first();
            }
        }
        return first == null ? null : first.unit();
    }

    /** {@return a description of the first waiting test and its needs, for messages} */
    String describeFirst() {
        PlannedTest first = first();
        if (first == null) {
            return "nothing";
        }
        return first.name()
                + (first.gang == null
                        ? ""
                        : ", which needs " + Plural.of(first.gang.members.size(), "system") + " at once")
                + (first.facts.needs().isEmpty() ? "" : ", which needs " + first.facts.needs())
                + (first.facts.limit() == null ? "" : ", which may take " + first.facts.limit());
    }
}
