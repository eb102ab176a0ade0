package org.atex.support;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Executes a call in a separate thread with a time limit. The call is interrupted at its limit, and abandoned if it
 * does not return within a grace period. Interrupting the caller interrupts the call.
 *
 * @param <T> the type of the result
 */
public final class LimitedCall<T> {
    /** The time that a call has to return after an interrupt. */
    public static final Duration GRACE = Duration.ofSeconds(5);

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
        // Hooks are user code, which may load services through the context class loader.
        thread.setContextClassLoader(caller.getContextClassLoader());
    }

    /** The call did not return within its limit. */
    public static final class NotInTimeException extends Exception {
        private static final long serialVersionUID = 1L;

        /** Whether its thread is still running. */
        private final boolean abandoned;

        NotInTimeException(String message, boolean abandoned) {
            super(message);
            this.abandoned = abandoned;
        }

        /** {@return whether its thread is still running} */
        public boolean abandoned() {
            return abandoned;
        }
    }

    /**
     * Executes a call.
     *
     * @param <T> the type of the result
     * @param name the name of its thread
     * @param within the time limit
     * @param call the call
     * @return its result; empty for null
     * @throws NotInTimeException if it did not return within the limit
     * @throws InterruptedException if the caller was interrupted; the call was interrupted, too
     * @throws Failure if the call threw an exception or an error
     */
    public static <T> Optional<T> of(String name, Duration within, Callable<T> call)
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
            try (UninterruptibleSection section = UninterruptibleSection.enter()) {
                boolean unused = section.join(thread, GRACE);
            }
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
                                            + " after an interrupt, and was abandoned: its thread " + thread.getName()
                                            + " is still running"),
                    !ended);
        }
        if (thrown != null) {
            throw new Failure(thrown);
        }
        return Optional.ofNullable(result);
    }

    /** Wraps the exception or error that a call threw. */
    public static final class Failure extends Exception {
        private static final long serialVersionUID = 1L;

        /** The exception or error. */
        private final Throwable thrown;

        Failure(Throwable thrown) {
            super(null, thrown, false, false);
            this.thrown = thrown;
        }

        /** {@return the exception or error} */
        public Throwable thrown() {
            return thrown;
        }

        /** {@return a description for messages} */
        public String describe() {
            return describe(thrown);
        }

        /**
         * {@return a description for messages; the class alone if {@code toString} throws, which user code may do}
         *
         * @param thrown an exception or error
         */
        public static String describe(Throwable thrown) {
            try {
                return thrown.toString();
            } catch (Throwable e) {
                return thrown.getClass().getName() + " (its message is not available)";
            }
        }
    }
}
