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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is known of a request: what the service said of it last, and what its log says. Thread-safe. */
final class Sight {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    private final Run run;
    private final Instant begin;
    private final ReentrantLock lock = new ReentrantLock();
    private final GuestWatch guest = new GuestWatch();
    private List<String> tail = List.of();
    private @Nullable FarmRequest seen;
    private @Nullable Instant reserved;
    private Instant lastLook;

    /** One reads the log at a time. */
    private final Semaphore reading = new Semaphore(1);

    private @Nullable PipelineLog log;
    private @Nullable GuestFile file;

    Sight(Run run, Instant begin) {
        this.run = run;
        this.begin = begin;
        this.lastLook = begin;
    }

    void saw(FarmRequest now) {
        lock.lock();
        try {
            seen = now;
        } finally {
            lock.unlock();
        }
    }

    /** {@return what the service said last, or null while it said nothing} */
    @Nullable
    FarmRequest seen() {
        lock.lock();
        try {
            return seen;
        } finally {
            lock.unlock();
        }
    }

    /** Reads what was added to the log, once the service says where it is. */
    void readLog() throws InterruptedException {
        FarmRequest now = seen();
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
                lines = elsewhere(address);
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

    /** {@return what the log would say, if it were not empty} */
    private List<String> elsewhere(URI address) throws InterruptedException {
        GuestFile guestFile = file == null ? new GuestFile(run.api, address) : file;
        file = guestFile;
        String line = guestFile.look();
        return line == null ? List.of() : List.of(line);
    }

    /** Reads it, if that does not take long: for who is about to say what is in it. */
    void readLog(Duration atMost) throws InterruptedException {
        FutureTask<?> task = new FutureTask<>(() -> {
            readLog();
            return true;
        });
        Threads.start("farm-log", task);
        try {
            task.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("the end of the log does not come", e);
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

    /** {@return {@code user@host}, or null while nobody knows} */
    @Nullable
    String address() {
        lock.lock();
        try {
            return guest.address();
        } finally {
            lock.unlock();
        }
    }

    /** {@return the line of the log that says that nothing will come of it, or null} */
    @Nullable
    String failure() {
        lock.lock();
        try {
            return guest.failure();
        } finally {
            lock.unlock();
        }
    }

    /** {@return whether the log says that the test has begun which lets us in} */
    boolean isReserved() {
        lock.lock();
        try {
            return guest.isReserved();
        } finally {
            lock.unlock();
        }
    }

    /** A look is over. */
    void looked() {
        lock.lock();
        try {
            if (reserved == null && guest.isReserved()) {
                // It began after the look before this one, but for the time that the log needs to get here.
                reserved = lastLook.minus(run.settings.pollEvery());
            }
            lastLook = run.settings.clock().instant();
        } finally {
            lock.unlock();
        }
    }

    /** {@return when the machine goes, at the earliest} */
    Instant expires() {
        lock.lock();
        try {
            Instant created = seen == null || seen.created() == null ? begin : seen.created();
            Instant byRequest = created.plus(run.settings.limit(run.reservation));
            Instant byReservation = (reserved == null ? begin : reserved).plus(run.reservation.duration());
            return byRequest.isBefore(byReservation) ? byRequest : byReservation;
        } finally {
            lock.unlock();
        }
    }
}
