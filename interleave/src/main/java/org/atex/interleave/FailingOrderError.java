package org.atex.interleave;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An order of an {@link Exploration} fails. The cause is the failure of the check or of an actor. The message contains
 * the order as a plan for {@link Interleaving.Plan#withOrder(String...)}.
 */
public final class FailingOrderError extends AssertionError {
    private static final long serialVersionUID = 1L;

    private final transient List<Point> order;

    FailingOrderError(List<Point> order, String found, @Nullable Throwable cause) {
        super(
                "an order of the actors fails: " + cause + "\n  " + found
                        + "\n  Run it again with this plan:\n    .withOrder(" + History.literals(order) + ")",
                cause);
        this.order = List.copyOf(order);
    }

    /**
     * Returns the order up to the failure, with one further point of each actor that was parked.
     *
     * @return a plan for {@link Interleaving.Plan#withOrder(List)}
     */
    public List<Point> order() {
        return order;
    }
}
