package org.atex.scenario;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.atex.api.Connection;
import org.atex.api.Status;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;

/** An occurrence that runs in a thread of its own. Thread-safe. */
final class RunningOccurrence implements Occurrence {
    private enum State {
        RUNNING,
        ENDED,
        ABANDONED
    }

    private final OccurrenceId id;
    private final Event event;
    private final ScenarioConnection connection;
    private final KillSwitch killSwitch;
    private final ScenarioRun run;
    private final AtomicReference<State> state = new AtomicReference<>(State.RUNNING);
    private volatile @Nullable Thread thread;
    private volatile Decision.@Nullable Interrupt interrupt;

    RunningOccurrence(
            OccurrenceId id, Event event, ScenarioConnection connection, KillSwitch killSwitch, ScenarioRun run) {
        this.id = id;
        this.event = event;
        this.connection = connection;
        this.killSwitch = killSwitch;
        this.run = run;
    }

    /**
     * Starts the thread of the occurrence. A daemon thread of the platform, because the action belongs to the user: it may
     * block or spin, which would occupy a carrier of virtual threads.
     */
    void start() {
        try {
            thread = Threads.startDaemon("scenario-" + run.test() + "-" + part(), this::run);
        } catch (OutOfMemoryError e) {
            // The system has no more threads.
            run.ended(this, e, 0);
        }
    }

    private void run() {
        long begin = System.nanoTime();
        Throwable failure = null;
        try {
            event.action().run(this);
        } catch (Throwable e) {
            failure = e;
        }
        run.ended(this, failure, System.nanoTime() - begin);
    }

    OccurrenceId id() {
        return id;
    }

    OnFailure onFailure() {
        return event.onFailure();
    }

    /** {@return the name of the part of this occurrence} */
    String part() {
        return event.name() + "#" + (id.atEnd() ? "end" : id.number());
    }

    /** {@return the decision to interrupt this occurrence, or null if there was none} */
    Decision.@Nullable Interrupt interrupt() {
        return interrupt;
    }

    void interrupt(Decision.Interrupt decision) {
        interrupt = decision;
        Thread running = thread;
        if (running != null) {
            running.interrupt();
        }
    }

    /** {@return whether this call marked it as ended; false if it was abandoned before} */
    boolean markEnded() {
        return state.compareAndSet(State.RUNNING, State.ENDED);
    }

    /**
     * Cuts the occurrence off from the system and the results.
     *
     * @return the name of the thread that still runs; null if the occurrence has ended in the meantime
     */
    @Nullable
    String abandon() {
        Thread running = Objects.requireNonNull(thread, "an occurrence without a thread has ended");
        if (state.compareAndSet(State.RUNNING, State.ABANDONED)) {
            connection.cutOff();
            return running.getName();
        }
        // Its results are just being written, which needs no code of the user.
        var unused = Threads.join(List.of(running), Timetable.INTERRUPT_PERIOD);
        return null;
    }

    /** Writes the output of a command to the file of this occurrence. */
    void keep(InputStream output) {
        try (BoundedOutput file = new BoundedOutput(run.outputOf(id).file(part(), EventOutput.FILE))) {
            file.copy(output);
        } catch (IOException e) {
            run.storageFailed(e);
        }
    }

    @Override
    public String event() {
        return event.name();
    }

    @Override
    public long number() {
        return id.number();
    }

    @Override
    public boolean isAtEnd() {
        return id.atEnd();
    }

    @Override
    public Map<String, @Nullable Object> parameters() {
        return event.parameters();
    }

    @Override
    public <T> T parameter(String name, Class<T> type) {
        Object value = event.parameters().get(name);
        if (!type.isInstance(value)) {
            String found = value == null
                    ? "it has " + event.parameters().keySet()
                    : "it is a " + value.getClass().getSimpleName();
            throw new IllegalArgumentException("the event " + event.name() + " needs a parameter '" + name
                    + "' of the type " + type.getSimpleName() + ", but " + found);
        }
        return type.cast(value);
    }

    @Override
    public Map<String, String> environment() {
        return connection.environment();
    }

    @Override
    public Connection connection() {
        return connection;
    }

    @Override
    public KillSwitch killSwitch() {
        return killSwitch;
    }

    @Override
    public void report(Status status, String part, @Nullable String note) {
        run.report(status, part, note, List.of());
    }

    @Override
    public void report(Status status, String part, @Nullable String note, List<String> files) {
        run.report(status, part, note, List.copyOf(files));
    }

    @Override
    public Path file(String part, String name) {
        return run.file(part, name);
    }
}
