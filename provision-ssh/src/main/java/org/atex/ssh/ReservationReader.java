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

/** Gets hosts from reservation services, one after the other, until one has told all it has. For one virtual thread. */
final class ReservationReader {
    private static final Logger LOG = LoggerFactory.getLogger(ReservationService.class);
    private static final int MOST_BAD_LINES = 100;

    private final ReservationSettings settings;
    private final ReservationClient client;
    private final HostQueue hosts;
    private final Consumer<ReservationSession> sessions;
    /** Those that may be of use yet. */
    private final List<Service> services;

    /** How many lines were hosts, known or not. */
    private long told;

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

    /** A service, and when it may be asked. */
    private static final class Service {
        private final URI uri;
        private long from = System.nanoTime();

        Service(URI uri) {
            this.uri = uri;
        }
    }

    /** {@return why there are no more hosts} */
    String read() throws InterruptedException {
        int rounds = 0;
        while (true) {
            for (Service service : List.copyOf(services)) {
                int before = hosts.size();
                if (service.from - System.nanoTime() <= 0 && askOnce(service)) {
                    return ReservationClient.shown(service.uri) + " has no more hosts; there were " + hosts.size();
                }
                rounds = hosts.size() > before ? 0 : rounds;
            }
            if (services.isEmpty() || ++rounds >= settings.maxAttempts()) {
                return "no reservation service has "
                        + (hosts.size() == 0 ? "a host" : "more than " + hosts.size() + " hosts") + ": "
                        + String.join("; ", problems);
            }
            long now = System.nanoTime();
            long eligible = services.stream()
                    .mapToLong(service -> service.from - now)
                    .min()
                    .orElse(0);
            long pause = settings.pause(rounds, settings.maxRetryDelay()).toNanos();
            Thread.sleep(Duration.ofNanos(Math.max(pause, eligible)));
        }
    }

    /** {@return whether it told all it has} */
    private boolean askOnce(Service service) throws InterruptedException {
        try {
            long before = told;
            ask(service.uri);
            if (told > before) {
                return true;
            }
            problem(ReservationClient.shown(service.uri) + " has no host");
        } catch (ServiceRefusedException e) {
            problem(String.valueOf(e.getMessage()));
            Duration pause = e.retryAfter();
            if (!e.isTemporary() || pause != null && pause.compareTo(settings.maxRetryDelay()) > 0) {
                services.remove(service);
            } else if (pause != null) {
                service.from = System.nanoTime() + pause.toNanos();
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
            if (session.start() == null) {
                long before = told;
                try {
                    lines.addAll();
                } finally {
                    endIfUseless(session, before);
                }
                return;
            }
        }
        long before = told;
        try {
            readStarted(session, session.start());
        } finally {
            endIfUseless(session, before);
        }
    }

    private void endIfUseless(ReservationSession session, long toldBefore) {
        if (told == toldBefore) {
            session.end();
        }
    }

    /** Asks for the hosts of a session again if the answer breaks off; what was told before is known. */
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
                tries = hosts.size() > before ? 1 : tries;
                Duration pause = settings.pause(tries, settings.maxRetryDelay());
                if (e instanceof ServiceRefusedException refused) {
                    Duration asked = refused.retryAfter();
                    pause = asked == null || asked.compareTo(pause) < 0 ? pause : asked;
                    tries = refused.isTemporary() && pause.compareTo(settings.maxRetryDelay()) <= 0
                            ? tries
                            : settings.maxAttempts();
                }
                if (tries >= settings.maxAttempts() || session.isGone()) {
                    throw e;
                }
                problem(e.getMessage() + "; " + session + " is asked again");
                Thread.sleep(pause);
            }
        }
    }

    /** The lines of one answer, none of which may take too long. */
    private final class Lines implements AutoCloseable {
        private final URI uri;
        private final ReservationClient.Answer answer;
        private final Deadline deadline;
        private final LineReader lines;
        private int bad;

        Lines(URI uri, URI origin, Duration within) throws IOException, InterruptedException {
            this.uri = uri;
            this.answer = client.get(uri, origin, within);
            this.deadline = new Deadline(settings.hostWithin(), answer::cancel);
            this.lines = new LineReader(answer.body());
        }

        private @Nullable String next() throws IOException, InterruptedException {
            try {
                String line = lines.next();
                deadline.renew();
                return line;
            } catch (LineReader.TooLongException e) {
                throw new ServiceRefusedException(0, null, place() + ": " + e.getMessage());
            } catch (IOException e) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("interrupted while reading " + place());
                }
                String why = deadline.hasExpired()
                        ? "nothing came for " + deadline.limit().toMillis() + " ms"
                        : "it broke off: " + e.getMessage();
                throw new IOException(place() + ": " + why, e);
            }
        }

        private String place() {
            return ReservationClient.shown(uri) + ", line " + lines.number();
        }

        /** {@return the first line, or null if there is none} */
        @Nullable
        JsonLine first() throws IOException, InterruptedException {
            String line = next();
            while (line != null && line.isBlank()) {
                line = next();
            }
            try {
                return line == null ? null : JsonLine.read(line);
            } catch (IllegalArgumentException e) {
                throw new ServiceRefusedException(0, null, place() + " is no reservation service's: " + e.getMessage());
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
                            "reservation: {} tells of more than {} hosts; the rest is ignored",
                            place(),
                            HostLine.MAX_HOSTS);
                    return;
                }
            }
        }

        void add(JsonLine line) throws IOException {
            try {
                Host host = HostLine.host(line);
                told++;
                if (hosts.add(host)) {
                    LOG.debug("reservation: {} comes from {}", host, uri.getHost());
                } else {
                    LOG.debug("reservation: {} was told before", host);
                }
            } catch (IllegalArgumentException e) {
                skip(e);
            }
        }

        private void skip(IllegalArgumentException e) throws IOException {
            problem(place() + " is skipped: " + e.getMessage());
            if (++bad > MOST_BAD_LINES) {
                throw new ServiceRefusedException(0, null, place() + ": more than " + MOST_BAD_LINES + " lines are no hosts");
            }
        }

        @Override
        public void close() {
            deadline.close();
            answer.close();
        }
    }
}
