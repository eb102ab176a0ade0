package org.atex.api;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened in a run. A {@link RunListener} receives each event, in the order in which it happened. New
 * kinds may be added: listeners should have a default branch.
 */
public sealed interface RunEvent {
    /** {@return the run, the number and the time of the event} */
    Stamp stamp();

    /** {@return when it happened} */
    default Instant at() {
        return stamp().at();
    }

    /**
     * Tells events apart.
     *
     * @param run the id of the run, the same for all its events and different for each run
     * @param number 1 for the first event of the run; each further event has the next number
     * @param at when it happened, by the clock of the run, which does not jump
     */
    record Stamp(String run, long number, Instant at) {}

    /**
     * The run began.
     *
     * @param stamp the run, the number and the time
     * @param plan the planned tests, in the order given
     * @param platform what the tests run on, in the user's words
     */
    record RunStarted(Stamp stamp, List<PlainTest> plan, String platform) implements RunEvent {
        /** Copies the list. */
        public RunStarted {
            plan = List.copyOf(plan);
        }
    }

    /**
     * Systems were asked for.
     *
     * @param stamp the run, the number and the time
     * @param provisioner the name of the provisioner within the run
     * @param count how many
     */
    record SystemsAsked(Stamp stamp, String provisioner, int count) implements RunEvent {}

    /**
     * A system is ready for its first test.
     *
     * @param stamp the run, the number and the time
     * @param system the system
     * @param sinceAsked the time since the system was asked for
     * @param setup the part of that time that its preparation took
     */
    record SystemReady(Stamp stamp, SystemInfo system, Duration sinceAsked, Duration setup) implements RunEvent {}

    /**
     * A system could not be had or made ready.
     *
     * @param stamp the run, the number and the time
     * @param system the name of the system, or of the provisioner if the system has none yet
     * @param why the reason
     */
    record SetupFailed(Stamp stamp, String system, String why) implements RunEvent {}

    /**
     * A host is not used any more, because too much fails on it.
     *
     * @param stamp the run, the number and the time
     * @param host its name, see {@link Remote#host()}
     * @param why the reason, with numbers
     */
    record HostQuarantined(Stamp stamp, String host, String why) implements RunEvent {}

    /**
     * A system was given back.
     *
     * @param stamp the run, the number and the time
     * @param system the system
     * @param why the reason
     */
    record SystemGone(Stamp stamp, SystemInfo system, String why) implements RunEvent {}

    /**
     * An attempt at a test began.
     *
     * @param stamp the run, the number and the time
     * @param test the test
     * @param attempt from 1 upwards
     * @param system the system
     * @param slot the slot on that system, from 1 upwards
     */
    record TestStarted(Stamp stamp, PlainTest test, int attempt, SystemInfo system, int slot) implements RunEvent {}

    /**
     * An attempt at a test ended, or a test is not going to be started. If the record is not the last one, the test is
     * planned to be run again; if that attempt never comes, the event is repeated with the record as the last one.
     *
     * @param stamp the run, the number and the time
     * @param record what is known of it
     * @param excerpt the failed parts and the end of the output, if the attempt did not pass
     */
    record TestFinished(Stamp stamp, TestRecord record, Excerpt excerpt) implements RunEvent {}

    /**
     * An attempt's results were stored, or could not be.
     *
     * @param stamp the run, the number and the time
     * @param record the attempt
     * @param problem why not, and where they are kept; empty if all is well
     * @param files the directory that now holds the attempt's files, or null if it is not known
     */
    record Ingested(
            Stamp stamp,
            TestRecord record,
            String problem,
            @Nullable Path files) implements RunEvent {}

    /**
     * User code or another part of the run did not return within its limit, also after an interrupt. The run goes on
     * without it; its thread may still run.
     *
     * @param stamp the run, the number and the time
     * @param what the call, for people, such as {@code the executor of /smoke on host-3}
     * @param limit the limit
     */
    record Abandoned(Stamp stamp, String what, Duration limit) implements RunEvent {}

    /**
     * No test is started for now, because this machine has no room for their artifacts; or there is room again.
     *
     * @param stamp the run, the number and the time
     * @param why the reason; empty if there is room again
     */
    record Paused(Stamp stamp, String why) implements RunEvent {}

    /**
     * Time passes. Sent about once a second, for listeners that show elapsed times.
     *
     * @param stamp the run, the number and the time
     */
    record Pulse(Stamp stamp) implements RunEvent {}

    /**
     * Tests are blocked: no system is available, or no free place suits them.
     *
     * @param stamp the run, the number and the time
     * @param tests how many
     * @param why for what
     */
    record Waiting(Stamp stamp, int tests, String why) implements RunEvent {}

    /**
     * The run ended.
     *
     * @param stamp the run, the number and the time
     * @param summary what it came to
     */
    record RunEnded(Stamp stamp, RunSummary summary) implements RunEvent {}
}
