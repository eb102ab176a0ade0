package org.atex.api;

/**
 * The verdict on a whole run, from the best to the worst. The worst verdict of its tests and problems is the verdict of
 * the run.
 */
public enum Verdict {
    /** Every test passed, or skipped itself. */
    PASSED(0),
    /** Results are known, but an aggregator did not store them, or could not complete its report. */
    NOT_STORED(4),
    /** Tests were cancelled or never started. */
    INCOMPLETE(3),
    /** A system or a connection failed, so part of the results is unknown. */
    INFRASTRUCTURE(2),
    /** A test failed. */
    FAILED(1);

    private final int exitCode;

    Verdict(int exitCode) {
        this.exitCode = exitCode;
    }

    /**
     * {@return the exit code for a program that does nothing but this run: 0 for passed, 1 for failed, 2 for
     * infrastructure, 3 for incomplete, 4 for not stored}
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
