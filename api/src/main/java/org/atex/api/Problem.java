package org.atex.api;

/**
 * A failure in a run that is not a failure of a test, such as a system that could not be provisioned. Immutable.
 *
 * @param message a description of the failure in one line, for people
 * @param verdict the best verdict that a run with this problem can have: {@link Verdict#PASSED} if the run recovered
 *     from it, {@link Verdict#NOT_STORED} if results are not stored
 */
public record Problem(String message, Verdict verdict) {
    /**
     * {@return a problem from which the run recovered; it does not change the verdict}
     *
     * @param message a description of the failure
     */
    public static Problem overcome(String message) {
        return new Problem(message, Verdict.PASSED);
    }

    /**
     * {@return a failure of the infrastructure}
     *
     * @param message a description of the failure
     */
    public static Problem infrastructure(String message) {
        return new Problem(message, Verdict.INFRASTRUCTURE);
    }

    /**
     * {@return a failure to store results}
     *
     * @param message the test, the reason, and the place where its results are kept
     */
    public static Problem notStored(String message) {
        return new Problem(message, Verdict.NOT_STORED);
    }

    @Override
    public String toString() {
        return message;
    }
}
