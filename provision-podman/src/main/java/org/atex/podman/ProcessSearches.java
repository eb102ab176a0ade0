package org.atex.podman;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Searches for the processes of commands, which are killed. Each search reads the state of all processes in the container,
 * so commands that come during a search share the next one. Thread-safe.
 *
 * @param <C> the type of commands
 */
final class ProcessSearches<C> {
    /** How long others wait for a search: a process that does not end must not delay them further. */
    private static final long ALONE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Commands that share a search, and its answer. */
    private record Batch<C>(List<C> commands, CompletableFuture<Boolean> answer) {
        static <C> Batch<C> empty() {
            return new Batch<>(new ArrayList<>(), new CompletableFuture<>());
        }
    }

    private final Executor threads;
    private final Function<List<C>, CompletableFuture<Boolean>> search;
    private final Object lock = new Object();
    private Batch<C> waiting = Batch.empty();
    private boolean isRunning;

    /**
     * Creates an object without searches.
     *
     * @param threads runs the searches, one after the other
     * @param search begins a search for the processes of commands; its answer is whether all have ended
     */
    ProcessSearches(Executor threads, Function<List<C>, CompletableFuture<Boolean>> search) {
        this.threads = threads;
        this.search = search;
    }

    /** {@return whether all processes of these commands, and of those that share the search, have ended} */
    CompletableFuture<Boolean> killAll(List<C> commands) {
        synchronized (lock) {
            if (!isRunning) {
                threads.execute(this::run);
                isRunning = true;
            }
            waiting.commands().addAll(commands);
            return waiting.answer();
        }
    }

    private void run() {
        while (true) {
            Batch<C> batch;
            synchronized (lock) {
                batch = waiting;
                if (batch.commands().isEmpty()) {
                    isRunning = false;
                    return;
                }
                waiting = Batch.empty();
            }
            begin(batch);
            try {
                var unused = batch.answer().get(ALONE_NANOS, TimeUnit.NANOSECONDS);
            } catch (TimeoutException | ExecutionException | InterruptedException e) {
                // Those who wait for this search get its answer.
            }
        }
    }

    private void begin(Batch<C> batch) {
        try {
            var unused = search.apply(batch.commands()).whenComplete((clean, failure) -> {
                if (failure == null) {
                    batch.answer().complete(clean);
                } else {
                    batch.answer().completeExceptionally(failure);
                }
            });
        } catch (RejectedExecutionException e) {
            batch.answer().completeExceptionally(e); // the connection is closed
        }
    }
}
