package org.atex.adhoc;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What code shares that finds out only while it runs that it needs it: the first that enters a trail starts it, the last
 * that leaves it finishes it. If tests say before the run what they need, use a {@link org.atex.api.Fixture}: then the
 * last is the last of the run, and not only of the moment.
 *
 * {@snippet :
 * Trails trails = new Trails();
 * try (Trails.Lease<Server> lease = trails.enter("server", Server::start, Server::stop)) {
 *     lease.value().request("/");
 * }
 * }
 *
 * <p>No lock is held while code of the caller runs, so trails may be nested. A start that fails is not tried again.
 *
 * <p>Thread-safe.
 */
public final class Trails {
    /**
     * Finishes what the first user has started.
     *
     * @param <T> the type of its value
     */
    @FunctionalInterface
    public interface Finisher<T extends @Nullable Object> {
        /**
         * Finishes it.
         *
         * @param value the value that the start returned
         * @throws Exception if that fails
         */
        void finish(T value) throws Exception;
    }

    /**
     * The use of a trail. It must be closed, in any thread.
     *
     * @param <T> the type of the value
     */
    public interface Lease<T extends @Nullable Object> extends AutoCloseable {
        /** {@return the value that the start returned} */
        T value();

        /** {@return whether this is the use for which the trail was started} */
        boolean isFirst();

        /**
         * Leaves the trail, and finishes it if no other use is left. Further calls do nothing.
         *
         * @throws Exception if the finisher throws; the trail counts as finished then
         */
        @Override
        void close() throws Exception;
    }

    private static final class Trail {
        /** The thread that starts or finishes it, or null. */
        private @Nullable Thread busy;

        private int users;
        private boolean started;
        private @Nullable Object value;
        private @Nullable Throwable failure;
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<String, Trail> trails = new HashMap<>();
    private final Map<Thread, Trail> waiting = new HashMap<>();

    /** Creates an object without trails. */
    public Trails() {}

    /**
     * Enters a trail, and starts it if nobody uses it. If another thread is starting or finishing it, this method waits
     * until that is done.
     *
     * @param name the name of the trail
     * @param first starts it; not called if it is started already
     * @param last finishes it; the one of the last user that leaves is called
     * @param <T> the type of its value, the same for all users of a name
     * @return the use of the trail
     * @throws InterruptedException if interrupted; the trail was not entered
     * @throws IllegalStateException if an earlier start has failed, with that failure as the cause; or if this thread
     *     would wait for itself
     * @throws Exception if this start fails
     */
    public <T extends @Nullable Object> Lease<T> enter(
            String name, Callable<? extends T> first, Finisher<? super T> last) throws Exception {
        Objects.requireNonNull(first, "first");
        Objects.requireNonNull(last, "last");
        Trail trail;
        lock.lockInterruptibly();
        try {
            trail = trails.computeIfAbsent(name, unused -> new Trail());
            awaitIdle(name, trail);
            if (trail.failure != null) {
                throw new IllegalStateException(
                        "the trail " + name + " could not be started: " + trail.failure, trail.failure);
            }
            if (trail.started) {
                trail.users++;
                return new Use<>(trail, last, false);
            }
            trail.busy = Thread.currentThread();
        } finally {
            lock.unlock();
        }
        Object value = null;
        Throwable failure = null;
        try {
            value = first.call();
        } catch (Throwable e) {
            failure = e;
            throw e;
        } finally {
            started(trail, value, failure);
        }
        return new Use<>(trail, last, true);
    }

    private void awaitIdle(String name, Trail trail) throws InterruptedException {
        Thread me = Thread.currentThread();
        while (trail.busy != null) {
            refuseToWaitForMyself(name, trail, me);
            waiting.put(me, trail);
            try {
                changed.await();
            } finally {
                waiting.remove(me);
            }
        }
    }

    private void refuseToWaitForMyself(String name, Trail trail, Thread me) {
        Trail next = trail;
        while (next != null && next.busy != null) {
            if (next.busy.equals(me)) {
                throw new IllegalStateException(
                        "the trail " + name + " cannot be entered here: its start or end waits for this thread");
            }
            next = waiting.get(next.busy);
        }
    }

    private void started(Trail trail, @Nullable Object value, @Nullable Throwable failure) {
        lock.lock();
        try {
            trail.busy = null;
            // An interrupt says nothing about the trail, so the next user tries again.
            trail.failure = failure instanceof InterruptedException ? null : failure;
            trail.started = failure == null;
            trail.value = value;
            trail.users = failure == null ? 1 : 0;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private final class Use<T extends @Nullable Object> implements Lease<T> {
        private final Trail trail;
        private final Finisher<? super T> last;
        private final boolean isFirst;
        private final T value;
        private boolean closed; // guarded by the lock

        // All users of a name have the same type.
        @SuppressWarnings({"unchecked", "NullAway"})
        Use(Trail trail, Finisher<? super T> last, boolean isFirst) {
            this.trail = trail;
            this.last = last;
            this.isFirst = isFirst;
            this.value = (T) trail.value;
        }

        @Override
        public T value() {
            return value;
        }

        @Override
        public boolean isFirst() {
            return isFirst;
        }

        @Override
        public void close() throws Exception {
            lock.lock();
            try {
                if (closed) {
                    return;
                }
                closed = true;
                if (--trail.users > 0) {
                    return;
                }
                trail.busy = Thread.currentThread();
            } finally {
                lock.unlock();
            }
            try {
                last.finish(value);
            } finally {
                finished(trail);
            }
        }
    }

    private void finished(Trail trail) {
        lock.lock();
        try {
            trail.busy = null;
            trail.started = false;
            trail.value = null;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
