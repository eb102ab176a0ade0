package org.atex.scenario;

import java.util.Set;

/** An action that the {@link Timetable} requests. */
sealed interface Decision {
    /**
     * Start an occurrence.
     *
     * @param due the time at which it was due, in nanoseconds after the start
     */
    record Start(OccurrenceId occurrence, long due) implements Decision {}

    /** Pull the kill switch of all running occurrences. */
    record Pull() implements Decision {}

    /**
     * Interrupt running occurrences.
     *
     * @param isFailure whether they have failed, because they had the time to end by themselves
     */
    record Interrupt(Set<OccurrenceId> occurrences, String reason, boolean isFailure) implements Decision {}

    /** Do not wait for the end of occurrences any longer, because they ignored an interrupt. */
    record Abandon(Set<OccurrenceId> occurrences) implements Decision {}

    /** Give a kill switch that is not pulled to all occurrences that start from now on. */
    record NewSwitch() implements Decision {}
}
