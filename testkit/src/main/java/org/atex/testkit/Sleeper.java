package org.atex.testkit;

import java.time.Duration;

/**
 * The way in which fakes wait: in real time, or until a {@link ManualClock} is advanced. Implementations must be
 * thread-safe.
 */
@FunctionalInterface
public interface Sleeper {
    /**
     * Waits for a duration.
     *
     * @param duration the duration
     * @throws InterruptedException if the thread is interrupted
     */
    void sleep(Duration duration) throws InterruptedException;

    /** {@return a sleeper that waits in real time} */
    static Sleeper real() {
        return Thread::sleep;
    }
}
