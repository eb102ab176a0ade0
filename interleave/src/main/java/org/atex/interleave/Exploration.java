package org.atex.interleave;

import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.support.Arguments;

/**
 * Runs the same actors in many orders of their points, and reports a failing order that is as small as possible.
 *
 * {@snippet :
 * Exploration.of(trial -> {
 *     Account account = new Account(100, Checkpoints.ofCurrentActor());
 *     trial.actor("alice", checkpoints -> account.withdraw(70))
 *             .actor("bob", checkpoints -> account.withdraw(70))
 *             .check(() -> assertTrue(account.balance() >= 0));
 * }).explore();
 * }
 *
 * <p>An order is a sequence in which each actor passes its points in its own order, beginning with its start. The points
 * are those that the actors reach; they may differ between orders. An actor that waits for another one, such as for its
 * lock, cannot go on until this one has passed further points. Orders in which it would have to are given up and
 * counted. If no actor can go on, the order fails.
 *
 * <p>Orders are smaller if they have fewer changes between actors.
 *
 * <p>Immutable. The methods that explore may be called by several threads at once if the scenario allows it.
 */
public final class Exploration {
    private static final Duration BLOCKED_AFTER = Duration.ofMillis(250);

    private final Scenario scenario;
    private final Set<Point> points;
    private final Duration stepWithin;
    private final Duration blockedAfter;

    private Exploration(Scenario scenario, Set<Point> points, Duration stepWithin, Duration blockedAfter) {
        this.scenario = scenario;
        this.points = points;
        this.stepWithin = stepWithin;
        this.blockedAfter = blockedAfter;
    }

    /**
     * Creates an exploration of all points.
     *
     * @param scenario prepares each trial
     * @return the exploration
     */
    public static Exploration of(Scenario scenario) {
        return new Exploration(scenario, Set.of(), Patience.DEFAULT_LIMIT, BLOCKED_AFTER);
    }

    /**
     * Returns a copy that explores the orders of chosen points, and of the starts of all actors. Actors pass other points
     * at once.
     *
     * @param chosen the texts of points, {@code actor:checkpoint}
     * @return the copy
     * @throws IllegalArgumentException if a text is malformed
     */
    public Exploration withPoints(String... chosen) {
        Set<Point> parsed = Stream.of(chosen).map(Point::of).collect(Collectors.toUnmodifiableSet());
        return new Exploration(scenario, parsed, stepWithin, blockedAfter);
    }

    /**
     * Returns a copy with a time limit for an actor from one point to its next one, or to its end. An actor that takes
     * longer counts as waiting for another one. The default is one minute.
     *
     * @param time the time, at most one day
     * @return the copy
     * @throws IllegalArgumentException if it is not positive, or longer
     */
    public Exploration withStepWithin(Duration time) {
        return new Exploration(scenario, points, Patience.checked(time, "stepWithin"), blockedAfter);
    }

    /**
     * Returns a copy with a time after which an actor counts as waiting for another one if its thread waits in one place
     * without a time limit. Increase it if actors wait for threads that are no actors and take longer. The default is
     * 250 ms. Times in which this program does not run do not count. If the JVM knows that an actor waits for the lock of
     * another one, this time does not matter.
     *
     * @param time the time, at most one day
     * @return the copy
     * @throws IllegalArgumentException if it is not positive, or longer
     */
    public Exploration withBlockedAfter(Duration time) {
        return new Exploration(scenario, points, stepWithin, Patience.checked(time, "blockedAfter"));
    }

    /**
     * Runs all orders, smaller ones first, at most 10,000.
     *
     * @return the number of orders
     * @throws FailingOrderError if an order fails, one of the smallest; also if an actor does not end when it is
     *     interrupted
     * @throws IllegalStateException if there are more orders, if an order has more than 10,000 points, or if the scenario
     *     throws or changes the actors
     * @throws InterruptedException if interrupted
     */
    public ExploredOrders explore() throws InterruptedException {
        return search("").all();
    }

    /**
     * Runs all orders if there are not more than a number, and otherwise this number of different random orders. A
     * failing random order is made smaller by further runs.
     *
     * @param seed the seed of the random orders
     * @param runs the number of orders
     * @return the number of orders
     * @throws FailingOrderError if an order fails, as {@link #explore()}
     * @throws IllegalArgumentException if the number is less than 1
     * @throws IllegalStateException as {@link #explore()}, except for the number of orders
     * @throws InterruptedException if interrupted
     */
    public ExploredOrders explore(long seed, int runs) throws InterruptedException {
        Arguments.atLeast(1, runs, "runs");
        return search(" with the seed " + seed).random(seed, runs);
    }

    private Search search(String how) {
        return new Search(new Trials(scenario, points, Patience.forSearch(stepWithin, blockedAfter)), how);
    }
}
