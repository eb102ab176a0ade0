package org.atex.api;

/** A run could not go on, for a reason that is no test's: what was known until then was stored. */
public final class RunFailedException extends AtexException {
    private static final long serialVersionUID = 1L;

    private final transient RunSummary summary;

    /**
     * Makes one.
     *
     * @param message what could not be done, and what became of the run
     * @param cause the first failure; later ones are suppressed in it
     * @param summary what the run came to all the same
     */
    public RunFailedException(String message, Throwable cause, RunSummary summary) {
        super(message, cause);
        this.summary = summary;
    }

    /** {@return what the run came to all the same} */
    public RunSummary summary() {
        return summary;
    }
}
