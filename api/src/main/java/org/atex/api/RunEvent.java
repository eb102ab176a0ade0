package org.atex.api;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An event of a run, such as the start of a test. An orchestrator passes each event to its {@link RunListener}s, in the
 * order in which they happened. Immutable.
 *
 * {@snippet :
 * RunListener progress = event -> {
 *     switch (event) {
 *         case RunEvent.TestStarted started -> print("started " + started.test().name());
 *         case RunEvent.TestFinished finished -> print(finished.record().toString());
 *         default -> {}
 *     }
 * };
 * }
 *
 * <p>Later versions may add kinds of events: a {@code switch} over them needs a default branch.
 */
public sealed interface RunEvent {
    /** {@return the run, the number and the time of this event} */
    Stamp stamp();

    /** {@return the time of this event} */
    default Instant at() {
        return stamp().at();
    }

    /**
     * The identity and the time of an event.
     *
     * @param run the id of the run, which all its events share and no other run has
     * @param number 1 for the first event of the run; each further event has the next number
     * @param at the time of the event, by the clock of the run, which does not jump
     */
    record Stamp(String run, long number, Instant at) {}

    /**
     * The run started.
     *
     * @param stamp the run, the number and the time
     * @param plan the planned tests, in the given order
     * @param platform the platform of the tests, as the user calls it
     */
    record RunStarted(Stamp stamp, List<PlainTest> plan, String platform) implements RunEvent {
        /** The platform of a run for which the user has named none. */
        public static final String DEFAULT_PLATFORM = "default";

        /** Copies the list. */
        public RunStarted {
            plan = List.copyOf(plan);
        }
    }

    /**
     * The orchestrator requested systems.
     *
     * @param stamp the run, the number and the time
     * @param provisioner the name of the provisioner within the run; {@code provisioner 1} and so on if it was given none
     * @param count the number of systems
     */
    record SystemsRequested(Stamp stamp, String provisioner, int count) implements RunEvent {}

    /**
     * A system is ready for its first test.
     *
     * @param stamp the run, the number and the time
     * @param system the system
     * @param sinceAsked the time since the system was requested
     * @param setup the part of that time in which the orchestrator prepared the system
     */
    record SystemReady(Stamp stamp, SystemInfo system, Duration sinceAsked, Duration setup) implements RunEvent {}

    /**
     * A system could not be provisioned or prepared.
     *
     * @param stamp the run, the number and the time
     * @param system the name of the system, or of the provisioner if the system has no name yet
     * @param why the reason
     */
    record SetupFailed(Stamp stamp, String system, String why) implements RunEvent {}

    /**
     * A host is excluded from the run, because of its failures.
     *
     * @param stamp the run, the number and the time
     * @param host the name of the host, see {@link Remote#host()}
     * @param why the reason, with the number of failures
     */
    record HostQuarantined(Stamp stamp, String host, String why) implements RunEvent {}

    /**
     * A system on which a test failed is held for a person, and runs no further tests.
     *
     * @param stamp the run, the number and the time
     * @param system the system
     * @param test the name of the test
     * @param until when it is released at the latest
     * @param login the command that opens a shell on it; empty if it is not known
     * @param marker a file on the machine of this program; the system is released when it is deleted
     */
    record SystemHeld(Stamp stamp, SystemInfo system, String test, Instant until, List<String> login, Path marker)
            implements RunEvent {
        /** Copies the list. */
        public SystemHeld {
            login = List.copyOf(login);
        }
    }

    /**
     * A system was given back.
     *
     * @param stamp the run, the number and the time
     * @param system the system
     * @param why the reason
     */
    record SystemGone(Stamp stamp, SystemInfo system, String why) implements RunEvent {}

    /** An attempt at a test started. */
    final class TestStarted implements RunEvent {
        private final Stamp stamp;
        private final PlainTest test;
        private final int attempt;
        private final SystemInfo system;
        private final int slot;
        private final Artifacts artifacts;

        private TestStarted(
                Stamp stamp, PlainTest test, int attempt, SystemInfo system, int slot, Artifacts artifacts) {
            this.stamp = stamp;
            this.test = test;
            this.attempt = attempt;
            this.system = system;
            this.slot = slot;
            this.artifacts = artifacts;
        }

        /**
         * {@return the event of the first attempt at a test, in the first slot of a system}
         *
         * @param stamp the run, the number and the time
         * @param test the test
         * @param system the system
         */
        public static TestStarted of(Stamp stamp, PlainTest test, SystemInfo system) {
            return new TestStarted(stamp, test, 1, system, 1, Artifacts.none());
        }

        /**
         * {@return a copy of this event with another number of the attempt}
         *
         * @param number the number, from 1 upwards
         */
        public TestStarted withAttempt(int number) {
            return new TestStarted(stamp, test, number, system, slot, artifacts);
        }

        /**
         * {@return a copy of this event with another slot of the system}
         *
         * @param number the number of the slot, from 1 upwards
         */
        public TestStarted withSlot(int number) {
            return new TestStarted(stamp, test, attempt, system, number, artifacts);
        }

        /**
         * {@return a copy of this event with the artifacts of the attempt}
         *
         * @param directory the artifacts, which are incomplete
         */
        public TestStarted withArtifacts(Artifacts directory) {
            return new TestStarted(stamp, test, attempt, system, slot, directory);
        }

        @Override
        public Stamp stamp() {
            return stamp;
        }

        /** {@return the test} */
        public PlainTest test() {
            return test;
        }

        /** {@return the number of the attempt, from 1 upwards} */
        public int attempt() {
            return attempt;
        }

        /** {@return the system} */
        public SystemInfo system() {
            return system;
        }

        /** {@return the slot on the system, from 1 upwards} */
        public int slot() {
            return slot;
        }

        /**
         * {@return the artifacts, to which the test writes while it runs; {@link Artifacts#none()} if they are not known,
         * or if the test runs on several systems} Listeners may read them. When the attempt has ended they can be moved or
         * deleted at any time.
         */
        public Artifacts artifacts() {
            return artifacts;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof TestStarted start && properties().equals(start.properties());
        }

        @Override
        public int hashCode() {
            return properties().hashCode();
        }

        private List<Object> properties() {
            return List.of(stamp, test, attempt, system, slot, artifacts);
        }

        @Override
        public String toString() {
            return "attempt " + attempt + " at " + test + " started on " + system + ", slot " + slot;
        }
    }

    /**
     * An attempt at a test ended, or the orchestrator decided not to start a test. If the record is not the last one of
     * the test, another attempt is planned. If that attempt is dropped, the event is sent again with the record marked
     * as the last one.
     *
     * <p>Its results may not be stored yet. Listeners that read stored results wait for {@link Ingested}, which names the
     * directory of the files.
     *
     * @param stamp the run, the number and the time
     * @param record the attempt
     * @param excerpt the failed parts and the end of the output, if the attempt did not pass
     */
    record TestFinished(Stamp stamp, TestRecord record, Excerpt excerpt) implements RunEvent {}

    /**
     * The results of an attempt were stored by all aggregators, or finally not stored by some of them.
     *
     * @param stamp the run, the number and the time
     * @param record the attempt
     * @param problem the reason of the failure and the place where the results are kept; empty if they were stored
     * @param files the directory that now holds the files of the attempt, or null if it is not known
     */
    record Ingested(
            Stamp stamp,
            TestRecord record,
            String problem,
            @Nullable Path files) implements RunEvent {}

    /**
     * A fixture was started.
     *
     * @param stamp the run, the number and the time
     * @param fixture its name
     * @param where the system, the group or the test that it was started for; empty if it is that of the whole run
     * @param took the time that its start took
     */
    record FixtureStarted(Stamp stamp, String fixture, String where, Duration took) implements RunEvent {}

    /**
     * A started fixture was finished.
     *
     * @param stamp the run, the number and the time
     * @param fixture its name
     * @param where the system, the group or the test that it was started for; empty if it is that of the whole run
     * @param problem why it could not be finished; empty if it was
     */
    record FixtureFinished(Stamp stamp, String fixture, String where, String problem) implements RunEvent {}

    /**
     * A call of user code, or a step of the run, did not return within its limit even after an interrupt. The run
     * continues without it; the thread of the call may still run.
     *
     * @param stamp the run, the number and the time
     * @param call the call, for people, such as {@code the executor of /smoke on host-3}
     * @param limit the limit
     */
    record Abandoned(Stamp stamp, String call, Duration limit) implements RunEvent {}

    /**
     * The run is paused, because this machine has no disk space for further artifacts, or it continues. While the run
     * is paused, no test is started.
     *
     * @param stamp the run, the number and the time
     * @param why the reason of the pause; empty if the run continues
     */
    record Paused(Stamp stamp, String why) implements RunEvent {}

    /**
     * A timer event. It is sent about once per second, for listeners that show elapsed times.
     *
     * @param stamp the run, the number and the time
     */
    record Heartbeat(Stamp stamp) implements RunEvent {}

    /**
     * Tests are blocked: no system is available, or no free slot suits them.
     *
     * @param stamp the run, the number and the time
     * @param tests the number of blocked tests
     * @param why the reason
     */
    record Waiting(Stamp stamp, int tests, String why) implements RunEvent {}

    /**
     * The run ended. This is its last event.
     *
     * @param stamp the run, the number and the time
     * @param summary the final state of all tests, and the problems
     */
    record RunEnded(Stamp stamp, RunSummary summary) implements RunEvent {}
}
