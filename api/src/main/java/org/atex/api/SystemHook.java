package org.atex.api;

/**
 * An action on each new system, before executors are opened on it: for example the installation of a package.
 *
 * {@snippet :
 * SystemHook hook = remote -> remote.connection().run(Command.of("dnf", "install", "-y", "tar")).orThrow();
 * }
 *
 * <p>Thread safety: implementations must be thread-safe, because systems are prepared in parallel.
 */
@FunctionalInterface
public interface SystemHook {
    /**
     * Prepares a system. If this method throws an exception, the system counts as failed: it is given back, and another
     * one is requested.
     *
     * @param remote the system
     * @throws InterruptedException if the thread is interrupted, because the run ends
     */
    void run(Remote remote) throws InterruptedException;
}
