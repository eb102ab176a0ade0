package org.atex.interleave;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.Connection;

/**
 * Runs actors side by side, and lets them pass their checkpoints in exactly the planned order.
 *
 * {@snippet :
 * try (Interleaving run = Interleaving.plan()
 *         .withActor("writer", checkpoints -> {
 *             file.write("new");
 *             checkpoints.reach("written");
 *             file.commit();
 *         })
 *         .withActor("reader", checkpoints -> seen.add(file.read()))
 *         .withOrder("writer:written", "reader:start")
 *         .start()) {
 *     run.runTo("writer:written");
 *     assertEquals("old", file.read());
 *     run.runToEnd();
 * }
 * }
 *
 * <p>At most one actor moves at any time. After {@link Plan#start}, and after each call of {@link #next}, {@link
 * #runTo} or {@link #runToEnd}, each actor is parked at its next planned point or has ended, so assertions about shared
 * state do not race. An actor that has passed its last planned point runs to its end before the next point is passed.
 *
 * <p>The start and the end of an actor are points, too, and may be planned: {@code writer:start}, {@code writer:end}. A
 * plan that does not contain the start of an actor begins when this actor has run to its first planned point.
 *
 * <p>After a failure of an actor, of the order, or of a time limit, and after an interrupt of the caller, the plan has
 * ended. Then no actor moves from its point, and {@link #next} throws an {@link IllegalStateException}.
 *
 * <p>Thread safety: all methods may be called by any thread. Only one may let actors go on at a time; {@link #close} and
 * {@link #history} are possible at any time.
 */
public final class Interleaving implements AutoCloseable {
    private final Stage stage;
    private final List<String> actors;
    private final List<Point> order;
    private final AtomicBoolean moving = new AtomicBoolean();
    private volatile int position;

    private Interleaving(Stage stage, List<String> actors, List<Point> order) {
        this.stage = stage;
        this.actors = actors;
        this.order = order;
    }

    /** {@return a plan without actors} */
    public static Plan plan() {
        return new Plan(Map.of(), List.of(), Patience.DEFAULT_LIMIT);
    }

    /**
     * Lets the next planned point pass, and returns when its actor is parked at its next planned point or has ended.
     *
     * @return the point, or empty if all points of the plan have been passed; then all actors have ended
     * @throws InterruptedException if interrupted
     * @throws ActorFailedException if an actor throws
     * @throws StuckActorException if the actor does not get to its next planned point or its end in time
     * @throws OrderException if the actors cannot keep the planned order
     * @throws IllegalStateException if the plan has ended with a failure, the interleaving is closed, or another thread
     *     lets actors go on
     */
    public Optional<Point> next() throws InterruptedException {
        if (!moving.compareAndSet(false, true)) {
            throw new IllegalStateException("could not let an actor go on: another thread waits for an actor");
        }
        try {
            int index = position;
            if (index == order.size()) {
                return Optional.empty();
            }
            Point point = order.get(index);
            stage.move(actors.indexOf(point.actor()));
            position = index + 1;
            return Optional.of(point);
        } finally {
            moving.set(false);
        }
    }

    /**
     * Lets points pass until a planned point is the next one. Then its actor is parked there, and {@link #next} lets it
     * pass. Does nothing if this point is the next one already.
     *
     * @param point the point; if the plan contains it several times, its next occurrence
     * @throws IllegalArgumentException if the rest of the plan does not contain the point
     * @throws InterruptedException if interrupted
     * @throws ActorFailedException as {@link #next}
     * @throws StuckActorException as {@link #next}
     * @throws OrderException as {@link #next}
     * @throws IllegalStateException as {@link #next}
     */
    public void runTo(Point point) throws InterruptedException {
        int target = position + order.subList(position, order.size()).indexOf(point);
        if (target < position) {
            throw new IllegalArgumentException("cannot run to " + point + ": the rest of the plan does not contain it; "
                    + "it is " + order.subList(position, order.size()));
        }
        runUntil(target);
    }

    /**
     * Lets points pass until a planned point is the next one.
     *
     * @param point the text of the point, {@code actor:checkpoint}
     * @throws IllegalArgumentException as {@link #runTo(Point)}, or if the text is malformed
     * @throws InterruptedException if interrupted
     * @throws ActorFailedException as {@link #next}
     * @throws StuckActorException as {@link #next}
     * @throws OrderException as {@link #next}
     * @throws IllegalStateException as {@link #next}
     */
    public void runTo(String point) throws InterruptedException {
        runTo(Point.of(point));
    }

    /**
     * Lets all points of the plan pass. Then all actors have ended.
     *
     * @throws InterruptedException if interrupted
     * @throws ActorFailedException as {@link #next}
     * @throws StuckActorException as {@link #next}
     * @throws OrderException as {@link #next}
     * @throws IllegalStateException as {@link #next}
     */
    public void runToEnd() throws InterruptedException {
        runUntil(order.size());
    }

    private void runUntil(int target) throws InterruptedException {
        while (position < target) {
            var unused = next();
        }
    }

    /** {@return the points that actors have passed until now, in this order} */
    public History history() {
        return stage.history();
    }

    /**
     * Interrupts all actors that have not ended, and waits for their end for the time limit of a step, at most 10 s.
     * {@link Checkpoints#reach} throws {@link InterruptedException} in parked and in running actors. Further calls do
     * nothing.
     *
     * @throws StuckActorException if an actor does not end
     * @throws ActorFailedException if an actor throws an exception that is not the result of its interruption, or has
     *     thrown one that no other call has reported; further ones are suppressed
     */
    @Override
    public void close() {
        stage.close();
    }

    /**
     * Actors and the order of their points.
     *
     * <p>Immutable. If the code of the actors allows it, several threads may start it.
     */
    public static final class Plan {
        private final Map<String, Supplier<Actor>> actors;
        private final List<Point> order;
        private final Duration stepWithin;

        private Plan(Map<String, Supplier<Actor>> actors, List<Point> order, Duration stepWithin) {
            this.actors = actors;
            this.order = order;
            this.stepWithin = stepWithin;
        }

        /**
         * Returns a copy with another actor. Its code runs in a daemon platform thread.
         *
         * @param name the name, not blank and without a colon
         * @param body the code
         * @return the copy
         * @throws IllegalArgumentException if the name is invalid or not unique
         */
        public Plan withActor(String name, ActorBody body) {
            return with(name, () -> new ActorThread(name, body));
        }

        /**
         * Returns a copy with an actor that is a command on a system. The command has a program {@code atex-checkpoint
         * NAME} on its {@code PATH}, which returns when the plan lets the actor pass. Other programs write the line
         * {@code checkpoint NAME} to the descriptor {@code $ATEX_TEST_CONTROL}, and then read one byte from the
         * descriptor {@code $ATEX_TEST_REPLIES}.
         *
         * <p>The actor fails if the command does not exit with code 0. At its end, processes that it has left running are
         * killed. {@link Interleaving#close} kills the command with all of its processes.
         *
         * @param name the name, not blank and without a colon
         * @param connection the connection to the system, which is not closed
         * @param command the command; it has no input, and both outputs are kept for messages
         * @return the copy
         * @throws IllegalArgumentException if the name is invalid or not unique, or if the command redirects its input
         *     or its outputs
         */
        public Plan withActor(String name, Connection connection, Command command) {
            ActorProcess.check(name, command);
            return with(name, () -> new ActorProcess(name, connection, command));
        }

        private Plan with(String name, Supplier<Actor> actor) {
            Map<String, Supplier<Actor>> more = new LinkedHashMap<>(actors);
            Actor.add(more, name, actor);
            return new Plan(more, order, stepWithin);
        }

        /**
         * Returns a copy with this order instead of its own. It contains at least one point of each actor, and may
         * contain a point several times. Actors pass other points at once.
         *
         * @param points the texts of points, {@code actor:checkpoint}
         * @return the copy
         * @throws IllegalArgumentException if a text is malformed
         */
        public Plan withOrder(String... points) {
            return withOrder(Stream.of(points).map(Point::of).toList());
        }

        /**
         * Returns a copy with this order instead of its own, as {@link #withOrder(String...)}.
         *
         * @param points the points
         * @return the copy
         */
        public Plan withOrder(List<Point> points) {
            return new Plan(actors, List.copyOf(points), stepWithin);
        }

        /**
         * Returns a copy with another time limit for an actor from one planned point to its next one, or to its end. The
         * default is one minute.
         *
         * @param time the time limit, at most one day
         * @return the copy
         * @throws IllegalArgumentException if it is not positive, or longer
         */
        public Plan withStepWithin(Duration time) {
            return new Plan(actors, order, Patience.checked(time, "stepWithin"));
        }

        /**
         * Starts all actors whose start is not planned, one after the other in the order of their first planned points,
         * and lets each run to this point. Each call starts all actors anew.
         *
         * @return the interleaving
         * @throws IllegalArgumentException if there is no actor, or if the order contains no point of an actor, a point
         *     of an unknown one, a start that is not the first or an end that is not the last point of its actor
         * @throws InterruptedException if interrupted
         * @throws ActorFailedException as {@link Interleaving#next}
         * @throws StuckActorException as {@link Interleaving#next}
         * @throws OrderException as {@link Interleaving#next}
         */
        public Interleaving start() throws InterruptedException {
            if (actors.isEmpty()) {
                throw new IllegalArgumentException("cannot start an interleaving without actors: add at least one");
            }
            PlannedOrder rule = new PlannedOrder(order, actors.keySet());
            List<String> names = List.copyOf(actors.keySet());
            Stage stage = new Stage(Actor.create(actors), rule, Patience.forPlan(stepWithin));
            try {
                for (String name : rule.actors()) {
                    if (!rule.expects(new Point(name, Point.START))) {
                        stage.move(names.indexOf(name));
                    }
                }
                return new Interleaving(stage, names, order);
            } catch (InterruptedException | RuntimeException e) {
                stage.closeAfter(e);
                throw e;
            }
        }
    }
}
