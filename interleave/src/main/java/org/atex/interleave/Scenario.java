package org.atex.interleave;

/** Prepares the actors of a {@link Trial} and the objects that they share. */
@FunctionalInterface
public interface Scenario {
    /**
     * Creates fresh objects, and adds actors that use them. Each trial has the same names of actors in the same order.
     *
     * @param trial the trial
     * @throws Exception if the objects cannot be created; this ends the exploration
     */
    void prepare(Trial trial) throws Exception;
}
