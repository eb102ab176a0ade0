package org.atex.api;

/** Something to do with each system before its executors are opened. Thread-safe: systems come up in parallel. */
@FunctionalInterface
public interface SystemHook {
    /**
     * Prepares a system. Whatever it throws makes the system a failed one: it is given back, and another is asked for.
     *
     * @param remote the system
     * @throws InterruptedException if interrupted, because the run ends
     */
    void run(Remote remote) throws InterruptedException;
}
