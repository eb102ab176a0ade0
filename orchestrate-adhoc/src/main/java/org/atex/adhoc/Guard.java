package org.atex.adhoc;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Calls user code such that nothing it does holds up the run: it runs on a thread of its own, whatever it throws is caught,
 * and it has a limit. When the limit passes, its thread is interrupted; when it does not return within the grace after
 * that, it is abandoned: the caller goes on, and the thread is left to itself.
 *
 * <p>Lifecycle: usable until {@link #close()}, which leaves calls that are still going on alone. Thread-safe.
 */
final class Guard implements AutoCloseable {
    /** What a call is for, which decides how long it may go on when the run must end at once. */
    enum Phase {
        /** Tests and the preparation of systems: interrupted at once. */
        WORK(Duration.ofSeconds(3)),
        /** Executors and systems are closed. */
        RELEASE(Duration.ofMillis(6500)),
        /** Results are stored. */
        STORE(Duration.ofSeconds(8)),
        /** Reports are completed. */
        FLUSH(Duration.ofMillis(8700)),
        /** Listeners are told of the end. */
        TELL(Duration.ofMillis(9300));

        private final Duration afterHurry;

        Phase(Duration afterHurry) {
            this.afterHurry = afterHurry;
        }
    }

    /** How a call ended. */
    sealed interface Result<T> {
        /** It returned. */
        record Done<T>(T value) implements Result<T> {}

        /** It threw. */
        record Threw<T>(Throwable cause, String words) implements Result<T> {}

        /** It was cancelled, and ended. */
        record Cancelled<T>() implements Result<T> {}

        /** Its limit passed, and it ended when it was interrupted. */
        record Expired<T>(Duration limit) implements Result<T> {}

        /** It did not end. */
        record Abandoned<T>(Duration limit) implements Result<T> {}

        /** {@return why there is no value; empty if there is one} */
        default String problem() {
            return switch (this) {
                case Done<T> done -> "";
                case Threw<T> threw -> threw.words();
                case Cancelled<T> cancelled -> "it was cancelled";
                case Expired<T> expired -> "it did not return within " + expired.limit();
                case Abandoned<T> abandoned -> "it did not return within " + abandoned.limit() + " and was abandoned";
            };
        }
    }

    private static final Duration LEAST = Duration.ofMillis(200);

    private final Duration grace;
    private final BiConsumer<String, Duration> abandonments;
    private final Workers workers = new Workers();
    private final RunLog log = new RunLog();
    private final ScheduledThreadPoolExecutor timer;
    private final Set<Call<?>> calls = ConcurrentHashMap.newKeySet();
    private volatile long hurriedAt;
    private volatile boolean hurried;

    /**
     * Makes one.
     *
     * @param grace how long an interrupted call may take to return
     * @param abandonments is told of each call that is abandoned, and its limit
     */
    Guard(Duration grace, BiConsumer<String, Duration> abandonments) {
        this.grace = grace;
        this.abandonments = abandonments;
        this.timer = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("atex-timer").factory());
        timer.setRemoveOnCancelPolicy(true);
    }

    /**
     * Starts a call; returns at once.
     *
     * @param what what it is, for people
     * @param limit how long it may take
     * @param code the user's
     * @param then is told of its end, once; on a thread of the guard, which it must not hold up
     * @param late is given what the call returns after it was abandoned
     */
    <T> Call<T> start(
            Phase phase, String what, Duration limit, Callable<T> code, Consumer<Result<T>> then, Consumer<T> late) {
        Call<T> call = new Call<>(phase, what, limit, code, then, late);
        calls.add(call);
        call.begin();
        if (hurried) {
            call.hurry();
        }
        return call;
    }

    /** Calls and waits for the end, whatever interrupts meanwhile. */
    <T> Result<T> call(Phase phase, String what, Duration limit, Callable<T> code, Consumer<T> late) {
        CompletableFuture<Result<T>> result = new CompletableFuture<>();
        start(phase, what, limit, code, result::complete, late);
        return result.join();
    }

    /** Calls something that returns nothing, and waits for the end. */
    String run(Phase phase, String what, Duration limit, Action code) {
        return call(
                        phase,
                        what,
                        limit,
                        () -> {
                            code.run();
                            return true;
                        },
                        unused -> {})
                .problem();
    }

    /** Code of the user's that returns nothing. */
    @FunctionalInterface
    interface Action {
        void run() throws Exception;
    }

    /** {@return the log of the run} */
    RunLog log() {
        return log;
    }

    /** Ends every call, also those to come, as soon as its phase demands. */
    void hurry() {
        if (!hurried) {
            hurriedAt = System.nanoTime();
            hurried = true;
            calls.forEach(Call::hurry);
        }
    }

    /** {@return whether every call ends as soon as its phase demands} */
    boolean isHurried() {
        return hurried;
    }

    /** {@return whether the run must have left a phase by now} */
    boolean isOver(Phase phase) {
        return hurried && left(phase).isNegative();
    }

    private Duration left(Phase phase) {
        return phase.afterHurry.minusNanos(System.nanoTime() - hurriedAt);
    }

    @Override
    public void close() {
        timer.shutdownNow();
        workers.close();
        log.close();
    }

    /** One call of user code. */
    final class Call<T> {
        private final Phase phase;
        private final String what;
        private final Duration limit;
        private final Callable<T> code;
        private final Consumer<Result<T>> then;
        private final Consumer<T> late;

        // Guarded by this.
        private @Nullable Thread thread;
        private boolean interrupted;
        private boolean cancelled;
        private boolean settled;
        private @Nullable ScheduledFuture<?> alarm;

        private Call(
                Phase phase,
                String what,
                Duration limit,
                Callable<T> code,
                Consumer<Result<T>> then,
                Consumer<T> late) {
            this.phase = phase;
            this.what = what;
            this.limit = limit;
            this.code = code;
            this.then = then;
            this.late = late;
        }

        private void begin() {
            try {
                synchronized (this) {
                    alarm = timer.schedule(this::expire, limit.toNanos(), TimeUnit.NANOSECONDS);
                }
                workers.execute(this::work);
            } catch (Throwable e) {
                settle(new Result.Threw<>(e, "it could not be started: " + Words.of(e)));
            }
        }

        private void work() {
            Thread.currentThread().setName("atex " + what);
            synchronized (this) {
                thread = Thread.currentThread();
                if (interrupted) {
                    thread.interrupt();
                }
            }
            T value = null;
            Throwable thrown = null;
            String words = "";
            try {
                value = code.call();
            } catch (Throwable e) {
                thrown = e;
                words = Words.of(e);
                if (!(e instanceof InterruptedException)) {
                    log.warn(what + " failed", e);
                }
            }
            boolean wasCancelled;
            boolean wasInterrupted;
            synchronized (this) {
                thread = null;
                wasCancelled = cancelled;
                wasInterrupted = interrupted;
            }
            boolean unused = Thread.interrupted(); // it was meant for the call
            Result<T> result;
            if (thrown == null) {
                result = done(value);
            } else if (thrown instanceof InterruptedException && wasInterrupted) {
                result = wasCancelled ? new Result.Cancelled<>() : new Result.Expired<>(limit);
            } else {
                result = new Result.Threw<>(thrown, words);
            }
            if (!settle(result) && thrown == null && value != null) {
                late.accept(value);
            }
        }

        // A null that user code returns is passed on: the receiver knows what it means.
        @SuppressWarnings("NullAway")
        private Result<T> done(@Nullable T value) {
            return new Result.Done<>(value);
        }

        private boolean settle(Result<T> result) {
            synchronized (this) {
                if (settled) {
                    return false;
                }
                settled = true;
                if (alarm != null) {
                    alarm.cancel(false);
                }
            }
            calls.remove(this);
            if (result instanceof Result.Abandoned<T> abandoned) {
                abandonments.accept(what, abandoned.limit());
            }
            then.accept(result);
            return true;
        }

        private void expire() {
            interruptThenAbandon(grace);
        }

        /** Interrupts it; it ends as cancelled if it heeds that, and is abandoned if not. */
        void cancel() {
            synchronized (this) {
                cancelled = true;
            }
            interruptThenAbandon(grace);
        }

        private void interruptThenAbandon(Duration patience) {
            synchronized (this) {
                if (settled) {
                    return;
                }
                interrupted = true;
                if (thread != null) {
                    thread.interrupt();
                }
                abandonAfter(hurried && left(phase).compareTo(patience) < 0 ? left(phase) : patience);
            }
        }

        private void hurry() {
            synchronized (this) {
                cancelled |= phase == Phase.WORK;
            }
            if (phase == Phase.WORK) {
                interruptThenAbandon(left(phase));
            } else {
                abandonAfter(left(phase));
            }
        }

        private synchronized void abandonAfter(Duration time) {
            if (settled || timer.isShutdown()) {
                return;
            }
            if (alarm != null) {
                alarm.cancel(false);
            }
            Duration wait = time.compareTo(LEAST) < 0 ? LEAST : time;
            alarm = timer.schedule(this::abandon, wait.toNanos(), TimeUnit.NANOSECONDS);
        }

        private void abandon() {
            settle(new Result.Abandoned<>(limit));
        }
    }
}
