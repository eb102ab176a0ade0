package org.atex.interleave;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The planned points, of which each actor has to pass its own in their order. Not thread-safe. */
final class PlannedOrder implements Rule {
    /** The points that each actor has not passed. */
    private final Map<String, Deque<Point>> left = new LinkedHashMap<>();

    /**
     * Checks the points.
     *
     * @throws IllegalArgumentException if an actor is unknown or has no point, or if a start is not the first or an end
     *     not the last point of its actor
     */
    PlannedOrder(List<Point> points, Set<String> actors) {
        for (Point point : points) {
            if (!actors.contains(point.actor())) {
                throw new IllegalArgumentException("cannot plan " + point + ": there is no actor " + point.actor()
                        + ", only " + String.join(", ", actors));
            }
            Deque<Point> own = left.computeIfAbsent(point.actor(), name -> new ArrayDeque<>());
            if (point.isStart() && !own.isEmpty()
                    || !own.isEmpty() && own.getLast().isEnd()) {
                throw new IllegalArgumentException("cannot plan " + point + " after " + own.getLast()
                        + ": a start is the first point of its actor, and an end the last");
            }
            own.add(point);
        }
        for (String actor : actors) {
            if (!left.containsKey(actor)) {
                throw new IllegalArgumentException("cannot run actor " + actor + " without a planned point: plan "
                        + actor + ":start where it may run");
            }
        }
    }

    private Deque<Point> left(Point point) {
        return left.getOrDefault(point.actor(), new ArrayDeque<>());
    }

    /** {@return the actors, in the order of their first points} */
    List<String> actors() {
        return List.copyOf(left.keySet());
    }

    @Override
    public boolean stopsAt(Point point) {
        Point next = left(point).peek();
        if (next == null || next.equals(point)) {
            return next != null;
        }
        if (point.isEnd()) {
            throw new OrderException("could not keep the order: " + point.actor() + " ended without reaching " + next
                    + "; remove it from the plan, or make the actor reach it");
        }
        if (left(point).contains(point)) {
            throw new OrderException("could not keep the order: " + point.actor() + " reached " + point
                    + ", but its next planned point is " + next + "; plan " + point + " before it");
        }
        return false;
    }

    @Override
    public void passed(Point point) {
        left(point).remove();
    }

    @Override
    public boolean expects(Point point) {
        return left(point).contains(point);
    }

    @Override
    public String next(String actor) {
        Point next = left.getOrDefault(actor, new ArrayDeque<>()).peek();
        return next == null ? "its end" : next.toString();
    }
}
