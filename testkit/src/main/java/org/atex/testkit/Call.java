package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A call in a thread of its own, for tests that see it block, be interrupted and end.
 *
 * <p>Lifecycle: runs from the moment it is made. Thread safety: from any thread.
 *
 * @param <T> what it returns
 */
public final class Call<T extends @Nullable Object> {
    /** How long anything may take that should happen at once; generous, as machines are shared. */
    public static final Duration SOON = Duration.ofSeconds(10);

    private final FutureTask<T> task;
    private final Thread thread;
    private final String where = StackWalker.getInstance()
            .walk(frames -> frames.filter(frame -> !frame.getClassName().startsWith(Call.class.getName()))
                    .findFirst()
                    .map(frame -> frame.getMethodName().replaceFirst("^lambda.(.*).[0-9]+$", "$1") + "("
                            + frame.getFileName() + ":" + frame.getLineNumber() + ")")
                    .orElse("nowhere"));

    private Call(Callable<T> call) {
        task = new FutureTask<>(call);
        thread = Thread.ofVirtual().name("atex-contract-call").start(task);
    }

    /** Work that returns nothing. */
    @FunctionalInterface
    public interface Work {
        /**
         * Does it.
         *
         * @throws Exception whatever
         */
        void run() throws Exception;
    }

    /**
     * {@return a call that has begun}
     *
     * @param <T> what it returns
     * @param call what is called
     */
    public static <T extends @Nullable Object> Call<T> of(Callable<T> call) {
        return new Call<>(call);
    }

    /**
     * {@return a call that has begun, of something that returns nothing; its result is true}
     *
     * @param work what is called
     */
    public static Call<Boolean> to(Work work) {
        return new Call<>(() -> {
            work.run();
            return true;
        });
    }

    /**
     * Waits until something is so.
     *
     * @param what for the message if it never is
     * @param condition what
     */
    public static void eventually(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                fail("not within " + SOON.toMillis() + " ms: " + what);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /**
     * Waits until the call waits for something, and still does at a second look.
     *
     * @return this
     */
    public Call<T> awaitBlocked() {
        for (int looks = 0; looks < 3; looks++) {
            eventually(this + " waits for something", () -> {
                Thread.State state = thread.getState();
                return state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING || task.isDone();
            });
            LockSupport.parkNanos(2_000_000);
        }
        assertThat(task.isDone())
                .as("whether %s has ended, though it should wait", this)
                .isFalse();
        return this;
    }

    /**
     * Interrupts its thread.
     *
     * @return this
     */
    public Call<T> interrupt() {
        thread.interrupt();
        return this;
    }

    /**
     * {@return what it returned, soon}
     *
     * @throws Exception what it threw
     */
    public T result() throws Exception {
        return result(SOON);
    }

    /**
     * {@return what it returned}
     *
     * @param within how long it may take
     * @throws Exception what it threw
     */
    public T result(Duration within) throws Exception {
        try {
            return task.get(within.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        } catch (TimeoutException e) {
            throw endless(within, e);
        }
    }

    /**
     * {@return what it threw, soon}
     *
     * @throws Exception if the test is interrupted
     */
    public Throwable failure() throws Exception {
        try {
            T result = task.get(SOON.toMillis(), TimeUnit.MILLISECONDS);
            throw new AssertionError(this + " should have failed, and returned " + result);
        } catch (ExecutionException e) {
            return e.getCause() == null ? e : e.getCause();
        } catch (TimeoutException e) {
            throw endless(SOON, e);
        }
    }

    private AssertionError endless(Duration within, TimeoutException e) {
        StackTraceElement[] stack = thread.getStackTrace();
        thread.interrupt();
        return new AssertionError(
                this + " did not end within " + within.toMillis() + " ms; it is at "
                        + Stream.of(stack).limit(12).map(String::valueOf).collect(Collectors.joining(", ")),
                e);
    }

    /** {@return where it was made} */
    @Override
    public String toString() {
        return "the call at " + where;
    }
}
