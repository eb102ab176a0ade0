package org.atex.fmf;

import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Status;
import org.atex.api.TestEnd;

/**
 * Something to do on the system before and after each test: to clean up, to collect logs and core dumps. It is not called
 * after a test that was cancelled or whose system was lost.
 *
 * <p>Each call has the time of {@link FmfOptions#hookWithin}, which does not count as the test's. A call that takes longer is
 * interrupted; one that does not return within 5 seconds of that is abandoned, and its system runs no other test.
 *
 * <p>Thread safety: each call is made by a thread of its own, one at a time for a test; one hook is shared by all executors
 * of a factory, and so thread-safe.
 */
public interface TestHook {
    /**
     * Called before the test starts. If it throws anything, or does not return in time, the test ends as
     * {@link org.atex.api.Outcome#SETUP_FAILED} and says so; other tests run.
     *
     * @param moment the test, and its system
     * @throws InterruptedException if interrupted
     */
    default void before(Moment moment) throws InterruptedException {}

    /**
     * Called when the test has ended and nothing of it runs any more. If it throws anything, or does not return in time, a
     * result {@code error} named {@code hook} is added to those of the test and says so.
     *
     * @param moment the test, and its system
     * @param end how it ended, before its own results were considered
     * @throws InterruptedException if interrupted
     */
    default void after(Moment moment, TestEnd end) throws InterruptedException {}

    /**
     * What a hook has to do with. For the thread that the hook was called by, and no longer than until it returns or is
     * abandoned: {@code report} and {@code collect} then throw {@link IllegalStateException}.
     */
    interface Moment {
        /** {@return the test} */
        FmfTest test();

        /** {@return the connection to its system} */
        Connection connection();

        /**
         * Adds a result to those of the test.
         *
         * @param status how it went
         * @param name what it is called; not empty
         * @param note one line about it; may be empty
         */
        void report(Status status, String name, String note);

        /**
         * Runs a command on the system and adds a result {@code info} with what it wrote, errors too, as
         * {@code output.txt}; {@code warn} if the command failed.
         *
         * @param name what the result is called; not empty
         * @param command what to run; its output and errors are taken
         * @throws InterruptedException if interrupted
         */
        void collect(String name, Command command) throws InterruptedException;
    }
}
