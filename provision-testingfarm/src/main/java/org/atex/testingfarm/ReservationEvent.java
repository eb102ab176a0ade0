package org.atex.testingfarm;

import java.time.Duration;
import java.time.Instant;

/**
 * A reservation has entered a new phase.
 *
 * @param at the time at which it was noticed
 * @param request the id of the request; empty before there is one
 * @param phase the new phase
 * @param before the time that the previous phase took
 * @param detail an address or a reason, depending on the phase; may be empty
 */
public record ReservationEvent(Instant at, String request, Phase phase, Duration before, String detail) {
    /** The phases of a reservation in their order; some may be skipped. */
    public enum Phase {
        /** The request is being submitted. */
        SUBMITTING,
        /** The service has accepted the request. */
        SUBMITTED,
        /** The request waits for a worker. */
        QUEUED,
        /** A worker provisions the machine. */
        RUNNING,
        /** The machine exists, and its address is known. */
        GUEST_READY,
        /** The test that allows the login has started, and the provisioner logs in. */
        RESERVED,
        /** Commands run on the machine: it can be used. */
        READY,
        /** The reservation failed, or ended while the machine was in use. */
        FAILED,
        /** The machine is no longer needed, and the cancellation of the request was started. */
        CANCELLING,
        /** The service confirmed that the request is over. */
        OVER,
        /** The service did not confirm in time that the request is over. The detail has the command that cancels it. */
        LEFT
    }
}
