package org.atex.api;

/**
 * The verdict on a whole run, from the best to the worst. The worst verdict of its tests and problems is the verdict of
 * the run.
 */
public enum Verdict {
    /** Every test passed, or skipped itself. */
    PASSED(0),
    /** Tests were cancelled or never started, or results are not stored. */
    INCOMPLETE(3),
    /** A system, a connection or a report failed, so part of the results is unknown. */
    INFRASTRUCTURE(2),
    /** A test failed. */
    FAILED(1);

    private final int exitCode;

    Verdict(int exitCode) {
        this.exitCode = exitCode;
    }

    /**
     * {@return the exit code for a program that does nothing but this run: 0 for passed, 1 for failed, 2 for
     * infrastructure, 3 for incomplete}
     */
    public int exitCode() {
        return exitCode;
    }

    /**
     * {@return the worse of this verdict and another one}
     *
     * @param other the other verdict
     */
    public Verdict and(Verdict other) {
        return compareTo(other) >= 0 ? this : other;
    }
}
