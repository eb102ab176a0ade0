package org.atex.adhoc;

import java.time.Instant;
import java.util.function.Function;
import org.atex.api.Problem;
import org.atex.api.RunEvent;

/** What the parts of a run ask of its thread. */
interface Steps {
    /** {@return the time of the run; from any thread} */
    Instant now();

    /** {@return when something is by the time of the run that is then by this machine's clock; from any thread} */
    Instant ofWall(Instant then);

    /** Has something done on the thread of the run. Never blocks; from any thread. */
    void post(Runnable event);

    /** Tells the schedule, and does what it decides. On the thread of the run. */
    void step(Event event);

    /** Tells listeners of what happens now. Never blocks; from any thread. */
    default void publish(Function<RunEvent.Stamp, RunEvent> event) {
        publish(now(), event);
    }

    /** Tells listeners of what happened at that time. Never blocks; from any thread. */
    void publish(Instant at, Function<RunEvent.Stamp, RunEvent> event);

    /** Notes something that went wrong. Never blocks; from any thread. */
    void problem(Problem problem);

    /** {@return whether the run is being stopped; from any thread} */
    boolean isStopping();

    /** {@return whether the schedule has ended, and decides nothing any more; on the thread of the run} */
    boolean isOver();
}
