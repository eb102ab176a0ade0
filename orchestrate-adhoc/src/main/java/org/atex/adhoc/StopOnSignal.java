package org.atex.adhoc;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.atex.api.Orchestrator;
import org.atex.api.Stop;

/**
 * Stops a run when the user wants the program to end: the first Ctrl-C lets running tests end, the second cancels them,
 * the third stops at once. A {@code TERM} signal, which nobody repeats, cancels. Nothing in this library handles signals
 * unless a program asks for it here.
 *
 * <p>Lifecycle: handles signals from {@link #install} on; {@link #close()} puts back what was there before. Thread-safe.
 */
public final class StopOnSignal implements AutoCloseable {
    private final Orchestrator orchestrator;
    private final AtomicInteger interrupts = new AtomicInteger();
    private final List<Runnable> restorers = new ArrayList<>();

    private StopOnSignal(Orchestrator orchestrator) {
        this.orchestrator = orchestrator;
    }

    /**
     * Handles signals for a run, until closed.
     *
     * @param orchestrator what to stop
     * @return to be closed when the run has ended
     */
    public static StopOnSignal install(Orchestrator orchestrator) {
        StopOnSignal handler = new StopOnSignal(orchestrator);
        handler.restorers.add(OsSignals.handle("INT", handler::interrupted));
        handler.restorers.add(OsSignals.handle("TERM", () -> orchestrator.stop(Stop.CANCEL)));
        return handler;
    }

    private void interrupted() {
        switch (interrupts.incrementAndGet()) {
            case 1 -> {
                System.err.println("\nstarting no more tests; once more cancels those that run");
                orchestrator.stop(Stop.DRAIN);
            }
            case 2 -> {
                System.err.println("\ncancelling the running tests; once more gives everything back as it is");
                orchestrator.stop(Stop.CANCEL);
            }
            default -> orchestrator.stop(Stop.NOW);
        }
    }

    @Override
    public void close() {
        restorers.forEach(Runnable::run);
        restorers.clear();
    }
}
