package org.atex.ssh;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads hosts from reservation services, one service after the other, until one has sent its last host. Not
 * thread-safe.
 */
final class ReservationReader {
    private static final Logger LOG = LoggerFactory.getLogger(ReservationService.class);
    private static final int MAX_BAD_LINES = 100;

    private final ReservationSettings settings;
    private final ReservationClient client;
    private final HostQueue hosts;
    private final Consumer<ReservationSession> sessions;
    /** The services that have not been given up. */
    private final List<Service> services;

    /** The number of lines that described a host, including hosts that are already known. */
    private long hostLines;

    private final Set<String> problems = new LinkedHashSet<>();

    ReservationReader(
            ReservationSettings settings,
            ReservationClient client,
            HostQueue hosts,
            Consumer<ReservationSession> sessions) {
        this.settings = settings;
        this.client = client;
        this.hosts = hosts;
        this.sessions = sessions;
        this.services =
                new ArrayList<>(settings.services().stream().map(Service::new).toList());
    }

    /** A service and the earliest time of its next request. */
    private static final class Service {
        private final URI uri;
        private long notBefore = System.nanoTime();

        Service(URI uri) {
            this.uri = uri;
        }
    }

    /**
     * Reads hosts until the end.
     *
     * @return the reason why there are no more hosts
     */
    String read() throws InterruptedException {
        int rounds = 0;
        while (true) {
            for (Service service : List.copyOf(services)) {
                int before = hosts.size();
                if (service.notBefore - System.nanoTime() <= 0 && askOnce(service)) {
                    return ReservationClient.display(service.uri) + " has no more hosts; there were " + hosts.size();
                }
                // A round that found a host does not count as failed.
                rounds = hosts.size() > before ? 0 : rounds;
            }
            if (services.isEmpty() || ++rounds >= settings.maxAttempts()) {
                return "no reservation service has "
                        + (hosts.size() == 0 ? "a host" : "more than " + hosts.size() + " hosts") + ": "
                        + String.join("; ", problems);
            }
            long now = System.nanoTime();
            long eligible = services.stream()
                    .mapToLong(service -> service.notBefore - now)
                    .min()
                    .orElse(0);
            long pause = settings.pause(rounds, settings.maxRetryDelay()).toNanos();
            Thread.sleep(Duration.ofNanos(Math.max(pause, eligible)));
        }
    }

    /** {@return whether the service has sent its last host} */
    private boolean askOnce(Service service) throws InterruptedException {
        try {
            long before = hostLines;
            ask(service.uri);
            if (hostLines > before) {
                return true;
            }
            problem(ReservationClient.display(service.uri) + " sent no host");
        } catch (ServiceRefusedException e) {
            problem(String.valueOf(e.getMessage()));
            Duration pause = e.retryAfter();
            if (!e.isTemporary() || pause != null && pause.compareTo(settings.maxRetryDelay()) > 0) {
                services.remove(service);
            } else if (pause != null) {
                service.notBefore = System.nanoTime() + pause.toNanos();
            }
        } catch (IOException e) {
            problem(String.valueOf(e.getMessage()));
        }
        return false;
    }

    private void problem(String text) {
        if (problems.add(text)) {
            LOG.warn("reservation: {}", text);
        }
    }

    private void ask(URI service) throws IOException, InterruptedException {
        ReservationSession session;
        try (Lines lines = new Lines(service, service, settings.answerWithin())) {
            JsonLine first = lines.first();
            if (first == null) {
                return;
            }
            if (!ReservationSession.isSession(first)) {
                lines.add(first);
                lines.addAll();
                return;
            }
            session = ReservationSession.open(first, service, client, settings);
            sessions.accept(session);
            LOG.debug("{} begins", session);
            // Without a start address, the hosts follow in this answer.
            if (session.start() == null) {
                long before = hostLines;
                try {
                    lines.addAll();
                } finally {
                    endIfEmpty(session, before);
                }
                return;
            }
        }
        long before = hostLines;
        try {
            readStarted(session, session.start());
        } finally {
            endIfEmpty(session, before);
        }
    }

    /** A session without hosts is ended at once, so that the service can give its hosts to others. */
    private void endIfEmpty(ReservationSession session, long hostLinesBefore) {
        if (hostLines == hostLinesBefore) {
            session.end();
        }
    }

    /** Requests the hosts of a session, again if the answer breaks off. Hosts that were received before are skipped. */
    private void readStarted(ReservationSession session, @Nullable URI start) throws IOException, InterruptedException {
        if (start == null) {
            return;
        }
        for (int tries = 1; ; tries++) {
            int before = hosts.size();
            try (Lines lines = new Lines(start, session.service(), settings.hostWithin())) {
                lines.addAll();
                return;
            } catch (IOException e) {
                // Progress resets the count of attempts.
                tries = hosts.size() > before ? 1 : tries;
                Duration pause = settings.pause(tries, settings.maxRetryDelay());
                if (e instanceof ServiceRefusedException refused) {
                    // A long Retry-After or a permanent error ends the attempts.
                    Duration asked = refused.retryAfter();
                    pause = asked == null || asked.compareTo(pause) < 0 ? pause : asked;
                    tries = refused.isTemporary() && pause.compareTo(settings.maxRetryDelay()) <= 0
                            ? tries
                            : settings.maxAttempts();
                }
                if (tries >= settings.maxAttempts() || session.isGone()) {
                    throw e;
                }
                problem(e.getMessage() + "; " + session + " is requested again");
                Thread.sleep(pause);
            }
        }
    }

    /** The lines of one answer. Each must arrive within a time limit. */
    private final class Lines implements AutoCloseable {
        private final URI uri;
        private final ReservationClient.Answer answer;
        private final Watchdog watchdog;
        private final LineReader lines;
        private int bad;

        Lines(URI uri, URI origin, Duration within) throws IOException, InterruptedException {
            this.uri = uri;
            this.answer = client.get(uri, origin, within);
            this.watchdog = new Watchdog(settings.hostWithin(), answer::cancel);
            this.lines = new LineReader(answer.body());
        }

        private @Nullable String next() throws IOException, InterruptedException {
            try {
                String line = lines.next();
                watchdog.renew();
                return line;
            } catch (LineReader.TooLongException e) {
                throw new ServiceRefusedException(0, null, place() + ": " + e.getMessage());
            } catch (IOException e) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("interrupted while reading " + place());
                }
                String why = watchdog.hasExpired()
                        ? "nothing was received for " + watchdog.limit().toMillis() + " ms"
                        : "the answer broke off: " + e.getMessage();
                throw new IOException(place() + ": " + why, e);
            }
        }

        private String place() {
            return ReservationClient.display(uri) + ", line " + lines.number();
        }

        /** {@return the first line, or null if the answer is empty} */
        @Nullable
        JsonLine first() throws IOException, InterruptedException {
            String line = next();
            while (line != null && line.isBlank()) {
                line = next();
            }
            try {
                return line == null ? null : JsonLine.read(line);
            } catch (IllegalArgumentException e) {
                throw new ServiceRefusedException(
                        0, null, place() + ": not an answer of a reservation service: " + e.getMessage());
            }
        }

        void addAll() throws IOException, InterruptedException {
            for (String line = next(); line != null; line = next()) {
                if (!line.isBlank()) {
                    try {
                        add(JsonLine.read(line));
                    } catch (IllegalArgumentException e) {
                        skip(e);
                    }
                }
                if (hosts.size() >= HostLine.MAX_HOSTS) {
                    LOG.warn(
                            "reservation: {} sends more than {} hosts; the rest is ignored",
                            place(),
                            HostLine.MAX_HOSTS);
                    return;
                }
            }
        }

        void add(JsonLine line) throws IOException {
            try {
                Host host = HostLine.host(line);
                hostLines++;
                if (hosts.add(host)) {
                    LOG.debug("reservation: {} was received from {}", host, uri.getHost());
                } else {
                    LOG.debug("reservation: {} is known already", host);
                }
            } catch (IllegalArgumentException e) {
                skip(e);
            }
        }

        private void skip(IllegalArgumentException e) throws IOException {
            problem(place() + " is skipped: " + e.getMessage());
            if (++bad > MAX_BAD_LINES) {
                throw new ServiceRefusedException(
                        0, null, place() + ": more than " + MAX_BAD_LINES + " lines do not describe a host");
            }
        }

        @Override
        public void close() {
            watchdog.close();
            answer.close();
        }
    }
}
