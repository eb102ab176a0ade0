package org.atex.adhoc;

import org.atex.api.Problem;
import org.atex.api.RunEvent;

/** What the parts of a run ask of its thread. */
interface Steps {
    /** Has something done on the thread of the run. Never blocks; from any thread. */
    void post(Runnable event);

    /** Tells the schedule, and does what it decides. On the thread of the run. */
    void step(Event event);

    /** Tells listeners. Never blocks; from any thread. */
    void publish(RunEvent event);

    /** Notes something that went wrong. Never blocks; from any thread. */
    void problem(Problem problem);

    /** {@return whether the run is being stopped; from any thread} */
    boolean isStopping();

    /** {@return whether the schedule has ended, and decides nothing any more; on the thread of the run} */
    boolean isOver();
}
