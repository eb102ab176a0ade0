package org.atex.reportportal;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.atex.reportportal.Courier.HopelessException;
import org.atex.support.Deadline;
import org.atex.support.Threads;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;

/**
 * Sends items by a limited number of threads. The attempts at a test are sent one after another, in the order of their
 * starts; tests are sent in parallel. An item of which more will come later holds the later attempts at its test, but no
 * thread.
 *
 * <p>In memory are only references to items: their content is on the disk.
 *
 * <p>Lifecycle: open from its construction until {@link #close()}, which stops all threads. It stops by itself if no
 * further call can succeed.
 *
 * <p>Thread safety: thread-safe.
 */
final class Dispatcher implements AutoCloseable {
    private static final Duration STOP_WITHIN = Duration.ofMinutes(1);

    private final LaunchSender sender;
    private final int maxThreads;

    /** The service and the spool, for messages. */
    private final String where;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final Condition changed = lock.newCondition();

    // All guarded by the lock.
    private final Map<UUID, Lane> lanes = new HashMap<>();
    private final Queue<Lane> runnable = new ArrayDeque<>();
    private final List<Thread> threads = new ArrayList<>();
    private int idle;
    private boolean starting;
    private boolean finishing;
    private boolean finished;
    private boolean stopped;
    private String failure = "";

    Dispatcher(LaunchSender sender, int maxThreads, String where) {
        this.sender = sender;
        this.where = where;
        this.maxThreads = maxThreads;
    }

    /** The attempts at a test that are not completely sent. */
    private static final class Lane {
        private final UUID key;
        private final Deque<Item> items = new ArrayDeque<>();
        private boolean busy;

        Lane(UUID key) {
            this.key = key;
        }

        boolean hasWork() {
            Item first = items.peekFirst();
            return first != null && (first.sent() == 0 || first.isReady() || first.isAbandoned());
        }
    }

    /** Starts the launch as soon as possible. */
    void start() {
        locked(() -> {
            starting = true;
            wake();
        });
    }

    /** Sends an item, or the rest of it. */
    void offer(Item item) {
        locked(() -> {
            if (item.isOver()) {
                return;
            }
            Lane lane = lanes.computeIfAbsent(item.lane(), Lane::new);
            if (!lane.items.contains(item)) {
                lane.items.add(item);
            }
            if (item.isReady()) {
                // Results of a test come in the order of its attempts: no result of an earlier one will follow.
                for (Item earlier : lane.items) {
                    if (earlier.equals(item)) {
                        break;
                    }
                    earlier.abandon();
                }
            }
            schedule(lane);
        });
    }

    /** Finishes the launch: no results will follow. Called after all items are sent. */
    void finish() {
        locked(() -> {
            finishing = true;
            wake();
        });
    }

    private void locked(Runnable step) {
        lock.lock();
        try {
            step.run();
        } finally {
            lock.unlock();
        }
    }

    private void schedule(Lane lane) {
        if (!lane.busy && lane.hasWork()) {
            lane.busy = true;
            runnable.add(lane);
            wake();
        }
    }

    private void wake() {
        if (stopped || !failure.isEmpty()) {
            return;
        }
        if (idle > 0) {
            work.signal();
        } else if (threads.size() < maxThreads) {
            // They read files, which would block the carriers of virtual threads.
            threads.add(Threads.startDaemon("reportportal-" + (threads.size() + 1), this::run));
        }
    }

    private void run() {
        try {
            while (step()) {
                // The next one.
            }
        } catch (InterruptedException e) {
            // Stopped: the rest stays in the spool.
        } catch (HopelessException e) {
            fail(String.valueOf(e.getMessage()));
        } catch (IOException | RuntimeException e) {
            Courier.log().debug("the sender failed", e);
            fail("the spool could not be read or written: " + e);
        }
    }

    /** Something to send: it makes calls. */
    @FunctionalInterface
    private interface Task {
        void run() throws InterruptedException, HopelessException, IOException;
    }

    private boolean step() throws InterruptedException, HopelessException, IOException {
        Task task = next();
        if (task == null) {
            return false;
        }
        task.run();
        return true;
    }

    /** {@return the next task, for which it waits; null if there will be none} */
    private @Nullable Task next() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!hasWork()) {
                idle++;
                try {
                    work.await();
                } finally {
                    idle--;
                }
            }
            if (stopped || !failure.isEmpty()) {
                return null;
            }
            if (starting) {
                starting = false;
                return sender::start;
            }
            Lane lane = runnable.poll();
            if (lane != null) {
                Item first = lane.items.getFirst();
                return () -> send(first, lane);
            }
            finishing = false;
            return this::finishLaunch;
        } finally {
            lock.unlock();
        }
    }

    private void finishLaunch() throws InterruptedException, HopelessException, IOException {
        sender.finish();
        locked(() -> {
            finished = true;
            changed.signalAll();
        });
    }

    private boolean hasWork() {
        return stopped || !failure.isEmpty() || starting || finishing || !runnable.isEmpty();
    }

    private void send(Item first, Lane lane) throws InterruptedException, HopelessException, IOException {
        sender.send(first);
        locked(() -> {
            lane.busy = false;
            if (first.isOver()) {
                lane.items.removeFirst();
                changed.signalAll();
            }
            if (lane.items.isEmpty()) {
                lanes.remove(lane.key);
            } else {
                schedule(lane);
            }
        });
    }

    private void fail(String why) {
        locked(() -> {
            if (failure.isEmpty() && !stopped) {
                failure = why;
                Courier.log().error("no more results are sent to {}: {}", where, why);
            }
            work.signalAll();
            changed.signalAll();
        });
    }

    /** {@return why no further results are sent; empty if they are} */
    String failure() {
        lock.lock();
        try {
            return failure;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until items are sent or refused, or no more are sent. A pending interrupt stays pending.
     *
     * @return whether they are
     */
    boolean awaitSent(Collection<Item> items, Deadline deadline) {
        List<Item> left = new ArrayList<>(items);
        return await(
                () -> {
                    left.removeIf(Item::isOver);
                    return left.isEmpty();
                },
                deadline);
    }

    /** Waits until the launch is finished, or nothing more is sent. */
    boolean awaitFinished(Deadline deadline) {
        return await(() -> finished, deadline);
    }

    private boolean await(BooleanSupplier condition, Deadline deadline) {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            return section.await(deadline.nanosLeft(), nanos -> {
                lock.lockInterruptibly();
                try {
                    long left = nanos;
                    while (!condition.getAsBoolean() && failure.isEmpty() && !stopped && left > 0) {
                        left = changed.awaitNanos(left);
                    }
                    return condition.getAsBoolean();
                } finally {
                    lock.unlock();
                }
            });
        }
    }

    @Override
    public void close() {
        List<Thread> running = new ArrayList<>();
        locked(() -> {
            stopped = true;
            work.signalAll();
            changed.signalAll();
            running.addAll(threads);
        });
        running.forEach(Thread::interrupt);
        boolean unused = Threads.join(running, STOP_WITHIN);
    }
}
