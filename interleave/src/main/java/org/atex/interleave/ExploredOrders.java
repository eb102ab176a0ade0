package org.atex.interleave;

/**
 * The extent of an exploration in which no order failed. Immutable.
 *
 * @param orders the number of orders in which all actors ended and the check passed
 * @param blocked the number of orders that were given up, because an actor had to wait for another one which had to wait
 *     for its turn; such an order cannot happen
 * @param complete whether there are no other orders
 */
public record ExploredOrders(int orders, int blocked, boolean complete) {}
