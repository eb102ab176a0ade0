package org.atex.testingfarm;

import java.net.URI;
import java.time.Duration;
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

/** Reads the log of a request, and knows what it has said about the guest so far. Thread-safe. */
final class GuestLog {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    private final TestingFarmApi api;
    private final ReentrantLock lock = new ReentrantLock();
    private final GuestLogParser guest = new GuestLogParser();
    private List<String> tail = List.of();

    /** Held while the log is read, which is I/O and thus not done under the lock. */
    private final Semaphore reading = new Semaphore(1);

    private @Nullable PipelineLog log;
    private @Nullable GuestFileLookup file;

    GuestLog(TestingFarmApi api) {
        this.api = api;
    }

    /**
     * What the log has said so far.
     *
     * @param address {@code user@host} of the guest, or null while it is unknown
     * @param isReserved whether the reserve test, which allows the login, has started
     * @param failure the line that reports a failure, or null
     * @param tail the last lines
     */
    record Facts(
            @Nullable String address,
            boolean isReserved,
            @Nullable String failure,
            List<String> tail) {
        static final Facts NONE = new Facts(null, false, null, List.of());
    }

    Facts facts() {
        lock.lock();
        try {
            return new Facts(guest.address(), guest.isReserved(), guest.failure(), tail);
        } finally {
            lock.unlock();
        }
    }

    /** Reads the lines that were added to the log; {@return what it has said so far} */
    Facts read(URI address) throws InterruptedException {
        reading.acquire();
        try {
            PipelineLog current = log == null ? PipelineLog.of(api, address) : log;
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
        return facts();
    }

    /** {@return the line that stands for the guest's address, from the files of the run, if it is known there} */
    private List<String> fromGuestFile(URI address) throws InterruptedException {
        GuestFileLookup guestFile = file == null ? new GuestFileLookup(api, address) : file;
        file = guestFile;
        String line = guestFile.find();
        return line == null ? List.of() : List.of(line);
    }

    /**
     * Reads the log, but waits for at most the given time. The read goes on in another thread, which is interrupted
     * then. {@return what the log has said so far}
     */
    Facts read(URI address, Duration atMost) throws InterruptedException {
        FutureTask<Facts> task = new FutureTask<>(() -> read(address));
        Threads.start("farm-log", task);
        try {
            return task.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("could not read the end of the log in time", e);
            return facts();
        } finally {
            task.cancel(true);
        }
    }
}
