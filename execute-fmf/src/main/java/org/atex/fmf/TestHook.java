package org.atex.fmf;

import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Status;
import org.atex.api.TestEnd;

/**
 * Runs actions on the system before and after each test, for example to clean up or to collect logs and core dumps.
 * Hooks are not called after a test that was cancelled or lost its system.
 *
 * <p>Each call has the time limit {@link FmfOptions#hookWithin}, which does not count against the time limit of the
 * test. A call that exceeds it is interrupted. If it does not return within 5 seconds after that, it is abandoned, and
 * its system runs no other test.
 *
 * <p>Thread safety: hooks must be thread-safe, as one hook is shared by all executors of a factory. Each call runs in a
 * separate thread; calls for the same test are sequential.
 */
public interface TestHook {
    /**
     * Called before the test starts. If it throws an exception or an error, or exceeds its time limit, the test is not
     * started and ends as {@link org.atex.api.Outcome#SETUP_FAILED} with the reason as its note. Other tests are not
     * affected.
     *
     * @param moment the test and its system
     * @throws InterruptedException if interrupted
     */
    default void before(Moment moment) throws InterruptedException {}

    /**
     * Called when the test has ended and none of its processes is left. If it throws an exception or an error, or
     * exceeds its time limit, a result {@code error} named {@code hook} with the reason is added to the results of the
     * test.
     *
     * @param moment the test and its system
     * @param end the end of the test by its exit code, before its reported results are evaluated
     * @throws InterruptedException if interrupted
     */
    default void after(Moment moment, TestEnd end) throws InterruptedException {}

    /**
     * The test and its system during one call of a hook. To be used by the thread that calls the hook, until the hook
     * returns or is abandoned; after that, {@code report} and {@code collect} throw {@link IllegalStateException}.
     */
    interface Moment {
        /** {@return the test} */
        FmfTest test();

        /** {@return the connection to the system of the test} */
        Connection connection();

        /**
         * Adds a result to the results of the test.
         *
         * @param status the status
         * @param name the name of the result; not empty
         * @param note a note of one line; may be empty
         */
        void report(Status status, String name, String note);

        /**
         * Runs a command on the system and adds a result with its output, standard error included, as {@code
         * output.txt}. The status of the result is {@code info}, or {@code warn} if the command failed.
         *
         * @param name the name of the result; not empty
         * @param command the command; its output settings are replaced
         * @throws InterruptedException if interrupted
         */
        void collect(String name, Command command) throws InterruptedException;
    }
}
