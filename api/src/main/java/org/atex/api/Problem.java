package org.atex.api;

/**
 * Something beside the tests that went wrong in a run.
 *
 * @param what what went wrong, in one line for people
 * @param verdict the best verdict that the run can have with it: {@link Verdict#PASSED} for what was overcome,
 *     {@link Verdict#INCOMPLETE} for results that are not stored
 */
public record Problem(String what, Verdict verdict) {
    /**
     * {@return a problem that was overcome: it changes no verdict}
     *
     * @param what what went wrong
     */
    public static Problem overcome(String what) {
        return new Problem(what, Verdict.PASSED);
    }

    /**
     * {@return a failure of the infrastructure}
     *
     * @param what what went wrong
     */
    public static Problem infrastructure(String what) {
        return new Problem(what, Verdict.INFRASTRUCTURE);
    }

    /**
     * {@return results that could not be stored}
     *
     * @param what whose results, why, and where they are kept
     */
    public static Problem notStored(String what) {
        return new Problem(what, Verdict.INCOMPLETE);
    }

    @Override
    public String toString() {
        return what;
    }
}
