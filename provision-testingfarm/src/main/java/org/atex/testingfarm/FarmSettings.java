package org.atex.testingfarm;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.atex.ssh.Host;
import org.jspecify.annotations.Nullable;

/**
 * How a provisioner deals with the service.
 *
 * @param maxSystems how many machines there may be at once
 * @param tolerated how many failed reservations are made good silently
 * @param queueWithin how long a request may wait for a worker
 * @param provisionWithin how long a worker may take to make a machine
 * @param sshWithin how long it may take until we are in
 * @param cancelWithin how long the service may take to cancel
 * @param pollEvery the time between two looks at a request
 * @param sourceCidrs who the firewall lets in; null has our address looked up
 * @param addressSites who knows our address
 * @param hosts changes how a guest is reached
 * @param listener is told what happens
 * @param run the tag of all requests
 * @param connector opens connections
 * @param clock tells the time
 * @param pause lets it pass
 */
record FarmSettings(
        int maxSystems,
        int tolerated,
        Duration queueWithin,
        Duration provisionWithin,
        Duration sshWithin,
        Duration cancelWithin,
        Duration pollEvery,
        @Nullable List<String> sourceCidrs,
        List<URI> addressSites,
        UnaryOperator<Host> hosts,
        ReservationListener listener,
        String run,
        GuestLogin.Connector connector,
        Clock clock,
        Pause pause) {
    /** The pace that the service asks for. */
    static final Duration POLL_EVERY = Duration.ofSeconds(30);

    /** For what is left to the service when nobody says how long a request may take. */
    private static final Duration SLACK = Duration.ofMinutes(10);

    /** {@return how long a request may take in all} */
    Duration limit(Reservation reservation) {
        Duration given = reservation.pipelineLimit();
        return given != null
                ? given
                : reservation.duration().plus(queueWithin).plus(provisionWithin).plus(SLACK);
    }
}
