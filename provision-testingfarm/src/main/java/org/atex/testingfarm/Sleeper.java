package org.atex.testingfarm;

import java.time.Duration;

/** Waits, in real time or in the time of a test. Thread-safe. */
@FunctionalInterface
interface Sleeper {
    /**
     * Waits for a time.
     *
     * @param duration the time
     * @throws InterruptedException if interrupted
     */
    void sleep(Duration duration) throws InterruptedException;
}
