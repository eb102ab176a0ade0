package org.atex.api;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened in a run. A {@link RunListener} receives each event, in the order in which it happened. New
 * kinds may be added: listeners should have a default branch.
 */
public sealed interface RunEvent {
    /** {@return when} */
    Instant at();

    /**
     * The run began.
     *
     * @param at when
     * @param planned how many tests are planned
     * @param platform what the tests run on, in the user's words
     */
    record RunStarted(Instant at, int planned, String platform) implements RunEvent {}

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
     * @param sinceAsked the time since the system was asked for
     * @param setup the part of that time that its preparation took
     */
    record SystemReady(Instant at, String system, Duration sinceAsked, Duration setup) implements RunEvent {}

    /**
     * A system could not be had or made ready.
     *
     * @param at when
     * @param system its name, or which provisioner failed
     * @param why the reason
     */
    record SetupFailed(Instant at, String system, String why) implements RunEvent {}

    /**
     * A host is not used any more, because too much fails on it.
     *
     * @param at when
     * @param host its name, see {@link Remote#host()}
     * @param why the reason, with numbers
     */
    record HostQuarantined(Instant at, String host, String why) implements RunEvent {}

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
     * @param expected how long the test is expected to take, or null if that is not known
     */
    record TestStarted(
            Instant at,
            String test,
            int attempt,
            String system,
            int slot,
            @Nullable Duration expected) implements RunEvent {}

    /**
     * An attempt at a test ended, or a test is not going to be started. If the record is not the last one, the test is
     * planned to be run again; if that attempt never comes, the event is repeated with the record as the last one.
     *
     * @param at when
     * @param record what is known of it
     * @param excerpt the failed parts and the end of the output, if the attempt did not pass
     */
    record TestFinished(Instant at, TestRecord record, Excerpt excerpt) implements RunEvent {}

    /**
     * An attempt's results were stored, or could not be.
     *
     * @param at when
     * @param test its name
     * @param attempt which attempt
     * @param problem why not, and where they are kept; empty if all is well
     * @param files the directory that now holds the attempt's files, or null if it is not known
     */
    record Ingested(
            Instant at,
            String test,
            int attempt,
            String problem,
            @Nullable Path files) implements RunEvent {}

    /**
     * User code or another part of the run did not return within its limit, also after an interrupt. The run goes on
     * without it; its thread may still run.
     *
     * @param at when
     * @param what the call, for people, such as {@code the executor of /smoke on host-3}
     * @param limit the limit
     */
    record Abandoned(Instant at, String what, Duration limit) implements RunEvent {}

    /**
     * No test is started for now, because this machine has no room for their artifacts; or there is room again.
     *
     * @param at when
     * @param why the reason; empty if there is room again
     */
    record Paused(Instant at, String why) implements RunEvent {}

    /**
     * Time passes. Sent about once a second, for listeners that show elapsed times.
     *
     * @param at when
     */
    record Pulse(Instant at) implements RunEvent {}

    /**
     * Tests are blocked: no system is available, or no free place suits them.
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
