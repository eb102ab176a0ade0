package org.atex.adhoc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.atex.api.Artifacts;
import org.atex.api.ConnectionLostException;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.artifacts.Excerpts;
import org.atex.artifacts.Spool;
import org.atex.artifacts.SpooledAttempt;
import org.atex.artifacts.SpooledAttempt.State;
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

    /** Where an attempt writes its artifacts and its record. */
    interface Folder {
        /** {@return the empty directory for the artifacts, which this creates} */
        Artifacts open() throws IOException;

        /**
         * Writes the record of the attempt when it begins.
         *
         * @param running the attempt as it is if the program is killed
         */
        void begun(Attempt running) throws IOException;

        /** Writes the record of the attempt when it has ended. */
        void ended(Attempt attempt) throws IOException;

        /** {@return the artifacts to store; null if there are none, or they are stored with those of others} */
        @Nullable
        SpooledAttempt spooled();

        /** Deletes the artifacts. */
        void discard() throws IOException;
    }

    /** The folder of an attempt on one system. */
    private static final class OwnFolder implements Folder {
        private final Spool spool;
        private final Function<Attempt, TestRecord> records;
        // Written by the thread of the attempt; read by the thread of the run if the attempt is abandoned.
        private volatile @Nullable SpooledAttempt spooled;

        OwnFolder(Spool spool, Function<Attempt, TestRecord> records) {
            this.spool = spool;
            this.records = records;
        }

        @Override
        public Artifacts open() throws IOException {
            SpooledAttempt next = spool.next();
            spooled = next;
            return next.artifacts();
        }

        @Override
        public void begun(Attempt running) throws IOException {
            write(State.RUNNING, running);
        }

        @Override
        public void ended(Attempt attempt) throws IOException {
            write(State.ENDED, attempt);
        }

        private void write(State state, Attempt attempt) throws IOException {
            SpooledAttempt open = spooled;
            if (open != null) {
                open.write(state, records.apply(attempt));
            }
        }

        @Override
        public @Nullable SpooledAttempt spooled() {
            return spooled;
        }

        @Override
        public void discard() throws IOException {
            SpooledAttempt open = spooled;
            if (open != null) {
                open.discard();
            }
        }
    }

    private final PlannedTest test;
    private final OpenSystem openSystem;
    private final int slot;
    private final Spool spool;
    private final Folder folder;
    private final TestCase invocation;
    private final int lastLines;
    private final RunLog log;
    private final InstantSource clock;

    /** Whether the task may delete the artifacts. */
    private final AtomicBoolean leftToTask = new AtomicBoolean(true);

    private volatile Instant started;
    private volatile long begin = System.nanoTime();

    AttemptTask(
            PlannedTest test,
            OpenSystem openSystem,
            int slot,
            Spool spool,
            Folder folder,
            TestCase invocation,
            int lastLines,
            RunLog log,
            InstantSource clock) {
        this.clock = clock;
        this.started = clock.instant();
        this.log = log;
        this.test = test;
        this.openSystem = openSystem;
        this.slot = slot;
        this.spool = spool;
        this.folder = folder;
        this.invocation = invocation;
        this.lastLines = lastLines;
    }

    /** {@return the folder of an attempt on one system} */
    static Folder folder(Spool spool, Function<Attempt, TestRecord> records) {
        return new OwnFolder(spool, records);
    }

    /**
     * Runs the attempt.
     *
     * @param stopped returns whether the run is being stopped
     * @param starting receives the start time and the artifacts, right before the test starts
     */
    Result run(BooleanSupplier stopped, BiConsumer<Instant, Artifacts> starting) throws InterruptedException {
        Artifacts artifacts;
        try {
            artifacts = folder.open();
        } catch (IOException e) {
            return new Result.NoSpace(Throwables.describe(e));
        }
        if (stopped.getAsBoolean()) {
            discard();
            return new Result.NotStarted();
        }
        started = clock.instant();
        begin = System.nanoTime();
        try {
            folder.begun(attempt(folder.spooled(), SpooledAttempt.KILLED, Excerpt.none(), Duration.ZERO));
        } catch (IOException e) {
            discard();
            return new Result.NoSpace(Throwables.describe(e));
        }
        starting.accept(started, artifacts);
        TestEnd end;
        try {
            end = end(artifacts);
        } catch (UncheckedIOException e) {
            if (DiskFull.isCauseOf(e)) {
                discard();
                return new Result.NoSpace(Throwables.describe(e));
            }
            end = new TestEnd(Outcome.ERROR, null, "the executor failed: " + Throwables.describe(e), true);
        }
        if (end.outcome() == Outcome.ERROR) {
            // A full disk makes executors fail in ways that do not name the disk. Check it before blaming the test.
            String why = whyNoSpace(spool);
            if (!why.isEmpty()) {
                discard();
                return new Result.NoSpace(why);
            }
        }
        Duration took = took();
        Excerpt excerpt =
                end.outcome().verdict() == Verdict.PASSED ? Excerpt.none() : Excerpts.read(artifacts, lastLines);
        return new Result.Ended(attempt(folder.spooled(), end, excerpt, took));
    }

    private TestEnd end(Artifacts artifacts) throws InterruptedException {
        try {
            TestEnd end = openSystem.executor().run(invocation, artifacts);
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

    /**
     * Writes the end of the attempt to the spool. The next test need not wait for this. A failure does not matter, unless
     * the program is killed before the results are stored.
     */
    void writeEnd(Result result) {
        if (result instanceof Result.Ended(Attempt ended)) {
            try {
                folder.ended(ended);
            } catch (IOException e) {
                log.warn("could not write the record of " + test.name(), e);
            }
        }
    }

    /** {@return the reason why the spool cannot be written to; empty if it can} */
    static String whyNoSpace(Spool spool) {
        try {
            spool.requireFreeSpace();
            return "";
        } catch (IOException e) {
            return Throwables.describe(e);
        }
    }

    private static boolean isNull(@Nullable Object value) {
        return value == null;
    }

    private static TestEnd unusable(Outcome outcome, String note) {
        return new TestEnd(outcome, null, note, false);
    }

    private void discard() {
        if (!leftToTask.compareAndSet(true, false)) {
            return; // it was given up, and its artifacts are being stored
        }
        try {
            folder.discard();
        } catch (IOException e) {
            log.warn("could not delete the artifacts of " + test.name(), e);
        }
    }

    private Duration took() {
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    /** {@return an ended attempt without a result from its executor} The task may still run. */
    Attempt cutShort(TestEnd end) {
        boolean mine = leftToTask.compareAndSet(true, false);
        return attempt(mine ? folder.spooled() : null, end, Excerpt.none(), took());
    }

    private Attempt attempt(@Nullable SpooledAttempt from, TestEnd end, Excerpt excerpt, Duration took) {
        return new Attempt(explained(end), from, excerpt, started, took, openSystem.info(), slot);
    }

    /** Adds where the limit comes from that a test exceeded, if it is not the limit that the test declares. */
    private TestEnd explained(TestEnd end) {
        String about = test.unit().aboutLimit;
        return end.outcome() != Outcome.TIMED_OUT || about.isEmpty() ? end : end.plusNote(about);
    }
}
