package org.atex.support;

import java.time.Duration;

/** Checks arguments of public methods, with the same wording everywhere. Thread-safe. */
public final class Arguments {
    private Arguments() {}

    /**
     * Checks a number of requested systems.
     *
     * @param count the number
     * @throws IllegalArgumentException if it is less than 1
     */
    public static void checkRequested(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("cannot provision " + count + " systems: request at least 1");
        }
    }

    /**
     * Checks a lower bound.
     *
     * @param least the smallest valid value
     * @param value the value
     * @param name the name of the option
     * @return the value
     * @throws IllegalArgumentException if the value is less
     */
    public static int atLeast(int least, int value, String name) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be at least " + least + ", not " + value);
        }
        return value;
    }

    /**
     * Checks a time limit.
     *
     * @param time the time limit
     * @param name the name of the option
     * @return the time limit
     * @throws IllegalArgumentException if it is not positive
     */
    public static Duration positive(Duration time, String name) {
        if (!time.isPositive()) {
            throw new IllegalArgumentException(name + " must be positive, not " + time);
        }
        return time;
    }
}
