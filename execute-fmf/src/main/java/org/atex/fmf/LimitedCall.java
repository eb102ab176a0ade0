package org.atex.fmf;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A call with a time limit, in a thread of its own: it is interrupted at its limit, and abandoned if it does not heed that.
 * The caller is told what the call returned or threw, and can be interrupted meanwhile, which interrupts the call.
 *
 * @param <T> what the call returns
 */
final class LimitedCall<T> {
    /** How long a call may take to heed an interrupt. */
    static final Duration GRACE = Duration.ofSeconds(5);

    private final Thread thread;
    private @Nullable T result;
    private @Nullable Throwable thrown;

    private LimitedCall(String name, Callable<T> call) {
        Thread caller = Thread.currentThread();
        thread = Thread.ofVirtual().name(name).unstarted(() -> {
            try {
                result = call.call();
            } catch (Throwable e) {
                thrown = e;
            }
        });
        thread.setContextClassLoader(caller.getContextClassLoader());
    }

    /** A call did not return in time. */
    static final class NotInTimeException extends Exception {
        private static final long serialVersionUID = 1L;

        private final boolean abandoned;

        NotInTimeException(String message, boolean abandoned) {
            super(message);
            this.abandoned = abandoned;
        }

        /** {@return whether its thread still runs} */
        boolean abandoned() {
            return abandoned;
        }
    }

    /**
     * Makes a call.
     *
     * @param name what its thread is called
     * @param within how long it may take
     * @param call the call
     * @return what it returned; empty for null
     * @throws NotInTimeException if it did not return in time
     * @throws InterruptedException if this thread was interrupted; so was the call
     * @throws Failure if it threw anything
     */
    static <T> Optional<T> of(String name, Duration within, Callable<T> call)
            throws NotInTimeException, InterruptedException, Failure {
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before " + name);
        }
        LimitedCall<T> limited = new LimitedCall<>(name, call);
        limited.thread.start();
        return limited.result(within);
    }

    private Optional<T> result(Duration within) throws NotInTimeException, InterruptedException, Failure {
        boolean inTime;
        try {
            inTime = thread.join(within.isPositive() ? within : Duration.ofNanos(1));
        } catch (InterruptedException e) {
            thread.interrupt();
            boolean unused = endedWithinGrace();
            throw e;
        }
        if (!inTime) {
            thread.interrupt();
            boolean ended = thread.join(GRACE);
            throw new NotInTimeException(
                    "did not return within " + Durations.words(within)
                            + (ended
                                    ? " and was interrupted"
                                    : ", nor within " + Durations.words(GRACE)
                                            + " of an interrupt, and was abandoned: its thread " + thread.getName()
                                            + " still runs"),
                    !ended);
        }
        if (thrown != null) {
            throw new Failure(thrown);
        }
        return Optional.ofNullable(result);
    }

    /** A second interrupt is kept, and does not shorten this. */
    private boolean endedWithinGrace() {
        long deadline = System.nanoTime() + GRACE.toNanos();
        boolean interrupted = false;
        while (true) {
            try {
                boolean ended = thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
                return ended;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    /** Carries what a call threw. */
    static final class Failure extends Exception {
        private static final long serialVersionUID = 1L;

        private final Throwable thrown;

        Failure(Throwable thrown) {
            super(null, thrown, false, false);
            this.thrown = thrown;
        }

        Throwable thrown() {
            return thrown;
        }

        /** {@return what was thrown, for messages, even if that throws when it is asked} */
        String words() {
            return words(thrown);
        }

        static String words(Throwable thrown) {
            try {
                return thrown.toString();
            } catch (Throwable e) {
                return thrown.getClass().getName() + " (which cannot say why)";
            }
        }
    }
}
