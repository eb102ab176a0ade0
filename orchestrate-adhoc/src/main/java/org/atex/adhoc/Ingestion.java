package org.atex.adhoc;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.atex.api.Problem;
import org.atex.api.TestRecord;
import org.atex.artifacts.Spool;
import org.atex.artifacts.SpooledAttempt;
import org.atex.support.Plural;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;

/** Stores results with all sinks of a run, each with a {@link Delivery} of its own. */
final class Ingestion {
    private final List<NamedSink> sinks;
    private final List<Delivery> deliveries;
    private final Spool spool;
    private final Guard guard;
    /** Refused results whose record could not be written. */
    private final Queue<PendingResults> withoutRecord = new ConcurrentLinkedQueue<>();

    private final Consumer<PendingResults> whenDone;

    /**
     * Creates the deliveries.
     *
     * @param limits the limits of the calls of aggregators
     * @param calls the number of calls of each sink at a time
     * @param maxWaiting the number of attempts that may wait for a sink before further tests do
     * @param whenDone is told of each attempt that all sinks have stored or finally refused, on any thread
     */
    Ingestion(
            List<NamedSink> sinks,
            Spool spool,
            Guard guard,
            Limits limits,
            int calls,
            int maxWaiting,
            Consumer<PendingResults> whenDone) {
        this.sinks = sinks;
        this.spool = spool;
        this.guard = guard;
        this.whenDone = whenDone;
        this.deliveries = sinks.stream()
                .map(sink -> new Delivery(sink, spool, guard, limits.store(), calls, maxWaiting))
                .toList();
    }

    /** Blocks while too many attempts wait to be stored. */
    void awaitCapacity() throws InterruptedException {
        for (Delivery delivery : deliveries) {
            delivery.awaitCapacity();
        }
    }

    /**
     * Submits an attempt for storing; never blocks. Attempts of one test must be submitted in order, by one thread at
     * a time.
     */
    void submit(TestRecord record, @Nullable SpooledAttempt spooled) {
        PendingResults results = new PendingResults(
                record, spooled, spool, sinks, guard.log(), () -> !guard.isOver(Guard.Phase.STORE), this::done);
        IntStream.range(0, sinks.size()).forEach(i -> {
            // A program that was killed may have stored an attempt with some of the sinks.
            if (spooled != null && spooled.isStoredBy(sinks.get(i).name())) {
                results.stored(sinks.get(i), null);
            } else {
                deliveries.get(i).submit(results);
            }
        });
    }

    private void done(PendingResults results) {
        if (results.isToBeKept()) {
            withoutRecord.add(results);
        }
        whenDone.accept(results);
    }

    /** {@return whether too many attempts wait to be stored, so that {@link #awaitCapacity} would block} */
    boolean isFull() {
        return deliveries.stream().anyMatch(Delivery::isFull);
    }

    /**
     * Waits until all submitted attempts are stored or given up, then completes the reports.
     *
     * @param problems receives what went wrong
     */
    void close(Consumer<Problem> problems) {
        List<CompletableFuture<String>> ends = deliveries.stream()
                .map(delivery -> CompletableFuture.supplyAsync(
                        delivery::close, task -> Threads.startDaemon("end-of-storing", task)))
                .toList();
        IntStream.range(0, ends.size()).forEach(i -> {
            String problem = ends.get(i).join();
            NamedSink sink = sinks.get(i);
            if (!problem.isEmpty()) {
                problems.accept(sink.problem("could not complete the report" + sink.by() + ": " + problem));
            }
            String failures = deliveries.get(i).failures();
            if (!failures.isEmpty()) {
                problems.accept(Problem.overcome(failures));
            }
        });
        long lost = withoutRecord.stream().filter(results -> !results.keep()).count();
        if (lost > 0) {
            problems.accept(Problem.notStored("the records of " + Plural.of(lost, "attempt") + " in " + spool
                    + " could not be written; a replay considers these lost"));
        }
    }
}
