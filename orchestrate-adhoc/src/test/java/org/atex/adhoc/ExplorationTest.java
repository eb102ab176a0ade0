package org.atex.adhoc;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.atex.api.Aggregator;
import org.atex.api.Problem;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.api.TestRecord;
import org.atex.artifacts.Spool;
import org.atex.testkit.RecordingAggregator;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Explores the orders in which the threads of concurrent classes may run, with Lincheck. */
class ExplorationTest {
    private static final int ORDERS = 40;

    private static RunEvent event(long number) {
        return new RunEvent.Abandoned(new RunEvent.Stamp("run", number, Instant.EPOCH), "a call", Duration.ZERO);
    }

    /** Threads for the calls and alarms of a guard. An alarm may ring at any moment: time is not known here. */
    private static final class CallThreads extends Workers {
        private final ConcurrentLinkedQueue<Thread> started = new ConcurrentLinkedQueue<>();
        private final AtomicBoolean interruptsLeft = new AtomicBoolean();

        Thread start(Runnable code) {
            Thread thread = new Thread(code);
            started.add(thread);
            thread.start();
            return thread;
        }

        @Override
        public void execute(Runnable task) {
            start(() -> {
                task.run();
                if (Thread.currentThread().isInterrupted()) {
                    interruptsLeft.set(true);
                }
            });
        }

        Alarms alarms() {
            return new Alarms() {
                @Override
                Alarm after(Duration time, Runnable code) {
                    AtomicBoolean cancelled = new AtomicBoolean();
                    start(() -> {
                        if (cancelled.compareAndSet(false, true)) {
                            code.run();
                        }
                    });
                    return () -> cancelled.set(true);
                }
            };
        }

        void join() {
            try {
                for (Thread thread = started.poll(); thread != null; thread = started.poll()) {
                    thread.join();
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            check(!interruptsLeft.get(), "a thread is interrupted after its call");
        }
    }

    private static void check(boolean condition, Object otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }

    /** What a caller has been told about a call. */
    private static final class Told {
        final List<Guard.Result<Integer>> results = Collections.synchronizedList(new ArrayList<>());
        final AtomicInteger late = new AtomicInteger();
        final AtomicInteger returned = new AtomicInteger();

        void check() {
            ExplorationTest.check(results.size() == 1, results);
            Guard.Result<Integer> result = results.get(0);
            boolean abandoned = result instanceof Guard.Result.Abandoned;
            boolean done = result instanceof Guard.Result.Done;
            ExplorationTest.check(late.get() == (abandoned ? returned.get() : 0), "late: " + late + " of " + result);
            ExplorationTest.check(!done || returned.get() == 1, "value: " + returned + " of " + result);
        }
    }

    private static void explore(Callable<Integer> code, boolean cancels, boolean endsSoon) {
        Lincheck.runConcurrentTest(ORDERS, () -> {
            CallThreads threads = new CallThreads();
            Guard guard = new Guard(Duration.ofSeconds(1), (what, limit) -> {}, threads, threads.alarms());
            Told told = new Told();
            Guard.Call<Integer> call = guard.start(
                    Guard.Phase.WORK,
                    "a call",
                    Duration.ofSeconds(1),
                    () -> {
                        int value = code.call();
                        told.returned.incrementAndGet();
                        return value;
                    },
                    told.results::add,
                    value -> told.late.incrementAndGet());
            if (cancels) {
                threads.start(call::cancel);
            }
            if (endsSoon) {
                threads.start(guard::endSoon);
            }
            threads.join();
            told.check();
        });
    }

    @Test
    void callThatReturnsWhileItsLimitPassesAndItIsCancelledHasOneEnd() {
        explore(() -> 42, true, false);
    }

    @Test
    void callThatReactsToInterruptsHasOneEndIfTheRunEnds() {
        explore(
                () -> {
                    if (Thread.interrupted()) {
                        throw new InterruptedException();
                    }
                    return 42;
                },
                false,
                true);
    }

    @Test
    void listenerReceivesEachEventOnceAndInOrder() {
        Lincheck.runConcurrentTest(ORDERS, () -> {
            CallThreads threads = new CallThreads();
            Guard guard = new Guard(Duration.ofSeconds(1), (what, limit) -> {}, threads, new Alarms() {
                @Override
                Alarm after(Duration time, Runnable code) {
                    return () -> {};
                }
            });
            List<RunEvent> received = Collections.synchronizedList(new ArrayList<>());
            List<Problem> problems = Collections.synchronizedList(new ArrayList<>());
            RunListener listener = received::add;
            Listeners listeners = new Listeners(List.of(listener), guard, Duration.ofSeconds(1), problems::add);
            RunEvent first = event(1);
            RunEvent second = event(2);
            RunEvent other = event(3);
            threads.start(() -> {
                listeners.publish(first);
                listeners.publish(second);
            });
            threads.start(() -> listeners.publish(other));
            threads.join();
            check(received.size() == 3, received);
            check(received.indexOf(first) < received.indexOf(second), received);
            check(problems.isEmpty(), problems);
        });
    }

    @Test
    void allSinksEndOnceBeforeResultsAreDone(@TempDir Path directory) throws Exception {
        Aggregator aggregator = RecordingAggregator.create();
        List<NamedSink> sinks = Stream.of("a", "b", "c")
                .map(name -> new NamedSink(name, true, aggregator, 1, false))
                .toList();
        Path files = Path.of("files"); // here, as Lincheck permits no access to files
        TestRecord record = TestRecord.notRun("platform", "/test", "stopped");
        try (Spool spool = Spool.open(directory, "run", List.of("a", "b", "c"));
                RunLog log = new RunLog()) {
            Lincheck.runConcurrentTest(ORDERS, () -> {
                CallThreads threads = new CallThreads();
                AtomicInteger done = new AtomicInteger();
                AtomicInteger problems = new AtomicInteger();
                PendingResults results = new PendingResults(record, null, spool, sinks, log, () -> false, all -> {
                    done.incrementAndGet();
                    problems.set(all.problems().size());
                });
                threads.start(() -> results.stored(sinks.get(0), files));
                threads.start(() -> results.notStored(sinks.get(1), "refused"));
                threads.start(() -> {
                    results.stored(sinks.get(2), null);
                    results.notStored(sinks.get(2), "too late");
                });
                threads.join();
                check(done.get() == 1, "told " + done + " times");
                check(problems.get() == 1, "problems: " + problems);
                check(results.files() != null, "no files");
            });
        }
    }
}
