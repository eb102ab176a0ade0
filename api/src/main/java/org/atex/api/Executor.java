package org.atex.api;

/**
 * One system, made ready to run tests.
 *
 * <p>Lifecycle: {@link Factory#open} makes the system ready, once for all tests; {@link #close()} cleans it up. Neither opens
 * nor closes the connection.
 *
 * <p>Thread safety: {@link #run} may be called from several threads at once, one for each test that the system is to run at
 * the same time; orchestrators use {@link Remote#slots()} threads. {@code close} may be called from any thread, once every
 * {@code run} has returned.
 *
 * <p>Anyone may implement it; {@code ExecutorContract} in the test kit checks an implementation.
 */
public interface Executor extends AutoCloseable {
    /**
     * Runs one test to its end. A failure of the test or of the connection is an end, not an exception.
     *
     * @param test the test; an executor may require a type of its own
     * @param into an empty directory. Results and files are written to it as soon as each is known; a result about the
     *     test itself is always among them
     * @return how the test ended
     * @throws InterruptedException if interrupted: the test was ended on the system within a second, and its results say
     *     so; the system remains usable
     * @throws java.io.UncheckedIOException if the artifacts cannot be written on this machine, for example because its disk
     *     is full. The attempt says nothing about the test; the test was ended on the system, which remains usable
     * @throws IllegalArgumentException if this executor cannot run that kind of test
     * @throws IllegalStateException if the executor is closed
     */
    TestEnd run(TestCase test, Artifacts into) throws InterruptedException;

    /** Cleans the system up, as far as it still answers. Idempotent; bounded in time. */
    @Override
    void close();

    /** Opens executors; orchestrators are given one. Thread-safe. */
    @FunctionalInterface
    interface Factory {
        /**
         * Makes a system ready.
         *
         * @param system the system, which still belongs to the caller
         * @return a ready executor
         * @throws SetupException if the system cannot be made ready
         * @throws ConnectionLostException if the system cannot be reached any more
         * @throws InterruptedException if interrupted; the preparation was ended
         */
        Executor open(Remote system) throws InterruptedException;

        /**
         * Makes the system behind a connection ready, without a provisioner: {@link Remote#of(Connection)} describes it.
         *
         * @param connection the connection to the system, which still belongs to the caller
         * @return a ready executor
         * @throws SetupException if the system cannot be made ready
         * @throws ConnectionLostException if the system cannot be reached any more
         * @throws InterruptedException if interrupted; the preparation was ended
         */
        default Executor open(Connection connection) throws InterruptedException {
            return open(Remote.of(connection));
        }
    }
}
