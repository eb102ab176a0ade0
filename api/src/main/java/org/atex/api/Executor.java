package org.atex.api;

/**
 * One place on one system, made ready to run tests.
 *
 * <p>Lifecycle: {@link Factory#open} makes the system ready; {@link #close()} cleans it up. Neither opens nor closes the
 * connection.
 *
 * <p>Thread safety: {@link #run} is for one thread at a time; {@code close} may be called from any, once {@code run} has
 * returned.
 */
public interface Executor extends AutoCloseable {
    /**
     * Runs one test to its end. Whatever happens to the test is an end, not an exception; so is a lost connection.
     *
     * @param test what to run; an executor may insist on a type of its own
     * @param into an empty directory, which then holds results and files, as soon as each is known; a result about the
     *     test itself is always among them
     * @return how it ended
     * @throws InterruptedException if interrupted: the test was ended on the system within a second, and its results say
     *     so; the system can be used on
     * @throws java.io.UncheckedIOException if the artifacts cannot be written on this machine, as its disk is full for
     *     instance: the attempt says nothing about the test; the test was ended on the system, which can be used on
     * @throws IllegalArgumentException if this executor cannot run that kind of test
     */
    TestEnd run(TestCase test, Artifacts into) throws InterruptedException;

    /** Cleans the system up, as far as it still answers. Idempotent; bounded in time. */
    @Override
    void close();

    /** Makes executors; what orchestrators are given. Thread-safe. */
    @FunctionalInterface
    interface Factory {
        /**
         * Makes one place on a system ready.
         *
         * @param connection the channel to the system, which stays the caller's
         * @return a ready executor
         * @throws SetupException if the system cannot be made ready
         * @throws ConnectionLostException if the system cannot be reached any more
         * @throws InterruptedException if interrupted; what was begun was ended
         */
        Executor open(Connection connection) throws InterruptedException;
    }
}
