package org.atex.interleave;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.atex.interleave.Trials.Course;
import org.atex.support.Plural;

/** Searches a failing order. For one exploration, and one thread. */
final class Search {
    private static final int MAX_ORDERS = 10_000;
    private static final int MAX_SHRINKING_RUNS = 500;
    /** The number of tries to draw an order that was not drawn before. */
    private static final int MAX_DRAWS = 1000;

    private final Trials trials;
    private final String how;
    private int passed;
    private int blocked;

    /** By the choices of a prefix, the actors that had to wait when they were the next to move. */
    private final Map<List<Integer>, Map<Integer, Throwable>> waiting = new HashMap<>();

    Search(Trials trials, String how) {
        this.trials = trials;
        this.how = how;
    }

    /** {@return all orders} */
    ExploredOrders all() throws InterruptedException {
        Tree tree = new Tree();
        tree.runToFirstPassed();
        if (tree.estimate().compareTo(BigInteger.valueOf(MAX_ORDERS)) > 0) {
            throw tooMany("about " + tree.estimate());
        }
        tree.runTo(MAX_ORDERS);
        if (!tree.branches.isEmpty()) {
            throw tooMany("more than " + MAX_ORDERS);
        }
        return new ExploredOrders(passed, blocked, true);
    }

    private static IllegalStateException tooMany(String number) {
        return new IllegalStateException("could not explore all orders: there are " + number
                + "; call explore(seed, runs), or choose points with withPoints");
    }

    /** {@return all orders, or random ones if there are more than a number} */
    ExploredOrders random(long seed, int runs) throws InterruptedException {
        Tree tree = new Tree();
        tree.runToFirstPassed();
        if (tree.estimate().compareTo(BigInteger.valueOf(runs)) <= 0) {
            tree.runTo(runs);
            return new ExploredOrders(passed, blocked, tree.branches.isEmpty());
        }
        Random random = new Random(seed);
        List<Integer> order = new ArrayList<>(tree.order);
        Set<List<Integer>> drawn = new HashSet<>();
        drawn.add(List.copyOf(order));
        int draws = 0;
        while (passed < runs && draws < MAX_DRAWS) {
            Collections.shuffle(order, random);
            if (drawn.add(List.copyOf(order))) {
                draws = 0;
                Course course = runAround(order);
                if (course.failed()) {
                    int number = passed + 1;
                    throw report(shrink(course), number);
                }
            } else {
                draws++;
            }
        }
        return new ExploredOrders(passed, blocked, false);
    }

    /** Runs an order. If all live actors had to wait after the same choices, the order fails. */
    private Course run(List<Integer> order) throws InterruptedException {
        Course course = trials.run(order);
        if (course.passed()) {
            passed++;
        }
        if (!course.blocked()) {
            return course;
        }
        blocked++;
        Map<Integer, Throwable> reasons = waiting(course);
        reasons.put(course.last(), Optional.ofNullable(course.failure()).orElseThrow());
        return reasons.size() < course.live().getLast().cardinality() ? course : course.failing(deadlock(reasons));
    }

    /** {@return the actors that had to wait at the place where an order was given up} */
    private Map<Integer, Throwable> waiting(Course course) {
        List<Integer> choices = course.choices();
        return waiting.computeIfAbsent(List.copyOf(choices.subList(0, choices.size() - 1)), prefix -> new TreeMap<>());
    }

    private StuckActorException deadlock(Map<Integer, Throwable> reasons) {
        List<String> names = reasons.keySet().stream().map(trials.actors()::get).toList();
        StuckActorException deadlock =
                new StuckActorException("deadlock: no actor can go on, neither of " + String.join(", ", names));
        reasons.values().forEach(deadlock::addSuppressed);
        return deadlock;
    }

    /** Runs an order, in which other actors move first where an actor has to wait. */
    private Course runAround(List<Integer> order) throws InterruptedException {
        Course course = run(order);
        List<Integer> wished = order;
        while (course.blocked()) {
            wished = around(course, wished);
            course = run(wished);
        }
        return course;
    }

    private List<Integer> around(Course course, List<Integer> order) {
        List<Integer> next =
                new ArrayList<>(course.choices().subList(0, course.choices().size() - 1));
        List<Integer> rest = new ArrayList<>(order);
        next.forEach(choice -> rest.remove((Object) choice));
        BitSet others = (BitSet) course.live().getLast().clone();
        waiting(course).keySet().forEach(others::clear);
        Integer other = rest.stream().filter(others::get).findFirst().orElse(others.nextSetBit(0));
        rest.remove((Object) other);
        next.add(other);
        next.addAll(rest);
        return next;
    }

    /** Joins the moves of an actor that others separate, as long as the order fails. */
    private Course shrink(Course failing) throws InterruptedException {
        Course smallest = failing;
        int runs = 0;
        List<List<Integer>> candidates = joined(smallest.choices());
        while (!candidates.isEmpty() && runs < MAX_SHRINKING_RUNS) {
            Course course = runAround(candidates.removeFirst());
            runs++;
            if (course.failed() && course.switches() < smallest.switches()) {
                smallest = course;
                candidates = joined(smallest.choices());
            }
        }
        return smallest;
    }

    /** {@return all orders that differ by the place of one block of moves, which joins another block of its actor} */
    static List<List<Integer>> joined(List<Integer> choices) {
        List<List<Integer>> blocks = blocks(choices);
        List<List<Integer>> orders = new ArrayList<>();
        for (int i = 0; i < blocks.size(); i++) {
            for (int j = i + 1; j < blocks.size(); j++) {
                if (blocks.get(i).getFirst().equals(blocks.get(j).getFirst())) {
                    orders.add(moved(blocks, j, i + 1));
                    orders.add(moved(blocks, i, j - 1));
                }
            }
        }
        return orders;
    }

    private static List<List<Integer>> blocks(List<Integer> choices) {
        List<List<Integer>> blocks = new ArrayList<>();
        for (Integer choice : choices) {
            if (blocks.isEmpty() || !blocks.getLast().getFirst().equals(choice)) {
                blocks.add(new ArrayList<>());
            }
            blocks.getLast().add(choice);
        }
        return blocks;
    }

    private static List<Integer> moved(List<List<Integer>> blocks, int from, int to) {
        List<List<Integer>> order = new ArrayList<>(blocks);
        order.add(to, order.remove(from));
        return order.stream().flatMap(List::stream).toList();
    }

    private FailingOrderError report(Course course, int number) throws InterruptedException {
        boolean again = run(course.choices()).failed();
        String found = "found in order " + number + how + ", with "
                + Plural.of(course.switches(), "change") + " between actors"
                + (again ? "" : "; it did not fail again, so the actors depend on more than their order");
        return new FailingOrderError(course.plan(), found, course.failure());
    }

    /**
     * The orders as a tree of choices. A branch is run with the fewest further changes between actors; each choice in
     * this run has the other live actors as further branches. So each order is run once. A branch with more changes
     * cannot lead to an order with fewer, so the first failing order is a smallest one.
     */
    private final class Tree {
        private final PriorityQueue<Branch> branches =
                new PriorityQueue<>(Comparator.comparingInt(Branch::preemptions).thenComparingInt(Branch::position));
        /** The first order that passed. */
        private List<Integer> order = List.of();

        void runToFirstPassed() throws InterruptedException {
            add(run(List.of()), 0);
            runTo(1);
        }

        void runTo(int orders) throws InterruptedException {
            while (passed < orders && !branches.isEmpty()) {
                Branch branch = branches.remove();
                add(run(branch.order()), branch.position() + 1);
            }
        }

        private void add(Course course, int from) throws InterruptedException {
            if (course.failed()) {
                throw report(course, passed + 1);
            }
            if (course.passed() && order.isEmpty()) {
                order = course.choices();
            }
            List<Integer> choices = course.choices();
            int preemptions = 0;
            for (int i = 0; i < choices.size(); i++) {
                if (i >= from) {
                    addOthers(course, i, preemptions);
                }
                preemptions += course.preempts(i, choices.get(i)) ? 1 : 0;
            }
        }

        private void addOthers(Course course, int position, int preemptions) {
            course.live().get(position).stream()
                    .filter(actor -> actor != course.choices().get(position))
                    .mapToObj(actor -> new Branch(
                            course.choices(),
                            position,
                            actor,
                            preemptions + (course.preempts(position, actor) ? 1 : 0)))
                    .forEach(branches::add);
        }

        /** {@return the number of orders of the points of the first order} */
        BigInteger estimate() {
            BigInteger number = BigInteger.ONE;
            Map<Integer, Integer> seen = new HashMap<>();
            for (int i = 0; i < order.size(); i++) {
                int count = seen.merge(order.get(i), 1, Integer::sum);
                number = number.multiply(BigInteger.valueOf(i + 1)).divide(BigInteger.valueOf(count));
            }
            return number;
        }
    }

    /**
     * An order that is equal to another one up to a position, where another actor moves.
     *
     * @param choices the other order
     * @param position the position
     * @param actor the actor that moves there
     * @param preemptions the number of changes until there from an actor that had not ended
     */
    private record Branch(List<Integer> choices, int position, int actor, int preemptions) {
        List<Integer> order() {
            List<Integer> order = new ArrayList<>(choices.subList(0, position));
            order.add(actor);
            return order;
        }
    }
}
