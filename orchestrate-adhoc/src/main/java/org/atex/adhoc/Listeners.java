package org.atex.adhoc;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.atex.api.Problem;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.jspecify.annotations.Nullable;

/**
 * Delivers events to listeners. Each listener has its own queue and receives its events in order, so a slow listener
 * delays neither tests nor other listeners. A listener that throws or hangs receives no further events. Thread-safe.
 */
final class Listeners {
    /**
     * The maximum duration of one batch. The guard limits a batch, so a short batch keeps the limit close to one
     * event.
     */
    private static final long SLICE_NANOS = Duration.ofMillis(100).toNanos();

    private final Guard guard;
    private final Duration limit;
    private final Consumer<Problem> problems;
    private final List<Delivery> deliveries;

    Listeners(List<RunListener> listeners, Guard guard, Duration limit, Consumer<Problem> problems) {
        this.guard = guard;
        this.limit = limit;
        this.problems = problems;
        this.deliveries = listeners.stream().map(Delivery::new).toList();
    }

    /** Queues an event for all listeners; never blocks. */
    void publish(RunEvent event) {
        deliveries.forEach(delivery -> delivery.add(event));
    }

    /** Waits until every listener has received all events or was given up. */
    void drain() {
        CompletableFuture<?>[] all = deliveries.stream().map(Delivery::drained).toArray(CompletableFuture[]::new);
        try {
            CompletableFuture.allOf(all)
                    .orTimeout(limit.toNanos(), TimeUnit.NANOSECONDS)
                    .join();
        } catch (java.util.concurrent.CompletionException e) {
            if (!(e.getCause() instanceof TimeoutException)) {
                throw e;
            }
            deliveries.forEach(delivery ->
                    delivery.giveUp("did not receive all events within " + limit + " after the end of the run"));
        }
    }

    boolean isDeliveringHere() {
        return deliveries.stream().anyMatch(delivery -> Thread.currentThread().equals(delivery.inside));
    }

    private final class Delivery {
        private final RunListener listener;
        private final ConcurrentLinkedQueue<RunEvent> queue = new ConcurrentLinkedQueue<>();
        private final AtomicBoolean underWay = new AtomicBoolean();
        private volatile boolean dead;
        private volatile @Nullable Thread inside;
        private volatile @Nullable CompletableFuture<Boolean> waiting;

        Delivery(RunListener listener) {
            this.listener = listener;
        }

        void add(RunEvent event) {
            if (!dead) {
                queue.add(event);
                deliver();
            }
        }

        private void deliver() {
            if (queue.isEmpty() || dead) {
                tellWaiting();
            } else if (underWay.compareAndSet(false, true)) {
                guard.start(
                        Guard.Phase.TELL,
                        "the listener " + listener.getClass().getName(),
                        limit,
                        this::slice,
                        this::told,
                        unused -> {});
            }
        }

        /** Delivers queued events for one batch, on a thread of the guard. */
        private boolean slice() {
            long begin = System.nanoTime();
            inside = Thread.currentThread();
            try {
                RunEvent event = queue.poll();
                while (event != null && !dead) {
                    listener.on(event);
                    event = System.nanoTime() - begin < SLICE_NANOS ? queue.poll() : null;
                }
                return true;
            } finally {
                inside = null;
            }
        }

        private void told(Guard.Result<Boolean> result) {
            if (!(result instanceof Guard.Result.Done)) {
                giveUp("failed and receives no further events: " + result.problem());
            }
            underWay.set(false);
            // An event may have been queued after the batch ended and before the flag was cleared.
            deliver();
        }

        synchronized void giveUp(String why) {
            if (!dead && (!queue.isEmpty() || underWay.get())) {
                problems.accept(Problem.infrastructure(
                        "the listener " + listener.getClass().getName() + " " + why));
                // After the report: a run whose listeners are all drained or dead writes its summary.
                dead = true;
                queue.clear();
            }
        }

        CompletableFuture<Boolean> drained() {
            CompletableFuture<Boolean> future = new CompletableFuture<>();
            waiting = future;
            if (!underWay.get()) {
                deliver();
            }
            return future;
        }

        private void tellWaiting() {
            CompletableFuture<Boolean> future = waiting;
            if (future != null && (dead || !underWay.get())) {
                future.complete(true);
            }
        }
    }
}
