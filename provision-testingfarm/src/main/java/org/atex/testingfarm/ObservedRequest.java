package org.atex.testingfarm;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The latest state of a request, as reported by the service and its log. Thread-safe. */
final class ObservedRequest {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    private final RunContext run;
    private final Instant startTime;
    private final ReentrantLock lock = new ReentrantLock();
    private final GuestLogParser guest = new GuestLogParser();
    private List<String> tail = List.of();
    private @Nullable FarmRequest latest;
    private @Nullable Instant reserved;
    private Instant lastPoll;

    /** Held while the log is read, which is I/O and thus not done under the lock. */
    private final Semaphore reading = new Semaphore(1);

    private @Nullable PipelineLog log;
    private @Nullable GuestFileLookup file;

    ObservedRequest(RunContext run, Instant startTime) {
        this.run = run;
        this.startTime = startTime;
        this.lastPoll = startTime;
    }

    void update(FarmRequest now) {
        lock.lock();
        try {
            latest = now;
        } finally {
            lock.unlock();
        }
    }

    /** {@return the latest response of the service, or null before the first one} */
    @Nullable
    FarmRequest latest() {
        lock.lock();
        try {
            return latest;
        } finally {
            lock.unlock();
        }
    }

    /** Reads the lines that were added to the log, if its address is known. */
    void readLog() throws InterruptedException {
        FarmRequest now = latest();
        URI address = now == null ? null : now.log();
        if (address == null) {
            return;
        }
        reading.acquire();
        try {
            PipelineLog current = log == null ? PipelineLog.of(run.api, address) : log;
            log = current;
            List<String> lines = current.next();
            if (lines.isEmpty() && current.tail().isEmpty()) {
                lines = fromGuestFile(address);
            }
            lock.lock();
            try {
                lines.forEach(guest::read);
                tail = current.tail();
            } finally {
                lock.unlock();
            }
        } finally {
            reading.release();
        }
    }

    /** {@return the line that stands for the guest's address, from the files of the run, if it is known there} */
    private List<String> fromGuestFile(URI address) throws InterruptedException {
        GuestFileLookup guestFile = file == null ? new GuestFileLookup(run.api, address) : file;
        file = guestFile;
        String line = guestFile.find();
        return line == null ? List.of() : List.of(line);
    }

    /**
     * Reads the log, but waits for at most the given time. The read goes on in another thread, which is interrupted
     * then.
     */
    void readLog(Duration atMost) throws InterruptedException {
        FutureTask<?> task = new FutureTask<>(() -> {
            readLog();
            return true;
        });
        Threads.start("farm-log", task);
        try {
            task.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("could not read the end of the log in time", e);
        } finally {
            task.cancel(true);
        }
    }

    /** {@return the last lines of the log} */
    List<String> tail() {
        lock.lock();
        try {
            return tail;
        } finally {
            lock.unlock();
        }
    }

    /** {@return {@code user@host}, or null while it is unknown} */
    @Nullable
    String address() {
        lock.lock();
        try {
            return guest.address();
        } finally {
            lock.unlock();
        }
    }

    /** {@return the line of the log that reports a failure, or null} */
    @Nullable
    String failure() {
        lock.lock();
        try {
            return guest.failure();
        } finally {
            lock.unlock();
        }
    }

    /** {@return whether the log shows that the reserve test, which allows the login, has started} */
    boolean isReserved() {
        lock.lock();
        try {
            return guest.isReserved();
        } finally {
            lock.unlock();
        }
    }

    /** Marks the end of a poll. */
    void endPoll() {
        lock.lock();
        try {
            if (reserved == null && guest.isReserved()) {
                // The start is estimated early, so that expires() is never too late: the marker was written after the
                // previous poll, and the log may be up to one interval late.
                reserved = lastPoll.minus(run.settings.pollEvery());
            }
            lastPoll = run.settings.clock().instant();
        } finally {
            lock.unlock();
        }
    }

    /** {@return the earliest time at which the machine is taken away: the end of the reservation or of the request} */
    Instant expires() {
        lock.lock();
        try {
            Instant created = latest == null || latest.created() == null ? startTime : latest.created();
            Instant byRequest = created.plus(run.settings.limit(run.reservation));
            Instant byReservation = (reserved == null ? startTime : reserved).plus(run.reservation.duration());
            return byRequest.isBefore(byReservation) ? byRequest : byReservation;
        } finally {
            lock.unlock();
        }
    }
}
