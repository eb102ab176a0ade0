package org.atex.scenario;

import java.time.Duration;

/**
 * Tells the occurrences of events that the scenario ends. The scenario pulls it at its end; an event pulls it to end the
 * scenario as a failure.
 *
 * <p>An event that runs for long must watch the switch. After the grace period its thread is interrupted.
 *
 * <p>Thread safety: every method may be called from any thread.
 */
public interface KillSwitch {
    /** {@return whether the switch was pulled, and the event should end} */
    boolean pulled();

    /**
     * Sleeps until the switch is pulled, or for a time. Events should use it in place of {@link Thread#sleep}.
     *
     * @param atMost the time
     * @return whether the switch was pulled
     * @throws InterruptedException if the thread is interrupted
     */
    boolean await(Duration atMost) throws InterruptedException;

    /**
     * Ends the scenario now, as a failure. If it is ending already, it still fails. The first reason is reported.
     *
     * @param reason the reason, one line
     * @throws IllegalStateException if the scenario has ended
     */
    void pull(String reason);
}
