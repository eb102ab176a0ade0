package org.atex.adhoc;

import org.atex.api.Stop;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/** What the {@link Schedule} is told. */
sealed interface Event {
    /** The run begins. The first event. */
    record Begin() implements Event {}

    /** An instant has come that was asked for by {@link Decision.WakeAt}. */
    record Tick() implements Event {}

    /** The run is to end early. */
    record Stopped(Stop how, String why) implements Event {}

    /** A provisioner has handed out a system, whose facts are now read. */
    record Arriving(int provisioner) implements Event {}

    /** The facts of a system that was arriving are known. */
    record Offered(PoolSystem.Facts facts) implements Event {}

    /**
     * A system that was asked for is not to be had.
     *
     * @param arriving whether {@link Arriving} was said of it
     * @param host the host that failed, if that is known
     */
    record NotOffered(
            int provisioner, boolean arriving, @Nullable String host, String why) implements Event {}

    /** A provisioner could not be asked for so many systems: they will not come. */
    record NotAsked(int provisioner, int count, String why) implements Event {}

    /**
     * A provisioner has no more systems to give, until it gets one back.
     *
     * @param forGood whether it has none to give after that either
     */
    record Exhausted(int provisioner, String why, boolean forGood) implements Event {}

    /** A system can run tests. */
    record Prepared(int system) implements Event {}

    /** A system could not be made ready. */
    record PreparationFailed(int system, String why) implements Event {}

    /** A test that was to run has really started. */
    record Started(int system, int slot) implements Event {}

    /** A test has ended. */
    record Finished(int system, int slot, TestEnd end) implements Event {}

    /** A test was not started after all: the run is being stopped. */
    record NotStarted(int system, int slot) implements Event {}

    /** A test could not start, or its attempt was spoiled, for lack of room for its artifacts on this machine. */
    record NoRoom(int system, int slot, String why) implements Event {}

    /**
     * FreeSpace for artifacts was looked for.
     *
     * @param why why there is none; empty if there is
     */
    record FreeSpace(String why) implements Event {}

    /** The user's policies have judged an attempt. */
    record Judged(PlannedTest test, boolean again, boolean spent) implements Event {}

    /** A system was reset, and is as good as new. */
    record Renewed(int system) implements Event {}

    /** A system was given back. */
    record Released(int system) implements Event {}
}
