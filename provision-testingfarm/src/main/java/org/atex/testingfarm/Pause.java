package org.atex.testingfarm;

import java.time.Duration;

/** Lets time pass. Thread-safe. */
@FunctionalInterface
interface Pause {
    /**
     * Waits.
     *
     * @param duration how long
     * @throws InterruptedException if interrupted
     */
    void sleep(Duration duration) throws InterruptedException;
}
