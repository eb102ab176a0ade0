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
final class AttemptTask {
    /** The result of an attempt. */
    sealed interface Result {
        /** The attempt ran and ended. */
        record Ended(Attempt attempt) implements Result {}

        /** The attempt was not started because the run is being stopped. */
        record NotStarted() implements Result {}

        /** No disk space for its artifacts: the attempt has no valid result. */
        record NoSpace(String why) implements Result {}
    }

    private final PlannedTest test;
    private final OpenSystem openSystem;
    private final int slot;
    private final ArtifactDirectories directories;
    private final int lastLines;
    private final RunLog log;
    private final InstantSource clock;

    // Written by the thread of the attempt; read by the thread of the run if the attempt is abandoned.
    private volatile Artifacts artifacts = Artifacts.none();
    private volatile Instant started;
    private volatile long begin = System.nanoTime();

    AttemptTask(
            PlannedTest test,
            OpenSystem openSystem,
            int slot,
            ArtifactDirectories directories,
            int lastLines,
            RunLog log,
            InstantSource clock) {
        this.clock = clock;
        this.started = clock.instant();
        this.log = log;
        this.test = test;
        this.openSystem = openSystem;
        this.slot = slot;
        this.directories = directories;
        this.lastLines = lastLines;
    }

    /**
     * Runs the attempt.
     *
     * @param stopped returns whether the run is being stopped
     * @param starting receives the start time, right before the test starts
     */
    Result run(BooleanSupplier stopped, Consumer<Instant> starting) throws InterruptedException {
        try {
            artifacts = directories.next();
        } catch (IOException e) {
            return new Result.NoSpace(Throwables.describe(e));
        }
        if (stopped.getAsBoolean()) {
            discard();
            return new Result.NotStarted();
        }
        started = clock.instant();
        begin = System.nanoTime();
        starting.accept(started);
        TestEnd end;
        try {
            end = end();
        } catch (UncheckedIOException e) {
            if (DiskFull.isCauseOf(e)) {
                discard();
                return new Result.NoSpace(Throwables.describe(e));
            }
            end = new TestEnd(Outcome.ERROR, null, "the executor failed: " + Throwables.describe(e), true);
        }
        if (end.outcome() == Outcome.ERROR) {
            // A full disk makes executors fail in ways that do not name the disk. Check it before blaming the test.
            String why = directories.whyNoSpace();
            if (!why.isEmpty()) {
                discard();
                return new Result.NoSpace(why);
            }
        }
        Duration took = took();
        Excerpt excerpt =
                end.outcome().verdict() == Verdict.PASSED ? Excerpt.none() : Excerpts.read(artifacts, lastLines);
        return new Result.Ended(attempt(end, excerpt, took));
    }

    private TestEnd end() throws InterruptedException {
        try {
            TestEnd end = openSystem.executor().run(test.test, artifacts);
            return isNull(end) ? unusable(Outcome.ERROR, "the executor returned null") : end;
        } catch (ConnectionLostException e) {
            return unusable(Outcome.LOST, Throwables.describe(e));
        } catch (InterruptedException | UncheckedIOException e) {
            throw e;
        } catch (Throwable e) {
            String message = Throwables.describe(e);
            log.warn("the executor failed on " + test.name(), e);
            return unusable(Outcome.ERROR, "the executor failed: " + message);
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
        return new Attempt(end, artifacts, excerpt, started, took, openSystem.info(), slot);
    }
}
