package org.atex.testingfarm;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A reservation has entered a new phase. Immutable. */
public final class ReservationEvent {
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

    private final Instant at;
    private final String request;
    private final Phase phase;
    private final Duration before;
    private final String detail;

    ReservationEvent(Instant at, String request, Phase phase, Duration before, String detail) {
        this.at = at;
        this.request = request;
        this.phase = phase;
        this.before = before;
        this.detail = detail;
    }

    /** {@return the time at which it was noticed} */
    public Instant at() {
        return at;
    }

    /** {@return the id of the request; empty before there is one} */
    public String request() {
        return request;
    }

    /** {@return the new phase} */
    public Phase phase() {
        return phase;
    }

    /** {@return the time that the previous phase took} */
    public Duration before() {
        return before;
    }

    /** {@return an address or a reason, depending on the phase; may be empty} */
    public String detail() {
        return detail;
    }

    private List<@Nullable Object> properties() {
        return Arrays.asList(at, request, phase, before, detail);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ReservationEvent that && properties().equals(that.properties());
    }

    @Override
    public int hashCode() {
        return properties().hashCode();
    }

    @Override
    public String toString() {
        return "ReservationEvent" + properties();
    }
}
