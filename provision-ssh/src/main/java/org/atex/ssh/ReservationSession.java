package org.atex.ssh;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A session of a reservation service: kept alive until it is ended, once. Thread-safe. */
final class ReservationSession {
    private static final Logger LOG = LoggerFactory.getLogger(ReservationService.class);
    private static final int MOST_UNANSWERED = 32;
    private static final int END_TRIES = 3;

    private final String name;
    private final URI service;
    private final @Nullable URI start;
    private final @Nullable URI heartbeat;
    private final @Nullable URI end;
    private final ReservationClient client;
    private final ReservationSettings settings;
    private final Semaphore unanswered = new Semaphore(MOST_UNANSWERED);
    private final AtomicBoolean ended = new AtomicBoolean();
    private final Thread heart;
    private final ReentrantLock lock = new ReentrantLock();
    private long lastAnswer = System.nanoTime();
    private boolean missing;
    private boolean lost;
    private volatile boolean gone;

    private ReservationSession(JsonLine line, URI service, ReservationClient client, ReservationSettings settings)
            throws ServiceRefusedException {
        this.name = "session " + line.values().getOrDefault("session_id", "without id") + " of "
                + ReservationClient.shown(service);
        this.service = service;
        this.start = address(line, "start_session_url", service);
        this.heartbeat = address(line, "heartbeat_url", service);
        this.end = address(line, "end_session_url", service);
        this.client = client;
        this.settings = settings;
        this.heart = Threads.unstarted("heartbeat", this::beat);
    }

    private static @Nullable URI address(JsonLine line, String key, URI service) throws ServiceRefusedException {
        String text = line.values().get(key);
        return text == null ? null : ReservationClient.resolve(service, text);
    }

    static boolean isSession(JsonLine line) {
        return !line.values().containsKey("host")
                && (line.values().containsKey("session_id") || line.values().containsKey("start_session_url"));
    }

    /** {@return the session that a line tells of, kept alive from now on} */
    static ReservationSession open(JsonLine line, URI service, ReservationClient client, ReservationSettings settings)
            throws ServiceRefusedException {
        ReservationSession session = new ReservationSession(line, service, client, settings);
        if (session.heartbeat != null) {
            session.heart.start();
        }
        return session;
    }

    /** {@return what starts it and then tells its hosts, or null if they follow at once} */
    @Nullable
    URI start() {
        return start;
    }

    URI service() {
        return service;
    }

    /** {@return whether the service says that it is over} */
    boolean isGone() {
        return gone;
    }

    /** Each beat has a thread, so that a slow answer does not delay the next one. */
    private void beat() {
        try {
            long next = System.nanoTime();
            while (!gone) {
                if (unanswered.tryAcquire()) {
                    Threads.start("beat", this::beatOnce);
                } else {
                    missed("there are " + MOST_UNANSWERED + " heartbeats without an answer");
                }
                long now = System.nanoTime();
                next = Math.max(next + settings.heartbeat().toNanos(), now);
                Thread.sleep(Duration.ofNanos(next - now));
            }
        } catch (InterruptedException e) {
            LOG.trace("{} needs no more heartbeats", name);
        }
    }

    private void beatOnce() {
        URI address = heartbeat;
        try {
            if (address != null) {
                try (ReservationClient.Answer answer = client.get(address, service, settings.requestWithin())) {
                    answer.drain();
                }
                answered();
            }
        } catch (ServiceRefusedException e) {
            if (e.isGone()) {
                over(String.valueOf(e.getMessage()));
            } else {
                missed(String.valueOf(e.getMessage()));
            }
        } catch (IOException e) {
            missed(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            LOG.trace("a heartbeat of {} was interrupted", name);
        } finally {
            unanswered.release();
        }
    }

    private void over(String why) {
        if (!gone && !ended.get()) {
            gone = true;
            LOG.warn("{} is over, says the service: {}. Its hosts are used on as long as they answer", name, why);
        }
    }

    private void answered() {
        lock.lock();
        try {
            lastAnswer = System.nanoTime();
            if (missing) {
                LOG.info("{} answers again", name);
            }
            missing = false;
            lost = false;
        } finally {
            lock.unlock();
        }
    }

    private void missed(String why) {
        lock.lock();
        try {
            if (ended.get()) {
                return;
            }
            if (!missing) {
                LOG.warn("{} misses a heartbeat: {}", name, why);
            }
            missing = true;
            long silence = System.nanoTime() - lastAnswer;
            if (!lost && silence > settings.lostAfter().toNanos()) {
                lost = true;
                LOG.error(
                        "{} has not answered for {} ms: {}. Its hosts are used on as long as they answer",
                        name,
                        Duration.ofNanos(silence).toMillis(),
                        why);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Ends it, the first time that it is called; it is kept alive until the service knows. Bounded in time. */
    void end() {
        if (ended.compareAndSet(false, true)) {
            try {
                if (end != null) {
                    sendEnd(end);
                }
            } catch (InterruptedException e) {
                LOG.warn("{} may not have been ended: interrupted", name);
            } finally {
                heart.interrupt();
            }
        }
    }

    private void sendEnd(URI address) throws InterruptedException {
        for (int attempt = 1; attempt <= END_TRIES; attempt++) {
            try (ReservationClient.Answer answer = client.get(address, service, settings.requestWithin())) {
                answer.drain();
                LOG.debug("{} is ended", name);
                return;
            } catch (ServiceRefusedException e) {
                if (e.isGone()) {
                    LOG.debug("{} had ended before", name);
                    return;
                }
                LOG.warn("{} could not be ended (try {} of {}): {}", name, attempt, END_TRIES, e.getMessage());
                if (!e.isTemporary()) {
                    return;
                }
            } catch (IOException e) {
                LOG.warn("{} could not be ended (try {} of {}): {}", name, attempt, END_TRIES, e.getMessage());
            }
            if (attempt < END_TRIES) {
                Thread.sleep(settings.pause(attempt, Duration.ofSeconds(1)));
            }
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
