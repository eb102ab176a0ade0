package org.atex.interleave;

import java.time.Duration;

/**
 * An actor as the {@link Stage} controls it: here a thread of this JVM. Another kind, such as a process on a system
 * whose checkpoints arrive on a channel, would call the {@link Gate} from the thread that reads the channel.
 *
 * <p>Implementations are thread-safe, and only {@link #awaitEnd} waits: the stage calls the others under its lock.
 */
interface Actor {
    String name();

    /** Starts it, once. At its end it calls {@link Gate#ended}, unless this method throws. */
    void start(Gate gate);

    /** Asks it to end, after {@link #start}. */
    void interrupt();

    /** Waits for its end after {@link #start}, also if interrupted, and returns whether it has ended. */
    boolean awaitEnd(Duration atMost);

    /** {@return its current activity} */
    Activity activity();
}
