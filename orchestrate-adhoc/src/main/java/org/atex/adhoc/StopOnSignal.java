package org.atex.adhoc;

import org.atex.api.Orchestrator;
import org.atex.api.Stop;

/**
 * Stops a run when the user wants the program to end: the first Ctrl-C lets running tests end, the second cancels them,
 * the third stops at once. The signals {@code TERM} and {@code HUP} (the terminal is gone), which nobody repeats, cancel.
 * Nothing in this library handles signals unless a program asks for it here.
 *
 * <p>A signal is for the whole program: it stops every run that has this installed, and a run that installs it while
 * others are being stopped is stopped in the same way. Once all of them are closed, Ctrl-C counts from one again.
 *
 * <p>A signal that the program was started to ignore stays ignored, as is the custom: {@code HUP} below {@code nohup},
 * {@code INT} in background jobs of scripts and on some CI systems. {@code TERM} stops a run there too. Signals cannot be
 * handled in a JVM with {@code -Xrs}.
 *
 * <p>Lifecycle: handles signals from {@link #install} on. When the last one is closed, in whatever order, what was there
 * before the first one is put back, unless the program has since put a handler of its own there, which then stays.
 * Thread-safe.
 */
public final class StopOnSignal implements AutoCloseable {
    private static final SignalledRuns RUNS = new SignalledRuns();

    private final Orchestrator orchestrator;

    private StopOnSignal(Orchestrator orchestrator) {
        this.orchestrator = orchestrator;
    }

    /**
     * Handles signals for a run, until closed.
     *
     * @param orchestrator what to stop
     * @return to be closed when the run has ended
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

    /** Where people at the terminal read it. */
    static void say(String text) {
        System.err.println("\n" + text);
    }

    @Override
    public void close() {
        RUNS.remove(this);
    }
}
