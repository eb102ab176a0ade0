package org.atex.adhoc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.atex.api.Artifacts;
import org.atex.api.ConnectionLostException;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.api.Verdict;
import org.atex.artifacts.Excerpts;
import org.jspecify.annotations.Nullable;

/** Runs one attempt at a test and turns every failure of the executor into a result. */
final class AttemptWork {
    /** The result of an attempt. */
    sealed interface Out {
        /** The attempt ran and ended. */
        record Ended(Attempt attempt) implements Out {}

        /** The attempt was not started because the run is being stopped. */
        record NotStarted() implements Out {}

        /** No disk space for its artifacts: the attempt has no valid result. */
        record NoRoom(String why) implements Out {}
    }

    private final PlannedTest test;
    private final Member member;
    private final int slot;
    private final ArtifactRoom room;
    private final int lastLines;
    private final RunLog log;
    private final InstantSource clock;

    // Written by the thread of the attempt; read by the thread of the run if the attempt is abandoned.
    private volatile Artifacts artifacts = Artifacts.none();
    private volatile Instant started;
    private volatile long begin = System.nanoTime();

    AttemptWork(
            PlannedTest test,
            Member member,
            int slot,
            ArtifactRoom room,
            int lastLines,
            RunLog log,
            InstantSource clock) {
        this.clock = clock;
        this.started = clock.instant();
        this.log = log;
        this.test = test;
        this.member = member;
        this.slot = slot;
        this.room = room;
        this.lastLines = lastLines;
    }

    /**
     * Runs the attempt.
     *
     * @param stopped returns whether the run is being stopped
     * @param starting receives the start time, right before the test starts
     */
    Out run(BooleanSupplier stopped, Consumer<Instant> starting) throws InterruptedException {
        try {
            artifacts = room.next();
        } catch (IOException e) {
            return new Out.NoRoom(Words.of(e));
        }
        if (stopped.getAsBoolean()) {
            discard();
            return new Out.NotStarted();
        }
        started = clock.instant();
        begin = System.nanoTime();
        starting.accept(started);
        TestEnd end;
        try {
            end = end();
        } catch (UncheckedIOException e) {
            if (LackOfRoom.causes(e)) {
                discard();
                return new Out.NoRoom(Words.of(e));
            }
            end = new TestEnd(Outcome.ERROR, null, "the executor failed: " + Words.of(e), true);
        }
        if (end.outcome() == Outcome.ERROR) {
            // A full disk makes executors fail in ways that do not name the disk. Check it before blaming the test.
            String why = room.whyNoRoom();
            if (!why.isEmpty()) {
                discard();
                return new Out.NoRoom(why);
            }
        }
        Duration took = took();
        Excerpt excerpt =
                end.outcome().verdict() == Verdict.PASSED ? Excerpt.none() : Excerpts.read(artifacts, lastLines);
        return new Out.Ended(attempt(end, excerpt, took));
    }

    private TestEnd end() throws InterruptedException {
        try {
            TestEnd end = member.executor().run(test.test, artifacts);
            return isNull(end) ? unusable(Outcome.ERROR, "the executor returned null") : end;
        } catch (ConnectionLostException e) {
            return unusable(Outcome.LOST, Words.of(e));
        } catch (InterruptedException | UncheckedIOException e) {
            throw e;
        } catch (Throwable e) {
            String words = Words.of(e);
            log.warn("the executor failed on " + test.name(), e);
            return unusable(Outcome.ERROR, "the executor failed: " + words);
        }
    }

    private static boolean isNull(@Nullable Object value) {
        return value == null;
    }

    private static TestEnd unusable(Outcome outcome, String note) {
        return new TestEnd(outcome, null, note, false);
    }

    private void discard() {
        try {
            artifacts.delete();
        } catch (IOException e) {
            log.warn("could not delete the artifacts of " + test.name(), e);
        }
    }

    private Duration took() {
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    /** {@return an ended attempt without a result from its executor} */
    Attempt cutShort(TestEnd end) {
        return attempt(end, Excerpt.none(), took());
    }

    private Attempt attempt(TestEnd end, Excerpt excerpt, Duration took) {
        return new Attempt(end, artifacts, excerpt, started, took, member.info(), slot);
    }
}
