package org.atex.ssh;

/**
 * A port whose connections are carried to the other side, until this is closed or the connection breaks.
 *
 * <p>Thread safety: from any thread.
 */
public interface Forwarding extends AutoCloseable {
    /** {@return the port that is listened on: that which was asked for, or the one that was free} */
    int port();

    /** Listens no more, and ends the connections that it carries. Idempotent; bounded in time. */
    @Override
    void close();
}
