package org.atex.api;

import java.util.List;

/**
 * Runs tests on one system.
 *
 * {@snippet :
 * try (Executor executor = factory.open(remote)) {
 *     Artifacts into = Artifacts.at(Files.createTempDirectory("attempt-"));
 *     TestEnd end = executor.run(test, into);
 *     aggregator.ingest(TestRecord.of("fedora-41", test, end), into);
 * }
 * }
 *
 * <p>Lifecycle: {@link Factory#open} prepares the system, once for all tests; {@link #close()} cleans it up. Neither
 * opens nor closes the connection to the system.
 *
 * <p>Thread safety: {@link #run} may be called from several threads at once, one for each test that runs on the system
 * at the same time; orchestrators use {@link Remote#slots()} threads. {@link #close()} may be called from any thread,
 * after all calls of {@code run} have returned.
 *
 * <p>Any program may implement this interface. {@code ExecutorContract} in the testkit checks an implementation.
 */
public interface Executor extends AutoCloseable {
    /**
     * Runs one test to its end. A failure of the test or of the connection is reported by the returned end, not by an
     * exception.
     *
     * @param test the test; an executor may require a type of its own
     * @param into an empty directory. Results and files are written to it as soon as each is known; they always include
     *     a result of the test itself
     * @return how the test ended
     * @throws InterruptedException if the thread is interrupted: the test was ended on the system within one second,
     *     its results say so, and the system remains usable
     * @throws java.io.UncheckedIOException if the artifacts cannot be written on this machine, for example because its
     *     disk is full. This says nothing about the test; the test was ended on the system, which remains usable
     * @throws IllegalArgumentException if this executor does not support this type of test
     * @throws IllegalStateException if this executor is closed
     */
    TestEnd run(TestCase test, Artifacts into) throws InterruptedException;

    /**
     * Cleans the system up, as far as it still responds. Calling this method again has no effect. It returns within a
     * bounded time.
     */
    @Override
    void close();

    /**
     * Opens executors on systems. Orchestrators receive one factory for all systems.
     *
     * <p>Thread safety: implementations must be thread-safe, because systems are prepared in parallel.
     */
    @FunctionalInterface
    interface Factory {
        /**
         * Prepares a system for tests.
         *
         * @param system the system, which still belongs to the caller
         * @return an executor on the system
         * @throws SetupException if the system cannot be prepared
         * @throws ConnectionLostException if the connection is lost
         * @throws InterruptedException if the thread is interrupted; the preparation was ended
         */
        Executor open(Remote system) throws InterruptedException;

        /**
         * Prepares the system of a connection for tests, for programs without a provisioner. {@link
         * Remote#of(Connection)} describes the system.
         *
         * @param connection the connection, which still belongs to the caller
         * @return an executor on the system
         * @throws SetupException if the system cannot be prepared
         * @throws ConnectionLostException if the connection is lost
         * @throws InterruptedException if the thread is interrupted; the preparation was ended
         */
        default Executor open(Connection connection) throws InterruptedException {
            return open(Remote.of(connection));
        }

        /**
         * {@return warnings about the tests or the configuration, such as a misspelt key that is ignored} Orchestrators
         * report them with the run. By default, there are none.
         */
        default List<String> warnings() {
            return List.of();
        }
    }
}
