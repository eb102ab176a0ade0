package org.atex.api;

import java.time.Duration;
import java.time.Instant;

/**
 * Something that happened in a run. Progress, journals, histories and time lines are readers of these and of nothing
 * else. Readers ignore kinds they do not know.
 */
public sealed interface RunEvent {
    /** {@return when} */
    Instant at();

    /**
     * The run began.
     *
     * @param at when
     * @param planned how many tests are planned
     */
    record RunStarted(Instant at, int planned) implements RunEvent {}

    /**
     * Systems were asked for.
     *
     * @param at when
     * @param provisioner which provisioner, from 1 upwards in the order given
     * @param count how many
     */
    record SystemsAsked(Instant at, int provisioner, int count) implements RunEvent {}

    /**
     * A system is ready for its first test.
     *
     * @param at when
     * @param system its name
     * @param setup how long it took to make it ready
     */
    record SystemReady(Instant at, String system, Duration setup) implements RunEvent {}

    /**
     * A system could not be had or made ready.
     *
     * @param at when
     * @param system its name, or which provisioner failed
     * @param why the reason
     */
    record SetupFailed(Instant at, String system, String why) implements RunEvent {}

    /**
     * A system was given back.
     *
     * @param at when
     * @param system its name
     * @param why the reason
     */
    record SystemGone(Instant at, String system, String why) implements RunEvent {}

    /**
     * An attempt at a test began.
     *
     * @param at when
     * @param test its name
     * @param attempt from 1 upwards
     * @param system where
     * @param slot the place on that system, from 1 upwards
     */
    record TestStarted(Instant at, String test, int attempt, String system, int slot) implements RunEvent {}

    /**
     * An attempt at a test ended, or a test is not going to be started. If the record is not the last one, the test will
     * be run again.
     *
     * @param at when
     * @param record what is known of it
     */
    record TestFinished(Instant at, TestRecord record) implements RunEvent {}

    /**
     * An attempt's results were stored, or could not be.
     *
     * @param at when
     * @param test its name
     * @param attempt which attempt
     * @param problem why not, and where they are kept; empty if all is well
     */
    record Ingested(Instant at, String test, int attempt, String problem) implements RunEvent {}

    /**
     * Tests are waiting though nothing runs that they could be waiting for, or a place is free that none of them fits.
     *
     * @param at when
     * @param tests how many
     * @param why for what
     */
    record Waiting(Instant at, int tests, String why) implements RunEvent {}

    /**
     * The run ended.
     *
     * @param at when
     * @param summary what it came to
     */
    record RunEnded(Instant at, RunSummary summary) implements RunEvent {}
}
