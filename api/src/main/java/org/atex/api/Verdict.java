package org.atex.api;

/** What a whole run came to, from best to worst: the worst of its tests wins. */
public enum Verdict {
    /** Every test passed or was skipped by its own word. */
    PASSED(0),
    /** Tests are missing: cancelled, or never run. */
    INCOMPLETE(3),
    /** A system, a connection or a report failed, so that something is not known. */
    INFRASTRUCTURE(2),
    /** A test failed. */
    FAILED(1);

    private final int exitCode;

    Verdict(int exitCode) {
        this.exitCode = exitCode;
    }

    /** {@return the exit code for a program that does nothing but this run: 0, 1 failed, 2 infrastructure, 3 incomplete} */
    public int exitCode() {
        return exitCode;
    }

    /**
     * {@return the worse of two}
     *
     * @param other the other one
     */
    public Verdict and(Verdict other) {
        return compareTo(other) >= 0 ? this : other;
    }
}
