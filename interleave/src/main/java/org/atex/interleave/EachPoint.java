package org.atex.interleave;

import java.util.Set;

/**
 * Stops each actor at its start and at all of its checkpoints, or at chosen ones.
 *
 * @param chosen the points; empty for all
 */
record EachPoint(Set<Point> chosen) implements Rule {
    @Override
    public boolean stopsAt(Point point) {
        return chosen.isEmpty() ? !point.isEnd() : chosen.contains(point);
    }

    @Override
    public void passed(Point point) {}

    @Override
    public boolean expects(Point point) {
        return point.isStart() || stopsAt(point);
    }

    @Override
    public String next(String actor) {
        return "its next point or its end";
    }
}
