package org.atex.fmf;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.fmf.control.TimeLimit;
import org.jspecify.annotations.Nullable;

/**
 * The wrapper of a test on a system; {@code wrapper.sh} defines its streams. It ends with its connection, or is detached
 * from it.
 *
 * <p>Thread safety: all methods may be called from any thread; each stream is for one thread.
 */
sealed interface Wrapper extends AutoCloseable permits ConnectedWrapper, DetachedWrapper {
    /**
     * Starts a wrapper.
     *
     * @param connection the connection to the system
     * @param command the wrapper and its arguments, the first of which is the slot on the system
     * @param limit the time limit of the test, which also bounds the time to restore a lost connection
     * @param detached the options of detached tests, or null to end the test with its connection
     */
    static Wrapper start(Connection connection, Command command, TimeLimit limit, @Nullable DetachedOptions detached)
            throws InterruptedException {
        return detached == null
                ? new ConnectedWrapper(connection.start(command))
                : new DetachedWrapper(connection, command, detached, limit);
    }

    /**
     * {@return the standard input: metadata up to a NUL byte, then the lifeline} A byte on the lifeline releases the test
     * before a reboot, and its end kills the test.
     */
    OutputStream lifeline();

    /** {@return the control stream of the test} */
    InputStream control();

    /** {@return the output of the test} */
    InputStream output();

    /**
     * Waits for the wrapper.
     *
     * @return its end
     * @throws ConnectionLostException if the wrapper is lost
     */
    CommandEnd await() throws InterruptedException;

    /**
     * Waits for the wrapper with a time limit.
     *
     * @return its end, or empty if the limit passed
     * @throws ConnectionLostException if the wrapper is lost
     */
    Optional<CommandEnd> await(Duration atMost) throws InterruptedException;

    /** {@return whether the connection is lost now, and may be restored} */
    boolean isDisconnected();

    /** Kills the test and the wrapper. */
    @Override
    void close();
}
