package org.atex.fmf.control;

import java.io.IOException;

/** Told of each control line that a test writes, in order. Used by one thread. */
public interface ControlHandler {
    /**
     * A result: a JSON object of so many bytes, and right behind it the bytes of its files.
     *
     * @param length how many bytes the object has
     * @param stream where to take them, and then the files, from; exactly those
     * @throws IOException if the stream ends or breaks, the test breaks the protocol, or nothing can be stored here
     */
    void result(int length, ControlStream stream) throws IOException;

    /**
     * The test's command has ended: the last word.
     *
     * @param code its exit code
     */
    void exitCode(int code);

    /**
     * The test changes its time limit.
     *
     * @param argument the new limit, a change of it, {@code save} or {@code restore}
     * @throws ProtocolException if that means nothing
     */
    void duration(String argument) throws ProtocolException;

    /** The test is about to take the system down. */
    void disconnect();
}
