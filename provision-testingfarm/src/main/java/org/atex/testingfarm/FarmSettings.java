package org.atex.testingfarm;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.atex.ssh.Host;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a provisioner.
 *
 * @param maxSystems the maximum number of machines at a time
 * @param maxFailedRequests the number of failed reservations that are repeated without being reported
 * @param queueWithin the time limit for a request to wait for a worker
 * @param provisionWithin the time limit for a worker to provision a machine
 * @param sshWithin the time limit until commands run over ssh
 * @param cancelWithin the time limit for the service to confirm a cancellation
 * @param pollEvery the interval at which a request is polled
 * @param sourceCidrs the addresses for which the firewall is opened; null looks up the public address of this host
 * @param addressSites the web sites that are asked for that address
 * @param hosts changes how a guest is reached
 * @param listener receives the events
 * @param run the tag of all requests
 * @param connector opens connections
 * @param clock the clock
 * @param sleeper waits between polls and attempts
 */
record FarmSettings(
        int maxSystems,
        int maxFailedRequests,
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
        Sleeper sleeper) {
    /** The poll interval that the service recommends. */
    static final Duration POLL_EVERY = Duration.ofSeconds(30);

    /** Time for the service's own work, in a computed request limit. */
    private static final Duration SLACK = Duration.ofMinutes(10);

    /** {@return the time limit of the whole request} */
    Duration limit(Reservation reservation) {
        Duration given = reservation.pipelineLimit();
        return given != null
                ? given
                : reservation.duration().plus(queueWithin).plus(provisionWithin).plus(SLACK);
    }
}
