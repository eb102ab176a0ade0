package org.atex.adhoc;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Calls user code in a way that cannot block the run. Each call runs on its own thread, exceptions are caught, and the
 * call has a time limit. After the limit its thread is interrupted. If the call does not return within the grace
 * period after that, it is abandoned: the run continues, and the thread is left running.
 *
 * <p>Lifecycle: usable until {@link #close()}, which does not end calls in progress. Thread-safe.
 */
final class Guard implements AutoCloseable {
    /**
     * The purpose of a call, which sets its deadline after {@link org.atex.api.Stop#NOW}. The deadlines increase from
     * phase to phase, so that a run can still release, store and publish within 10 s.
     */
    enum Phase {
        /** Tests and the preparation of systems: interrupted immediately. */
        WORK(Duration.ofSeconds(3)),
        /** Closing executors and systems. */
        RELEASE(Duration.ofMillis(6500)),
        /** Storing results. */
        STORE(Duration.ofSeconds(8)),
        /** Completing reports. */
        FLUSH(Duration.ofMillis(8700)),
        /** Delivering events to listeners. */
        TELL(Duration.ofMillis(9300));

        private final Duration afterStopNow;

        Phase(Duration afterStopNow) {
            this.afterStopNow = afterStopNow;
        }
    }

    /** How a call ended. */
    sealed interface Result<T> {
        /** The call returned. */
        record Done<T>(T value) implements Result<T> {}

        /** It threw. */
        record Threw<T>(Throwable cause, String message) implements Result<T> {}

        /** The call was cancelled and has ended. */
        record Cancelled<T>() implements Result<T> {}

        /** The call was interrupted after its limit and has ended. */
        record Expired<T>(Duration limit) implements Result<T> {}

        /** The call ignored the interrupt and is still running. */
        record Abandoned<T>(Duration limit) implements Result<T> {}

        /** {@return the reason why there is no value; empty if there is one} */
        default String problem() {
            return switch (this) {
                case Done<T> done -> "";
                case Threw<T> threw -> threw.message();
                case Cancelled<T> cancelled -> "it was cancelled";
                case Expired<T> expired -> "it did not return within " + expired.limit();
                case Abandoned<T> abandoned -> "it did not return within " + abandoned.limit() + " and was abandoned";
            };
        }
    }

    /** The shortest time for a call to react to an interrupt, also after the deadline of its phase. */
    private static final Duration MIN_GRACE = Duration.ofMillis(200);

    private final Duration grace;
    private final BiConsumer<String, Duration> abandonments;
    private final Workers workers;
    private final Alarms alarms;
    private final RunLog log = new RunLog();
    private final Set<Call<?>> calls = ConcurrentHashMap.newKeySet();
    private volatile long endingAt;
    private volatile boolean ending;

    /**
     * Creates a guard and its timer thread.
     *
     * @param grace the time for an interrupted call to return
     * @param abandonments receives a description and the limit of each abandoned call
     */
    Guard(Duration grace, BiConsumer<String, Duration> abandonments) {
        this(grace, abandonments, new Workers(), new Alarms());
    }

    /** Creates a guard that uses the given threads and alarms, and closes them. */
    Guard(Duration grace, BiConsumer<String, Duration> abandonments, Workers workers, Alarms alarms) {
        this.grace = grace;
        this.abandonments = abandonments;
        this.workers = workers;
        this.alarms = alarms;
    }

    /**
     * Starts a call and returns immediately.
     *
     * @param what a description for messages
     * @param limit the time limit
     * @param code the user's code
     * @param then receives the result once, on a thread of the guard; must not block
     * @param late receives the value if the call returns after it was abandoned
     */
    <T> Call<T> start(
            Phase phase, String what, Duration limit, Callable<T> code, Consumer<Result<T>> then, Consumer<T> late) {
        Call<T> call = new Call<>(phase, what, limit, code, then, late);
        calls.add(call);
        call.begin();
        // The call was registered before this check: either endSoon() sees the call, or this check sees the flag.
        if (ending) {
            call.endSoon();
        }
        return call;
    }

    /** Makes a call and waits for its result. Interrupts of the calling thread do not end the wait. */
    <T> Result<T> call(Phase phase, String what, Duration limit, Callable<T> code, Consumer<T> late) {
        CompletableFuture<Result<T>> result = new CompletableFuture<>();
        start(phase, what, limit, code, result::complete, late);
        return result.join();
    }

    /** Makes a call without a value, waits, and returns the problem; empty if there was none. */
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

    /** User code without a return value. */
    @FunctionalInterface
    interface Action {
        void run() throws Exception;
    }

    /** {@return the log of the run} */
    RunLog log() {
        return log;
    }

    /** Ends current and future calls by the deadline of their phase. */
    void endSoon() {
        if (!ending) {
            endingAt = System.nanoTime();
            ending = true;
            calls.forEach(Call::endSoon);
        }
    }

    /** {@return whether calls end by the deadline of their phase} */
    boolean isEnding() {
        return ending;
    }

    /** {@return whether the deadline of a phase has passed} */
    boolean isOver(Phase phase) {
        return ending && left(phase).isNegative();
    }

    private Duration left(Phase phase) {
        return phase.afterStopNow.minusNanos(System.nanoTime() - endingAt);
    }

    @Override
    public void close() {
        alarms.close();
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
        private Alarms.@Nullable Alarm alarm;

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
                    alarm = alarms.after(limit, this::expire);
                }
                workers.execute(this::work);
            } catch (Throwable e) {
                settle(new Result.Threw<>(e, "could not start the call: " + Throwables.describe(e)));
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
            String message = "";
            try {
                value = code.call();
            } catch (Throwable e) {
                thrown = e;
                message = Throwables.describe(e);
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
            boolean unused = Thread.interrupted(); // clears an interrupt that was meant for the call
            Result<T> result;
            if (thrown == null) {
                result = done(value);
            } else if (thrown instanceof InterruptedException && wasInterrupted) {
                result = wasCancelled ? new Result.Cancelled<>() : new Result.Expired<>(limit);
            } else {
                result = new Result.Threw<>(thrown, message);
            }
            if (!settle(result) && thrown == null && value != null) {
                late.accept(value);
            }
        }

        // User code may return null; the receiver checks for it.
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
                    alarm.cancel();
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

        /** Interrupts the call. It ends as cancelled, or is abandoned if it ignores the interrupt. */
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
                abandonAfter(ending && left(phase).compareTo(patience) < 0 ? left(phase) : patience);
            }
        }

        private void endSoon() {
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
            if (settled || alarms.isClosed()) {
                return;
            }
            if (alarm != null) {
                alarm.cancel();
            }
            Duration wait = time.compareTo(MIN_GRACE) < 0 ? MIN_GRACE : time;
            alarm = alarms.after(wait, this::abandon);
        }

        private void abandon() {
            settle(new Result.Abandoned<>(limit));
        }
    }
}
