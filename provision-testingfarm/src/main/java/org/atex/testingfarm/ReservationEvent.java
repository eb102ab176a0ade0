package org.atex.testingfarm;

import java.time.Duration;
import java.time.Instant;

/**
 * A reservation has come to another phase.
 *
 * @param at when that was seen
 * @param request the id of the request; empty while there is none
 * @param phase the phase that begins
 * @param before how long the phase before it took
 * @param detail what there is to say of it: an address, a reason; may be empty
 */
public record ReservationEvent(Instant at, String request, Phase phase, Duration before, String detail) {
    /** What happens to a reservation, in this order; some may be left out. */
    public enum Phase {
        /** It is being submitted. */
        SUBMITTING,
        /** The service has it. */
        SUBMITTED,
        /** It waits for a worker. */
        QUEUED,
        /** A worker has it: the machine is being made. */
        RUNNING,
        /** The machine is there, and its address is known. */
        GUEST_READY,
        /** The test that lets us in has begun: we log in. */
        RESERVED,
        /** We are in: the machine can be used. */
        READY,
        /** It failed, or ended while it was in use. */
        FAILED,
        /** We do not need it any more, and have the service cancel it. */
        CANCELLING,
        /** The service says that it is over. */
        OVER,
        /** The service did not say in time that it is over. The detail has the command that cancels it. */
        LEFT
    }
}
