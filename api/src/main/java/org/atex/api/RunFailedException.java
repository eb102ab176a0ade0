package org.atex.api;

/** Thrown if a run cannot continue for a reason outside its tests. The results up to that point were stored. */
public final class RunFailedException extends AtexException {
    private static final long serialVersionUID = 1L;

    // Transient, because its records are not serializable.
    private final transient RunSummary summary;

    /**
     * Creates an exception with a message, a cause and a summary.
     *
     * @param message the operation that failed, and the effect on the run
     * @param cause the first failure; later failures are suppressed in it
     * @param summary the final state of the tests and the problems
     */
    public RunFailedException(String message, Throwable cause, RunSummary summary) {
        super(message, cause);
        this.summary = summary;
    }

    /** {@return the final state of the tests, and the problems} */
    public RunSummary summary() {
        return summary;
    }
}
