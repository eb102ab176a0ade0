package org.atex.ssh;

/**
 * A forwarded port. Connections to it are forwarded to the other side of the ssh connection until this object is closed
 * or the ssh connection ends.
 *
 * <p>Lifecycle: active when {@link SshConnection#forwardLocal} or {@link SshConnection#forwardRemote} returns it.
 *
 * <p>Thread safety: every method may be called from any thread.
 */
public interface Forwarding extends AutoCloseable {
    /**
     * {@return the port that accepts connections: the requested one, or the port that was chosen if 0 was requested}
     */
    int port();

    /** Stops accepting connections and closes those that are forwarded. Idempotent; returns after 5 s at the latest. */
    @Override
    void close();
}
