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
 * A call that runs in a thread of its own. A test uses it to observe that the call blocks, to interrupt it, and to read
 * its result.
 *
 * {@snippet :
 * Call<Offer> taking = Call.of(() -> provisioner.take(Duration.ofHours(1))).awaitBlocked();
 * provisioner.close();
 * assertThat(taking.failure()).isInstanceOf(IllegalStateException.class);
 * }
 *
 * <p>Lifecycle: the thread starts when the call is created. Thread safety: every method may be called from any thread.
 *
 * @param <T> the type of the result
 */
public final class Call<T extends @Nullable Object> {
    /** The time limit for an operation that should be immediate; 30 s, because test machines are shared. */
    public static final Duration SOON = Duration.ofSeconds(30);

    private final FutureTask<T> task;
    private final Thread thread;
    // For messages: the place in the test that created this call. A test may have several calls.
    private final String where = StackWalker.getInstance()
            .walk(frames -> frames.filter(frame -> !frame.getClassName().startsWith(Call.class.getName()))
                    .findFirst()
                    .map(frame -> frame.getMethodName().replaceFirst("^lambda.(.*).[0-9]+$", "$1") + "("
                            + frame.getFileName() + ":" + frame.getLineNumber() + ")")
                    .orElse("an unknown place"));

    private Call(Callable<T> call) {
        task = new FutureTask<>(call);
        thread = Thread.ofVirtual().name("atex-contract-call").start(task);
    }

    /** A task without a result. */
    @FunctionalInterface
    public interface Work {
        /**
         * Runs the task.
         *
         * @throws Exception if the task fails
         */
        void run() throws Exception;
    }

    /**
     * {@return a call that has started}
     *
     * @param <T> the type of the result
     * @param call the task
     */
    public static <T extends @Nullable Object> Call<T> of(Callable<T> call) {
        return new Call<>(call);
    }

    /**
     * {@return a call of a task without a result, which has started; its result is true}
     *
     * @param work the task
     */
    public static Call<Boolean> to(Work work) {
        return new Call<>(() -> {
            work.run();
            return true;
        });
    }

    /**
     * Waits until a condition is true. Checks it about once per millisecond.
     *
     * @param what a description of the condition for the failure message
     * @param condition the condition
     * @throws AssertionError if the condition is still false after {@link #SOON}
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
     * Waits until the call is blocked. A thread may also wait briefly for a lock, so it must be found blocked in three
     * checks.
     *
     * @return this call
     * @throws AssertionError if the call ends, or is not blocked within {@link #SOON}
     */
    public Call<T> awaitBlocked() {
        for (int checks = 0; checks < 3; checks++) {
            eventually(this + " is blocked", () -> {
                Thread.State state = thread.getState();
                return state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING || task.isDone();
            });
            LockSupport.parkNanos(2_000_000);
        }
        assertThat(task.isDone())
                .as("whether %s has ended, although it should be blocked", this)
                .isFalse();
        return this;
    }

    /**
     * Interrupts the thread of the call.
     *
     * @return this call
     */
    public Call<T> interrupt() {
        thread.interrupt();
        return this;
    }

    /**
     * {@return the result, for which this method waits up to {@link #SOON}}
     *
     * @throws Exception the exception that the call threw
     * @throws AssertionError if the call does not end in time; its thread is interrupted
     */
    public T result() throws Exception {
        return result(SOON);
    }

    /**
     * {@return the result}
     *
     * @param within the time to wait
     * @throws Exception the exception that the call threw
     * @throws AssertionError if the call does not end in time; its thread is interrupted
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
     * {@return the exception that the call threw, for which this method waits up to {@link #SOON}}
     *
     * @throws Exception if the thread of the test is interrupted
     * @throws AssertionError if the call returns a result, or does not end in time
     */
    public Throwable failure() throws Exception {
        try {
            T result = task.get(SOON.toMillis(), TimeUnit.MILLISECONDS);
            throw new AssertionError(this + " returned " + result + ", although it should have failed");
        } catch (ExecutionException e) {
            return e.getCause() == null ? e : e.getCause();
        } catch (TimeoutException e) {
            throw endless(SOON, e);
        }
    }

    private AssertionError endless(Duration within, TimeoutException e) {
        // Before the interrupt, so that the message shows where the call was blocked.
        StackTraceElement[] stack = thread.getStackTrace();
        thread.interrupt();
        return new AssertionError(
                this + " did not end within " + within.toMillis() + " ms; it is at "
                        + Stream.of(stack).limit(12).map(String::valueOf).collect(Collectors.joining(", ")),
                e);
    }

    /** {@return the place in the test that created this call, for messages} */
    @Override
    public String toString() {
        return "the call at " + where;
    }
}
