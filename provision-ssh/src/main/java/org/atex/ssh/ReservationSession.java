package org.atex.ssh;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A session of a reservation service. Heartbeats keep it alive until it is ended, once. Thread-safe. */
final class ReservationSession {
    private static final Logger LOG = LoggerFactory.getLogger(ReservationService.class);
    private static final int MAX_UNANSWERED = 32;
    private static final int END_ATTEMPTS = 3;
    private static final Duration CANCELLATION = Duration.ofSeconds(5);

    private final String name;
    private final URI service;
    private final @Nullable URI start;
    private final @Nullable URI heartbeat;
    private final @Nullable URI end;
    private final ReservationClient client;
    private final ReservationSettings settings;
    private final Semaphore unanswered = new Semaphore(MAX_UNANSWERED);
    private final AtomicBoolean ended = new AtomicBoolean();
    private final Thread heartbeats;
    private final Set<Thread> requests = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private long lastAnswer = System.nanoTime();
    private boolean failing;
    private boolean lost;
    private volatile boolean expired;

    private ReservationSession(JsonLine line, URI service, ReservationClient client, ReservationSettings settings)
            throws ServiceRefusedException {
        this.name = "session " + line.values().getOrDefault("session_id", "without id") + " of "
                + ReservationClient.display(service);
        this.service = service;
        this.start = address(line, "start_session_url", service);
        this.heartbeat = address(line, "heartbeat_url", service);
        this.end = address(line, "end_session_url", service);
        this.client = client;
        this.settings = settings;
        this.heartbeats = Threads.unstarted("heartbeats", this::sendHeartbeats);
    }

    private static @Nullable URI address(JsonLine line, String key, URI service) throws ServiceRefusedException {
        String text = line.values().get(key);
        return text == null ? null : ReservationClient.resolve(service, text);
    }

    /** {@return whether the first line of an answer describes a session} Every other line describes a host. */
    static boolean isSession(JsonLine line) {
        return !line.values().containsKey("host")
                && (line.values().containsKey("session_id") || line.values().containsKey("start_session_url"));
    }

    /** {@return the session that a line describes; its heartbeats have started} */
    static ReservationSession open(JsonLine line, URI service, ReservationClient client, ReservationSettings settings)
            throws ServiceRefusedException {
        ReservationSession session = new ReservationSession(line, service, client, settings);
        if (session.heartbeat != null) {
            session.heartbeats.start();
        }
        return session;
    }

    /** {@return the address that starts the session and returns its hosts; null if they follow in the same answer} */
    @Nullable
    URI start() {
        return start;
    }

    URI service() {
        return service;
    }

    /** {@return whether the service has reported the end of the session} */
    boolean isGone() {
        return expired;
    }

    /**
     * Sends heartbeats until interrupted. Each has a thread, so that a slow answer does not delay the next heartbeat.
     */
    private void sendHeartbeats() {
        try {
            long next = System.nanoTime();
            while (!expired) {
                // The number of requests in flight is bounded, as a service may never answer.
                if (unanswered.tryAcquire()) {
                    Thread request = Threads.unstarted("heartbeat-request", this::sendHeartbeat);
                    requests.add(request);
                    request.start();
                } else {
                    heartbeatFailed("there are " + MAX_UNANSWERED + " heartbeats without an answer");
                }
                long now = System.nanoTime();
                // After a delay of this thread, missed heartbeats are not made up for.
                next = Math.max(next + settings.heartbeat().toNanos(), now);
                Thread.sleep(Duration.ofNanos(next - now));
            }
        } catch (InterruptedException e) {
            LOG.trace("{} stops its heartbeats", name);
        }
    }

    private void sendHeartbeat() {
        URI address = heartbeat;
        try {
            if (address != null) {
                try (ReservationClient.Answer answer = client.get(address, service, settings.requestWithin())) {
                    answer.drain();
                }
                heartbeatAnswered();
            }
        } catch (ServiceRefusedException e) {
            if (e.isGone()) {
                expire(String.valueOf(e.getMessage()));
            } else {
                heartbeatFailed(String.valueOf(e.getMessage()));
            }
        } catch (IOException e) {
            heartbeatFailed(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            LOG.trace("a heartbeat of {} was interrupted", name);
        } finally {
            requests.remove(Thread.currentThread());
            unanswered.release();
        }
    }

    private void expire(String why) {
        if (!expired && !ended.get()) {
            expired = true;
            LOG.warn("{} has expired: {}. Its hosts stay in use as long as they answer", name, why);
        }
    }

    private void heartbeatAnswered() {
        lock.lock();
        try {
            lastAnswer = System.nanoTime();
            if (failing) {
                LOG.info("{} answers again", name);
            }
            failing = false;
            lost = false;
        } finally {
            lock.unlock();
        }
    }

    private void heartbeatFailed(String why) {
        lock.lock();
        try {
            if (ended.get()) {
                return;
            }
            if (!failing) {
                LOG.warn("a heartbeat of {} failed: {}", name, why);
            }
            failing = true;
            long silence = System.nanoTime() - lastAnswer;
            if (!lost && silence > settings.lostAfter().toNanos()) {
                lost = true;
                LOG.error(
                        "{} has not answered heartbeats for {} ms: {}. Its hosts stay in use as long as they answer",
                        name,
                        Duration.ofNanos(silence).toMillis(),
                        why);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends the session on the first call. Heartbeats go on until the service has answered. Bounded in time. At the
     * return, no request of this session is open, as the client does not close a connection that is opened while the
     * client is closed.
     */
    void end() {
        if (ended.compareAndSet(false, true)) {
            try {
                if (end != null) {
                    sendEnd(end);
                }
            } catch (InterruptedException e) {
                LOG.warn("the end of {} may not have reached the service: interrupted", name);
            } finally {
                if (heartbeat != null) {
                    stopHeartbeats();
                }
            }
        }
    }

    private void stopHeartbeats() {
        heartbeats.interrupt();
        Threads.join(List.of(heartbeats), CANCELLATION); // the set of requests is complete only after its end
        List<Thread> open = List.copyOf(requests);
        open.forEach(Thread::interrupt);
        Threads.join(open, CANCELLATION);
    }

    private void sendEnd(URI address) throws InterruptedException {
        for (int attempt = 1; attempt <= END_ATTEMPTS; attempt++) {
            try (ReservationClient.Answer answer = client.get(address, service, settings.requestWithin())) {
                answer.drain();
                LOG.debug("{} has ended", name);
                return;
            } catch (ServiceRefusedException e) {
                if (e.isGone()) {
                    LOG.debug("{} had ended before", name);
                    return;
                }
                LOG.warn("could not end {} (attempt {} of {}): {}", name, attempt, END_ATTEMPTS, e.getMessage());
                if (!e.isTemporary()) {
                    return;
                }
            } catch (IOException e) {
                LOG.warn("could not end {} (attempt {} of {}): {}", name, attempt, END_ATTEMPTS, e.getMessage());
            }
            if (attempt < END_ATTEMPTS) {
                Thread.sleep(settings.pause(attempt, Duration.ofSeconds(1)));
            }
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
