package org.atex.api;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Lets the parts of a {@link MultihostTest} wait for each other while they run. Orchestrators pass it to executors in
 * the {@link TestInvocation} of each part.
 *
 * <p>No method blocks: the futures are completed when other parts have done their share. If that cannot happen any more,
 * because a part has ended, a future fails with an {@link IllegalStateException} that names the part.
 *
 * <p>Thread-safe.
 */
public interface Rendezvous {
    /**
     * A part has reached a barrier. When enough parts have, all of them go on, and the barrier can be used again. A part
     * that reaches a barrier at which it waits already gets the same future.
     *
     * @param guest the name of the system of the part
     * @param name the name of the barrier
     * @param count how many parts must reach it, the same number for each of them; 0 for all parts of the test
     * @return is completed when they have
     */
    CompletableFuture<Void> barrier(String guest, String name, int count);

    /**
     * A part sends a message to all other parts. Each of them can receive it once, also later.
     *
     * @param guest the name of the system of the part
     * @param name the name of the message
     * @param values the content of the message
     */
    void send(String guest, String name, Map<String, String> values);

    /**
     * A part waits for the next message with a name that it has not received: messages of other parts, in the order in
     * which they were sent.
     *
     * @param guest the name of the system of the part
     * @param name the name of the message
     * @return is completed with the content of the message
     */
    CompletableFuture<Map<String, String>> receive(String guest, String name);

    /**
     * A part has reached a checkpoint. It goes on in its turn in the {@linkplain MultihostTest#withOrder order} of the
     * test. A checkpoint that is not the next one of the part in this order is passed at once.
     *
     * @param guest the name of the system of the part
     * @param name the name of the checkpoint
     * @return is completed when it is the turn of the part
     */
    CompletableFuture<Void> checkpoint(String guest, String name);

    /**
     * A part sets a state of its system, which stays set until the end of the test, also if the part ends.
     *
     * @param guest the name of the system of the part
     * @param state the name of the state
     */
    void setState(String guest, String state);

    /**
     * A part waits until systems have one of several states. Unlike messages, states can be waited for again.
     *
     * @param guest the name of the system of the part
     * @param states the states; each system must have at least one of them
     * @param systems the names of the systems
     * @param any whether one of the systems is enough
     * @return is completed when they have
     */
    CompletableFuture<Void> awaitStates(String guest, Set<String> states, Set<String> systems, boolean any);
}
