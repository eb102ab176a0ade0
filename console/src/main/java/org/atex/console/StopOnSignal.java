package org.atex.console;

import org.atex.api.Orchestrator;
import org.atex.api.Stop;

/**
 * Stops a run on signals: the first Ctrl-C ({@code INT}) starts no more tests, the second cancels the running tests,
 * the third stops immediately. {@code TERM} and {@code HUP} (terminal closed) cancel the running tests at the first
 * signal. The library handles signals only if a program installs this class.
 *
 * <p>A signal applies to the whole program: it stops every run with an open instance. A run that installs this class
 * while others are being stopped is stopped in the same way. After all instances are closed, counting of Ctrl-C starts
 * again.
 *
 * <p>A signal that was ignored when the program started stays ignored: {@code HUP} under {@code nohup}, {@code INT} in
 * background jobs of scripts and on some CI systems. {@code TERM} stops a run there as well. A JVM started with
 * {@code -Xrs} cannot handle signals.
 *
 * <p>Lifecycle: handles signals from {@link #install} until closed. Closing the last open instance restores the
 * handlers from before the first one, unless the program has installed other handlers since, which then stay.
 * Instances may be closed in any order. Thread-safe.
 */
public final class StopOnSignal implements AutoCloseable {
    private static final SignalledRuns RUNS = new SignalledRuns();

    private final Orchestrator orchestrator;

    private StopOnSignal(Orchestrator orchestrator) {
        this.orchestrator = orchestrator;
    }

    /**
     * Starts handling signals for a run, until closed.
     *
     * @param orchestrator the orchestrator to stop
     * @return a handle to close after the run
     * @throws IllegalStateException if the JVM does not let programs handle signals
     */
    public static StopOnSignal install(Orchestrator orchestrator) {
        StopOnSignal handler = new StopOnSignal(orchestrator);
        RUNS.add(handler);
        return handler;
    }

    void stop(Stop how) {
        orchestrator.stop(how);
    }

    /** Prints to standard error, below the {@code ^C} that the terminal echoes. */
    static void say(String text) {
        System.err.println("\n" + text);
    }

    @Override
    public void close() {
        RUNS.remove(this);
    }
}
