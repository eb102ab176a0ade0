package org.atex.api;

/**
 * The outcome of an attempt at a test, as the runner determines it. Verdicts and reruns depend on this closed list. The
 * test's own reports are kept separately, as {@link ReportedResult}s with an open list of {@link Status} words.
 */
public enum Outcome {
    /** The exit code was 0, or the test's own final result is {@code pass} or {@code info}. */
    PASSED(Status.PASS, Verdict.PASSED),
    /** The exit code was not 0, or the test's own final result is {@code fail} or {@code warn}. */
    FAILED(Status.FAIL, Verdict.FAILED),
    /** The test could not be executed, violated the protocol, or reported an error of its own. */
    ERROR(Status.ERROR, Verdict.FAILED),
    /** The test exceeded its time limit. */
    TIMED_OUT(Status.ERROR, Verdict.FAILED),
    /** The test's own final result is {@code skip}. */
    SKIPPED(Status.SKIP, Verdict.PASSED),
    /** The system, or the connection to it, was lost. */
    LOST(Status.INFRA, Verdict.INFRASTRUCTURE),
    /** The requirements of the test could not be set up. */
    SETUP_FAILED(Status.INFRA, Verdict.INFRASTRUCTURE),
    /** The user or a rule of the run stopped the test. */
    CANCELLED(Status.INFRA, Verdict.INCOMPLETE),
    /** The test never started. */
    NOT_RUN(Status.INFRA, Verdict.INCOMPLETE);

    private final Status status;
    private final Verdict verdict;

    Outcome(Status status, Verdict verdict) {
        this.status = status;
        this.verdict = verdict;
    }

    /** {@return the status of the result that the runner writes for the test} */
    public Status status() {
        return status;
    }

    /** {@return the best verdict that a run with such a test can have} */
    public Verdict verdict() {
        return verdict;
    }

    /**
     * {@return the outcome that corresponds to a test's own final result; {@link #ERROR} for an unknown status}
     *
     * @param status the status of that result
     */
    public static Outcome of(Status status) {
        return switch (status.word()) {
            case "pass", "info" -> PASSED;
            case "fail", "warn" -> FAILED;
            case "skip" -> SKIPPED;
            default -> ERROR;
        };
    }
}
