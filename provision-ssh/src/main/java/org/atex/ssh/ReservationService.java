package org.atex.ssh;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hosts that a web service reserves. It is asked by GET when the first host is wanted, and answers with JSON lines as in
 * {@link Hosts#file}, each of which is a host the moment it arrives, while the service prepares later ones.
 *
 * <p>The first line may tell of a session instead: {@code session_id}, {@code start_session_url}, {@code heartbeat_url},
 * {@code end_session_url}, relative or absolute. Then the hosts come from the start address (without one they follow at
 * once), the session is kept alive by heartbeats, and it is ended once, by {@link #close()}.
 *
 * <p>When a service cannot be reached, refuses, has no host or breaks off, the next one is asked; when all have been, they
 * are asked again after a pause, which grows, or when they say ({@code Retry-After}). What is for ever (401, 404 …) is not
 * tried again. Hosts that came are used on, whatever becomes of their service; every problem is logged once, and all are
 * in what {@link #take} says at the end. A line that is no host is logged and skipped.
 *
 * <p>Redirects and tokens keep to the origin that was given; nothing that begins with https goes on with http. Lines are
 * limited to 64 KiB, hosts to 10,000.
 *
 * <p>Lifecycle: usable when it is opened; {@link #close()} ends its sessions, which takes half a minute at the most. No
 * signal does that: a program that is to end its sessions on Ctrl-C closes this, or the provisioner over it, from a shutdown
 * hook, or stops its run on signals. A program that is killed ends nothing: the service misses the heartbeats.
 *
 * <p>Thread safety: every method may be called from any thread.
 */
public final class ReservationService implements HostSource {
    private static final Logger LOG = LoggerFactory.getLogger(ReservationService.class);
    private static final Duration CANCELLATION = Duration.ofSeconds(5);
    private static final Duration GOODBYE = Duration.ofSeconds(20);

    private final String name;
    private final HostQueue queue;
    private final ReservationClient client;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<ReservationSession> sessions = new ArrayList<>();
    private final Thread reader;
    private final Thread closer;
    private boolean started;

    private ReservationService(ReservationSettings settings, ReservationClient client) {
        this.name = settings.services().stream()
                .map(ReservationClient::shown)
                .collect(Collectors.joining(" or ", "reservation service ", ""));
        this.queue = new HostQueue(name);
        this.client = client;
        ReservationReader reading = new ReservationReader(settings, client, queue, this::register);
        this.reader = Threads.unstarted("reservation", () -> read(reading));
        this.closer = Threads.unstarted("end-reservation", this::end);
    }

    /**
     * {@return a builder of sources of hosts that a service reserves}
     *
     * @param service where it is: {@code http://…} or {@code https://…}, without user and password
     * @throws IllegalArgumentException if it is no such address
     */
    public static Builder builder(URI service) {
        return new Builder().backup(service);
    }

    private void read(ReservationReader reading) {
        try {
            queue.end(reading.read());
        } catch (InterruptedException e) {
            queue.end(name + " is closed");
        } catch (RuntimeException e) {
            LOG.error("{} is given up", name, e);
            queue.end(name + " failed: " + e);
        }
    }

    private void register(ReservationSession session) {
        lock.lock();
        try {
            sessions.add(session);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Next take(Duration atMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (!started && !queue.isClosed()) {
                started = true;
                reader.start();
            }
        } finally {
            lock.unlock();
        }
        return queue.take(atMost);
    }

    @Override
    public void giveBack(Host host, boolean healthy) {
        queue.giveBack(host, healthy);
    }

    /** Stops asking and ends the sessions. Idempotent; takes half a minute at the most; an interrupt does not cut it short. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (queue.close()) {
                closer.start();
            }
        } finally {
            lock.unlock();
        }
        Threads.join(List.of(closer), CANCELLATION.plus(GOODBYE).plus(CANCELLATION));
    }

    private void end() {
        reader.interrupt();
        // It has ended when the list of sessions is complete.
        Threads.join(List.of(reader), CANCELLATION);
        List<ReservationSession> open;
        lock.lock();
        try {
            open = List.copyOf(sessions);
        } finally {
            lock.unlock();
        }
        List<Thread> ending = open.stream()
                .map(session -> Threads.start("end-session", session::end))
                .toList();
        if (!Threads.join(ending, GOODBYE)) {
            LOG.warn("{} did not say in time that its sessions are ended", name);
        }
        client.close();
    }

    @Override
    public String toString() {
        return name;
    }

    /** Settings of a source, with defaults. For one thread at a time; each is for one source. */
    public static final class Builder {
        private final List<URI> services = new ArrayList<>();
        private Duration heartbeat = Duration.ofMillis(500);
        private Duration lostAfter = Duration.ofSeconds(30);
        private Duration answerWithin = Duration.ofMinutes(5);
        private Duration hostWithin = Duration.ofHours(1);
        private Duration requestWithin = Duration.ofSeconds(5);
        private int maxAttempts = 5;
        private Duration retryDelay = Duration.ofSeconds(1);
        private Duration maxRetryDelay = Duration.ofMinutes(10);
        private @Nullable Supplier<String> token;
        private @Nullable SSLContext tls;

        private Builder() {}

        /**
         * Adds a service to ask when those before it are of no use.
         *
         * @param service where it is
         * @return this
         * @throws IllegalArgumentException if it is no such address, or there already
         */
        public Builder backup(URI service) {
            ReservationClient.check(service);
            if (services.contains(service)) {
                throw new IllegalArgumentException(ReservationClient.shown(service) + " is there already");
            }
            services.add(service);
            return this;
        }

        /**
         * Sets the time between two heartbeats. Half a second unless set, as services expect one at least once a second.
         *
         * @param interval how long
         * @return this
         */
        public Builder heartbeat(Duration interval) {
            heartbeat = positive(interval, "heartbeat");
            return this;
        }

        /**
         * Sets after how long without an answer to heartbeats an error is logged: the hosts of that session may be taken away.
         * Half a minute unless set.
         *
         * @param silence how long
         * @return this
         */
        public Builder lostAfter(Duration silence) {
            lostAfter = positive(silence, "lostAfter");
            return this;
        }

        /**
         * Sets how long a service may take to begin its answer to the first question, before a back-up is asked. Five minutes
         * unless set: some services say nothing before their first host is ready.
         *
         * @param limit how long
         * @return this
         */
        public Builder answerWithin(Duration limit) {
            answerWithin = positive(limit, "answerWithin");
            return this;
        }

        /**
         * Sets how long a service may take from one line to the next (a blank one is a sign of life). An hour unless set.
         *
         * @param limit how long
         * @return this
         */
        public Builder hostWithin(Duration limit) {
            hostWithin = positive(limit, "hostWithin");
            return this;
        }

        /**
         * Sets how long a service may take to answer a heartbeat or the end of a session. Five seconds unless set.
         *
         * @param limit how long
         * @return this
         */
        public Builder requestWithin(Duration limit) {
            requestWithin = positive(limit, "requestWithin");
            return this;
        }

        /**
         * Sets how often in a row all services may be asked in vain; 5 unless set.
         *
         * @param count how often, at least 1
         * @return this
         */
        public Builder maxAttempts(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("a reservation needs at least 1 try, not " + count);
            }
            maxAttempts = count;
            return this;
        }

        /**
         * Sets how long to wait before services are asked again; each further time doubles that. A second unless set.
         *
         * @param pause how long
         * @return this
         */
        public Builder retryDelay(Duration pause) {
            retryDelay = positive(pause, "retryDelay");
            return this;
        }

        /**
         * Sets how long to wait at the most before a service is asked again; one that says {@code Retry-After} for longer is
         * given up. Ten minutes unless set.
         *
         * @param limit how long
         * @return this
         */
        public Builder maxRetryDelay(Duration limit) {
            maxRetryDelay = positive(limit, "maxRetryDelay");
            return this;
        }

        /**
         * Sets who knows the token that is sent as {@code Authorization: Bearer …}. It is asked for each request, goes to the
         * origins of the services only, and is in no log and no message.
         *
         * @param supplier gives the token
         * @return this
         */
        public Builder token(Supplier<String> supplier) {
            token = supplier;
            return this;
        }

        /**
         * Sets which certificates are trusted; those that Java trusts unless set. Names are checked all the same.
         *
         * @param context what decides
         * @return this
         */
        public Builder tls(SSLContext context) {
            tls = context;
            return this;
        }

        private static Duration positive(Duration duration, String name) {
            if (duration.isNegative() || duration.isZero()) {
                throw new IllegalArgumentException(name + " must be longer than nothing, not " + duration);
            }
            return duration;
        }

        /** {@return a source with these settings; nothing is asked before a host is wanted} */
        public ReservationService build() {
            return new ReservationService(
                    new ReservationSettings(
                            services,
                            heartbeat,
                            lostAfter,
                            answerWithin,
                            hostWithin,
                            requestWithin,
                            maxAttempts,
                            retryDelay,
                            maxRetryDelay),
                    new ReservationClient(tls, token));
        }
    }
}
