package org.atex.ssh;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import org.atex.support.Arguments;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A source of hosts that a web service reserves. The service is requested by GET when the first host is wanted. It
 * answers with JSON lines in the format of {@link Hosts#file}. Each host is available as soon as its line has been
 * received, while the service prepares more.
 *
 * <p>The first line may describe a session instead, by {@code session_id}, {@code start_session_url},
 * {@code heartbeat_url} and {@code end_session_url}; addresses may be relative. The hosts are then read from the start
 * address, or from the same answer if there is no start address. Heartbeats keep the session alive, and
 * {@link #close()} ends it, once.
 *
 * <p>If a service cannot be reached, answers with an error, has no host or breaks off, the next service is requested.
 * After the last one all are requested again, after a growing pause or the time in {@code Retry-After}. A service with
 * a permanent error (401, 404 …) is not requested again. Hosts that were received stay in use when their service fails.
 * Each problem is logged once, and all problems are in the reason that {@link #take} returns at the end. An invalid
 * line is logged and skipped.
 *
 * <p>Redirects and tokens are limited to the origin of the service. An https service cannot lead to http addresses. A
 * line is limited to 64 KiB, the number of hosts to 10,000.
 *
 * <p>Lifecycle: no request is sent before the first {@link #take}. {@link #close()} ends the sessions, in half a minute
 * at most. Signals do not: to end sessions on Ctrl-C, call {@code close} on this source or on its provisioner from a
 * shutdown hook, or stop the run on signals. A killed program ends no session; the service notices the missing
 * heartbeats.
 *
 * <p>Thread safety: every method may be called from any thread.
 */
public final class ReservationService implements HostSource {
    private static final Logger LOG = LoggerFactory.getLogger(ReservationService.class);
    private static final Duration CANCELLATION = Duration.ofSeconds(5);
    private static final Duration END_SESSIONS = Duration.ofSeconds(20);

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
                .map(ReservationClient::display)
                .collect(Collectors.joining(" or ", "reservation service ", ""));
        this.queue = new HostQueue(name);
        this.client = client;
        ReservationReader reading = new ReservationReader(settings, client, queue, this::register);
        this.reader = Threads.unstarted("reservation", () -> read(reading));
        this.closer = Threads.unstarted("end-reservation", this::end);
    }

    /**
     * {@return a builder of a source}
     *
     * @param service the address of the service: {@code http://…} or {@code https://…}, without user and password
     * @throws IllegalArgumentException if the address is invalid
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
            LOG.error("{} is given up after an unexpected error", name, e);
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

    /**
     * Sends no more requests for hosts and ends the sessions. Idempotent. Takes half a minute at most; an interrupt
     * does not shorten it and is kept.
     */
    @Override
    public void close() {
        lock.lock();
        try {
            if (queue.close()) {
                // In a thread, which an interrupt of the caller does not reach.
                closer.start();
            }
        } finally {
            lock.unlock();
        }
        Threads.join(List.of(closer), CANCELLATION.plus(END_SESSIONS).plus(CANCELLATION));
    }

    private void end() {
        reader.interrupt();
        // The list of sessions is complete only after the reader has ended.
        Threads.join(List.of(reader), CANCELLATION);
        List<ReservationSession> open;
        lock.lock();
        try {
            open = List.copyOf(sessions);
        } finally {
            lock.unlock();
        }
        List<Thread> endings = open.stream()
                .map(session -> Threads.start("end-session", session::end))
                .toList();
        if (!Threads.join(endings, END_SESSIONS)) {
            LOG.warn("{} did not confirm in time that its sessions have ended", name);
        }
        client.close();
    }

    @Override
    public String toString() {
        return name;
    }

    /** A builder with default settings. For one thread at a time; each builder is for one source. */
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
         * Adds a service that is requested when those before it fail.
         *
         * @param service the address of the service
         * @return this
         * @throws IllegalArgumentException if the address is invalid or has been added already
         */
        public Builder backup(URI service) {
            ReservationClient.check(service);
            if (services.contains(service)) {
                throw new IllegalArgumentException(
                        "the service " + ReservationClient.display(service) + " has been added already; add it once");
            }
            services.add(service);
            return this;
        }

        /**
         * Sets the time between two heartbeats. Default: 500 ms, as services expect at least one heartbeat a second.
         *
         * @param interval the time between two heartbeats
         * @return this
         */
        public Builder heartbeat(Duration interval) {
            heartbeat = Arguments.positive(interval, "heartbeat");
            return this;
        }

        /**
         * Sets the time without an answer to heartbeats after which an error is logged: the service may then withdraw
         * the hosts of the session. Default: 30 s.
         *
         * @param silence the time without an answer
         * @return this
         */
        public Builder lostAfter(Duration silence) {
            lostAfter = Arguments.positive(silence, "lostAfter");
            return this;
        }

        /**
         * Sets the time limit for the start of the answer to the first request; after it, the next service is
         * requested. Default: 5 minutes, as some services send nothing before their first host is ready.
         *
         * @param limit the time limit
         * @return this
         */
        public Builder answerWithin(Duration limit) {
            answerWithin = Arguments.positive(limit, "answerWithin");
            return this;
        }

        /**
         * Sets the time limit from one line to the next; a blank line counts. Default: 1 hour.
         *
         * @param limit the time limit
         * @return this
         */
        public Builder hostWithin(Duration limit) {
            hostWithin = Arguments.positive(limit, "hostWithin");
            return this;
        }

        /**
         * Sets the time limit for the answer to a heartbeat and to the end of a session. Default: 5 s.
         *
         * @param limit the time limit
         * @return this
         */
        public Builder requestWithin(Duration limit) {
            requestWithin = Arguments.positive(limit, "requestWithin");
            return this;
        }

        /**
         * Sets after how many unsuccessful rounds in a row the services are given up. Default: 5.
         *
         * @param count the number of rounds, at least 1
         * @return this
         */
        public Builder maxAttempts(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("maxAttempts must be at least 1, not " + count);
            }
            maxAttempts = count;
            return this;
        }

        /**
         * Sets the pause before services are requested again. Each further pause is twice as long. Default: 1 s.
         *
         * @param pause the first pause
         * @return this
         */
        public Builder retryDelay(Duration pause) {
            retryDelay = Arguments.positive(pause, "retryDelay");
            return this;
        }

        /**
         * Sets the longest pause before a service is requested again. A service with a longer {@code Retry-After} is
         * given up. Default: 10 minutes.
         *
         * @param limit the longest pause
         * @return this
         */
        public Builder maxRetryDelay(Duration limit) {
            maxRetryDelay = Arguments.positive(limit, "maxRetryDelay");
            return this;
        }

        /**
         * Sets the supplier of the token that is sent as {@code Authorization: Bearer …}. It is called for each
         * request. The token is sent to the origins of the services only, and appears in no log and no message.
         * Default: no token.
         *
         * @param supplier returns the token
         * @return this
         */
        public Builder token(Supplier<String> supplier) {
            token = supplier;
            return this;
        }

        /**
         * Sets the TLS context, which decides the trusted certificates. Host names are verified in any case. Default:
         * the certificates that the JDK trusts.
         *
         * @param context the TLS context
         * @return this
         */
        public Builder tls(SSLContext context) {
            tls = context;
            return this;
        }

        /** {@return a source with these settings; it sends no request before the first host is wanted} */
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
