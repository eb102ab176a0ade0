package org.atex.interleave;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Runs trials, each in one order. For one thread. */
final class Trials {
    private static final int MAX_POINTS = 10_000;

    private final Scenario scenario;
    private final Set<Point> points;
    private final Patience patience;
    private List<String> actors = List.of();

    Trials(Scenario scenario, Set<Point> points, Patience patience) {
        this.scenario = scenario;
        this.points = points;
        this.patience = patience;
    }

    /**
     * The course of a trial.
     *
     * @param choices for each step, the number of the actor that moved
     * @param live for each step, the numbers of the actors that had not ended
     * @param blocked whether it was given up because the last actor had to wait
     * @param failure the failure of the order, or the reason why it was given up; null if it passed
     * @param plan the points that were passed, and those at which actors were parked at the end
     */
    record Course(
            List<Integer> choices,
            List<BitSet> live,
            boolean blocked,
            @Nullable Throwable failure,
            List<Point> plan) {
        boolean passed() {
            return failure == null;
        }

        boolean failed() {
            return failure != null && !blocked;
        }

        int last() {
            return choices.getLast();
        }

        /** {@return whether the move of an actor at a step interrupts another one that had not ended} */
        boolean preempts(int step, int actor) {
            return step > 0 && actor != choices.get(step - 1) && live.get(step).get(choices.get(step - 1));
        }

        /** {@return the number of changes between actors} */
        int switches() {
            int switches = 0;
            for (int i = 1; i < choices.size(); i++) {
                switches += choices.get(i).equals(choices.get(i - 1)) ? 0 : 1;
            }
            return switches;
        }

        void suppress(Throwable further) {
            // An exception cannot suppress itself, and code under test may throw one object twice.
            if (failure != null && !failure.equals(further)) {
                failure.addSuppressed(further);
            }
        }

        Course failing(Throwable reason) {
            return new Course(choices, live, false, reason, plan);
        }
    }

    /** {@return the names of the actors, after the first trial} */
    List<String> actors() {
        return actors;
    }

    /**
     * Runs a trial.
     *
     * @param order the numbers of the actors that move, one after the other; those that have ended are left out. At its
     *     end, the same actor moves until it ends, and then the first of the others.
     */
    Course run(List<Integer> order) throws InterruptedException {
        Trial trial = new Trial();
        Course course;
        try {
            prepare(trial);
            course = perform(trial, order);
        } catch (InterruptedException | RuntimeException | Error e) {
            try {
                trial.close();
            } catch (Exception closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
        return closed(trial, course);
    }

    private static Course closed(Trial trial, Course course) throws InterruptedException {
        try {
            trial.close();
            return course;
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            course.suppress(e);
            return course.passed() ? course.failing(e) : course;
        }
    }

    private void prepare(Trial trial) throws InterruptedException {
        try {
            scenario.prepare(trial);
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("could not prepare a trial: " + e, e);
        }
        List<String> names = List.copyOf(trial.actors().keySet());
        if (names.isEmpty() || !actors.isEmpty() && !names.equals(actors)) {
            throw new IllegalStateException("could not explore orders: a trial had the actors " + names
                    + (actors.isEmpty()
                            ? ", add at least one"
                            : ", and the first one " + actors + "; add the same ones"));
        }
        actors = names;
    }

    private Course perform(Trial trial, List<Integer> order) throws InterruptedException {
        Stage stage = new Stage(Actor.create(trial.actors()), new EachPoint(points), patience);
        Course course;
        try {
            course = move(stage, order);
        } catch (InterruptedException | RuntimeException e) {
            stage.closeAfter(e);
            throw e;
        }
        end(stage, course);
        return course.passed() ? checked(trial, course) : course;
    }

    private Course move(Stage stage, List<Integer> order) throws InterruptedException {
        Deque<Integer> left = new ArrayDeque<>(order);
        List<Integer> choices = new ArrayList<>();
        List<BitSet> live = new ArrayList<>();
        int last = 0;
        boolean blocked = false;
        Throwable failure = null;
        try {
            for (BitSet now = stage.live(); !now.isEmpty(); now = stage.live()) {
                if (choices.size() == MAX_POINTS) {
                    throw new IllegalStateException("could not explore orders with more than " + MAX_POINTS
                            + " points: if an actor repeats a point until another actor moves, leave this point out"
                            + " with withPoints; the last points are "
                            + stage.history().planned().subList(MAX_POINTS - 10, MAX_POINTS));
                }
                last = choose(left, now, last);
                choices.add(last);
                live.add(now);
                stage.move(last);
            }
        } catch (StuckActorException e) {
            blocked = true;
            failure = e;
        } catch (ActorFailedException | OrderException e) {
            failure = e;
        }
        List<Point> plan = new ArrayList<>(stage.history().planned());
        plan.addAll(stage.parked());
        return new Course(choices, live, blocked, failure, plan);
    }

    private static int choose(Deque<Integer> left, BitSet live, int last) {
        while (!left.isEmpty()) {
            int next = left.remove();
            if (live.get(next)) {
                return next;
            }
        }
        return live.get(last) ? last : live.nextSetBit(0);
    }

    /** Ends actors that have not ended. Failures of interrupted actors say nothing about the order. */
    private static void end(Stage stage, Course course) {
        try {
            stage.close();
        } catch (StuckActorException e) {
            course.suppress(e);
            throw new FailingOrderError(
                    course.plan(),
                    "No further order was run, because an actor does not end.",
                    course.passed() ? e : course.failure());
        } catch (ActorFailedException | OrderException e) {
            if (course.failed()) {
                course.suppress(e);
            }
        }
    }

    private static Course checked(Trial trial, Course course) throws InterruptedException {
        try {
            trial.check().run();
            return course;
        } catch (InterruptedException e) {
            throw e;
        } catch (Throwable e) {
            return course.failing(e);
        }
    }
}
