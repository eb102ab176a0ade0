package org.atex.interleave;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An order of an {@link Exploration} fails. The cause is the failure of the check or of an actor. The message contains
 * the order as a plan for {@link Interleaving.Plan#withOrder(String...)}.
 */
public final class FailingOrderError extends AssertionError {
    private static final long serialVersionUID = 1L;

    /** The texts of the points, as an array, because errors are serializable. */
    private final String[] order;

    FailingOrderError(List<Point> order, String found, @Nullable Throwable cause) {
        super(
                "an order of the actors fails: " + cause + "\n  " + found
                        + "\n  Run it again with this plan:\n    .withOrder(" + History.literals(order) + ")",
                cause);
        this.order = order.stream().map(Point::toString).toArray(String[]::new);
    }

    /**
     * Returns the order up to the failure, with one further point of each actor that was parked.
     *
     * @return a plan for {@link Interleaving.Plan#withOrder(List)}
     */
    public List<Point> order() {
        return Stream.of(order).map(Point::of).toList();
    }
}
