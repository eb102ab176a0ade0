package org.atex.adhoc;

import java.time.Instant;
import java.util.function.Function;
import org.atex.api.Problem;
import org.atex.api.RunEvent;
import org.atex.artifacts.OpenFixture;

/** Gives the parts of a run access to its clock, its thread and its listeners. */
interface RunContext {
    /** {@return the current time of the run's clock; from any thread} */
    Instant now();

    /** {@return an instant of this machine's clock, converted to the run's clock; from any thread} */
    Instant ofWall(Instant then);

    /** Queues an action for the thread of the run. Never blocks; from any thread. */
    void post(Runnable event);

    /** Passes an event to the schedule and carries out its decisions. On the thread of the run only. */
    void step(Event event);

    /** Publishes an event with the current time. Never blocks; from any thread. */
    default void publish(Function<RunEvent.Stamp, RunEvent> event) {
        publish(now(), event);
    }

    /** Publishes an event with the given time. Never blocks; from any thread. */
    void publish(Instant at, Function<RunEvent.Stamp, RunEvent> event);

    /** Records and logs a problem. Never blocks; from any thread. */
    void problem(Problem problem);

    /** Records that a fixture is about to be started, or is finished; on the thread of the run. */
    void fixture(OpenFixture fixture, boolean open);

    /** {@return whether the run is being stopped; from any thread} */
    boolean isStopping();

    /** {@return whether the schedule has ended and ignores further events; on the thread of the run} */
    boolean isOver();
}
