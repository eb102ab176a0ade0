package org.atex.adhoc;

import org.atex.api.Stop;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/** An event that the {@link Schedule} handles. */
sealed interface Event {
    /** {@return whether a system has come nearer to running a test, or a test to its end} */
    default boolean isProgress() {
        return this instanceof Begin
                || this instanceof Offered
                || this instanceof Prepared
                || this instanceof Started
                || this instanceof Finished
                || this instanceof Renewed
                || this instanceof Released;
    }

    /** The first event: the run begins. */
    record Begin() implements Event {}

    /** The instant of the latest {@link Decision.WakeAt} has come. */
    record Tick() implements Event {}

    /** The run was asked to end early. */
    record Stopped(Stop how, String why) implements Event {}

    /** A provisioner has handed out a system. Its facts are being read. */
    record Arriving(int provisioner) implements Event {}

    /** The facts of an arriving system are known. */
    record Offered(PoolSystem.Facts facts) implements Event {}

    /**
     * A requested system is not available.
     *
     * @param arriving whether {@link Arriving} was sent for it
     * @param host the host that failed, or null if unknown
     */
    record NotOffered(
            int provisioner, boolean arriving, @Nullable String host, String why) implements Event {}

    /** A request for systems failed: these systems will not arrive. */
    record NotAsked(int provisioner, int count, String why) implements Event {}

    /**
     * A provisioner has no more systems until one is released.
     *
     * @param forGood whether it has no more systems even after that
     */
    record Exhausted(int provisioner, String why, boolean forGood) implements Event {}

    /** A provisioner has no system yet; the requests remain. */
    record Waiting(int provisioner, String why) implements Event {}

    /** A system is ready to run tests. */
    record Prepared(int system) implements Event {}

    /** The preparation of a system failed or was cancelled. */
    record PreparationFailed(int system, String why) implements Event {}

    /** A test has started on its system. */
    record Started(int system, int slot) implements Event {}

    /** A test has ended. */
    record Finished(int system, int slot, TestEnd end) implements Event {}

    /** A test was not started because the run is being stopped. */
    record NotStarted(int system, int slot) implements Event {}

    /** A test could not start, because one of its fixtures could not be started. */
    record FixtureFailed(int system, int slot, PlannedFixture fixture, String why) implements Event {}

    /** A test could not start, or its attempt failed, because this machine has no disk space for its artifacts. */
    record NoSpace(int system, int slot, String why) implements Event {}

    /**
     * The disk space for artifacts was checked.
     *
     * @param why the reason for the lack of space; empty if there is enough
     */
    record FreeSpace(String why) implements Event {}

    /** The user's policies have answered about an attempt. */
    record PoliciesAnswered(PlannedTest test, @Nullable Rerun again, boolean spent) implements Event {}

    /** The user's policy has chosen a test for a free slot; null for the first one. */
    record NextChosen(int system, @Nullable PlannedTest choice) implements Event {}

    /** A system was reset and can be prepared again. */
    record Renewed(int system) implements Event {}

    /** A person has freed a held system. */
    record Freed(int system) implements Event {}

    /** A system was released. */
    record Released(int system) implements Event {}
}
