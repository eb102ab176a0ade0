package org.atex.api;

import org.jspecify.annotations.Nullable;

/**
 * How one attempt at a test ended.
 *
 * @param outcome how it ended
 * @param exitCode the exit code of its command, if there was one
 * @param note why, in one line for people, if there is more to say than the outcome
 * @param systemUsable whether the system it ran on can be expected to run another test
 */
public record TestEnd(
        Outcome outcome,
        @Nullable Integer exitCode,
        @Nullable String note,
        boolean systemUsable) {
    /**
     * {@return an end without an exit code, on a system that can go on, unless it was lost}
     *
     * @param outcome how it ended
     * @param note why, or null
     */
    public static TestEnd of(Outcome outcome, @Nullable String note) {
        return new TestEnd(outcome, null, note, outcome != Outcome.LOST);
    }

    /**
     * {@return the end of a command that said nothing else: passed for exit code 0, else failed}
     *
     * @param exitCode the exit code
     */
    public static TestEnd exited(int exitCode) {
        return new TestEnd(exitCode == 0 ? Outcome.PASSED : Outcome.FAILED, exitCode, null, true);
    }
}
