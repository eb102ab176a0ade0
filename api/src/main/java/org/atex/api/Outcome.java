package org.atex.api;

/**
 * How a test ended, as the runner sees it: the closed list that verdicts and reruns are decided on. What the test itself
 * reported is kept beside it, see {@link ReportedResult}.
 */
public enum Outcome {
    /** Its exit code was 0, or its own final result {@code pass} or {@code info}. */
    PASSED(Status.PASS, Verdict.PASSED),
    /** Another exit code, or its own final result {@code fail} or {@code warn}. */
    FAILED(Status.FAIL, Verdict.FAILED),
    /** It could not do its work: it cannot be started, broke the protocol, or reported an error of its own. */
    ERROR(Status.ERROR, Verdict.FAILED),
    /** Its time limit passed. */
    TIMED_OUT(Status.ERROR, Verdict.FAILED),
    /** Its own final result is {@code skip}. */
    SKIPPED(Status.SKIP, Verdict.PASSED),
    /** The system or the connection to it went away. */
    LOST(Status.INFRA, Verdict.INFRASTRUCTURE),
    /** What the test requires could not be set up. */
    SETUP_FAILED(Status.INFRA, Verdict.INFRASTRUCTURE),
    /** The user, or the run's own rules, stopped it. */
    CANCELLED(Status.INFRA, Verdict.INCOMPLETE),
    /** It was never started. */
    NOT_RUN(Status.INFRA, Verdict.INCOMPLETE);

    private final Status status;
    private final Verdict verdict;

    Outcome(Status status, Verdict verdict) {
        this.status = status;
        this.verdict = verdict;
    }

    /** {@return the status that the runner writes for the test} */
    public Status status() {
        return status;
    }

    /** {@return what it makes of the whole run, if nothing worse happens} */
    public Verdict verdict() {
        return verdict;
    }

    /**
     * {@return the outcome that a test's own final result means}
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
