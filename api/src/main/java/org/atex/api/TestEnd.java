package org.atex.api;

import org.jspecify.annotations.Nullable;

/**
 * The end of one attempt at a test. Immutable.
 *
 * @param outcome the outcome
 * @param exitCode the exit code of the test's command, or null if there was none
 * @param note a reason in one line, for people, or null if the outcome says enough
 * @param systemUsable whether the system of the attempt can be expected to run another test
 */
public record TestEnd(
        Outcome outcome,
        @Nullable Integer exitCode,
        @Nullable String note,
        boolean systemUsable) {
    /**
     * {@return an end without an exit code; the system is usable unless the outcome is {@link Outcome#LOST}}
     *
     * @param outcome the outcome
     * @param note the reason, or null
     */
    public static TestEnd of(Outcome outcome, @Nullable String note) {
        return new TestEnd(outcome, null, note, outcome != Outcome.LOST);
    }

    /**
     * {@return the end of a command that reported only an exit code: passed for 0, failed otherwise}
     *
     * @param exitCode the exit code
     */
    public static TestEnd exited(int exitCode) {
        return new TestEnd(exitCode == 0 ? Outcome.PASSED : Outcome.FAILED, exitCode, null, true);
    }

    /**
     * {@return the same end with a further note, which follows the one that it has}
     *
     * @param more the note, in one line
     */
    public TestEnd plusNote(String more) {
        return new TestEnd(outcome, exitCode, note == null ? more : note + "; " + more, systemUsable);
    }

    /**
     * {@return the same end with another answer to whether the system can be expected to run another test}
     *
     * @param usable the answer
     */
    public TestEnd withSystemUsable(boolean usable) {
        return new TestEnd(outcome, exitCode, note, usable);
    }
}
