package org.atex.testkit;

import java.time.Duration;

/** How fakes let time pass: really, or by the hand of a {@link ManualClock}. Thread-safe. */
@FunctionalInterface
public interface Sleeper {
    /**
     * Waits.
     *
     * @param duration how long
     * @throws InterruptedException if interrupted
     */
    void sleep(Duration duration) throws InterruptedException;

    /** {@return one that really waits} */
    static Sleeper real() {
        return Thread::sleep;
    }
}
