package org.atex.ssh;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.atex.api.ProvisioningException;
import org.atex.provision.NoMoreSystemsException;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The hosts of a provisioner. A thread of its own takes hosts from the source while more are wanted than are free. Hosts
 * that fail are quarantined, and given up after a number of failures in a row.
 *
 * <p>Thread-safe. The lock guards all mutable fields, and is not held while the source is called.
 */
final class HostPool {
    private static final Logger LOG = LoggerFactory.getLogger(SshProvisioner.class);

    /** The longest wait for the source in one call; it only bounds the time between log entries. */
    private static final Duration SOURCE_POLL = Duration.ofMinutes(10);

    /** The longest quarantine. */
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

    /** How long interrupted threads may take to end. */
    private static final Duration CANCELLATION = Duration.ofSeconds(5);

    private static final int MOST_NAMED = 10;

    private final HostSource source;
    private final int maxAttempts;
    private final Duration retryDelay;
    private final Thread feeder;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** All hosts that were taken from the source. */
    private final List<PooledHost> members = new ArrayList<>();

    private final Queue<PooledHost> free = new ArrayDeque<>();

    /** The number of threads that wait for a host. */
    private int waiting;

    /** Failures of hosts that were given up while a thread waits; each takes the place of a host. */
    private final Queue<ProvisioningException> failures = new ArrayDeque<>();

    /** Threads that wait for the end of a quarantine. */
    private final Set<Thread> quarantines = new HashSet<>();

    private final Map<String, Integer> names = new HashMap<>();

    /** The reason for which the source has no more hosts, or null. */
    private @Nullable String ended;

    private boolean closed;

    /**
     * Creates a pool, which takes no host before it is asked for one.
     *
     * @param source the source of the hosts
     * @param maxAttempts after how many failures in a row a host is given up
     * @param retryDelay the length of the first quarantine
     */
    HostPool(HostSource source, int maxAttempts, Duration retryDelay) {
        this.source = source;
        this.maxAttempts = maxAttempts;
        this.retryDelay = retryDelay;
        feeder = Threads.start("hosts", this::feed);
    }

    /** Takes hosts from the source while more are wanted than are free. */
    private void feed() {
        try {
            while (awaitShortage()) {
                switch (source.take(SOURCE_POLL)) {
                    case HostSource.Next.Found(Host host) -> add(new PooledHost(host));
                    case HostSource.Next.Ended(String why) -> {
                        sourceEnded(why);
                        return;
                    }
                    case HostSource.Next.None() -> LOG.debug("{} has no host yet", source);
                }
            }
        } catch (InterruptedException e) {
            LOG.trace("no more hosts are taken from {}", source);
        } catch (RuntimeException e) {
            sourceEnded(source + " failed: " + e.getMessage());
        }
    }

    private boolean awaitShortage() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!closed && waiting <= free.size()) {
                changed.await();
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    private void add(PooledHost member) {
        lock.lock();
        try {
            members.add(member);
            free(member);
        } finally {
            lock.unlock();
        }
    }

    private void sourceEnded(String why) {
        lock.lock();
        try {
            if (!closed) {
                LOG.info("no more hosts: {}", why);
            }
            ended = why;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void free(PooledHost member) {
        member.state = PooledHost.State.FREE;
        free.add(member);
        changed.signalAll();
    }

    /**
     * Takes a free host. Waits until there is one.
     *
     * @param heldBack the failure of another host, to be thrown if there is neither a free host nor another one
     * @return a host, which the caller must give back
     * @throws ProvisioningException if a host was given up, or there is no other
     * @throws NoMoreSystemsException if all hosts are given up, and the source has no more
     * @throws InterruptedException if interrupted; no host was taken
     */
    PooledHost take(@Nullable ProvisioningException heldBack) throws InterruptedException, NoMoreSystemsException {
        lock.lockInterruptibly();
        try {
            waiting++;
            changed.signalAll();
            while (true) {
                PooledHost member = free.poll();
                if (member != null) {
                    member.state = PooledHost.State.IN_USE;
                    return member;
                }
                ProvisioningException failure = ended == null || heldBack == null ? failures.poll() : heldBack;
                if (failure != null) {
                    throw failure;
                }
                if (ended != null && members.stream().allMatch(PooledHost::isGivenUp)) {
                    throw new NoMoreSystemsException("no host is left: " + ended + describeOutOfService());
                }
                changed.await();
            }
        } finally {
            waiting--;
            if (waiting == 0) {
                failures.clear(); // no system is requested any more
            }
            lock.unlock();
        }
    }

    private String describeOutOfService() {
        List<QuarantinedHost> all = outOfService();
        return all.isEmpty()
                ? ""
                : all.stream().limit(MOST_NAMED).map(String::valueOf).collect(Collectors.joining(", ", "; ", ""))
                        + (all.size() > MOST_NAMED ? " and " + (all.size() - MOST_NAMED) + " more" : "");
    }

    /**
     * {@return a name for the next system on a host: the host's name, from the second time on with {@code #2} and so
     * on}
     */
    String nextName(Host host) {
        lock.lock();
        try {
            int number = names.merge(host.name(), 1, Integer::sum);
            return number == 1 ? host.name() : host.name() + "#" + number;
        } finally {
            lock.unlock();
        }
    }

    /** Gives a host back that was not used. */
    void giveBackUnused(PooledHost member) {
        lock.lock();
        try {
            free(member);
        } finally {
            lock.unlock();
        }
    }

    /** Gives a host back that works. */
    void giveBack(PooledHost member) {
        lock.lock();
        try {
            member.resetFailures();
            free(member);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives a host back that could not be connected to: quarantines it, or gives it up.
     *
     * @return the failure; if the host was not given up, another host may take its place
     */
    Failure couldNotConnect(PooledHost member, String why, Throwable cause) {
        return failed(member, why, cause, false);
    }

    /** Gives a host back that cannot be used again. If it is given up, a thread that waits for a host is told. */
    void cannotBeUsedAgain(PooledHost member, String why) {
        var unused = failed(member, why, null, true);
    }

    /**
     * A failure of a host.
     *
     * @param exception describes it
     * @param isFinal whether the host was given up
     */
    record Failure(ProvisioningException exception, boolean isFinal) {}

    private Failure failed(PooledHost member, String why, @Nullable Throwable cause, boolean tell) {
        Failure failure;
        lock.lock();
        try {
            boolean newReason = member.recordFailure(why);
            boolean givenUp = member.failures() >= maxAttempts;
            Duration pause = member.pause(retryDelay, LONGEST_PAUSE);
            String next = givenUp ? "it is given up" : "it is tried again in " + pause.toMillis() + " ms";
            String message = why + " (failure " + member.failures() + " of " + maxAttempts + ": " + next + ")";
            if (newReason && !closed) {
                LOG.warn("{}", message);
            }
            member.state = givenUp ? PooledHost.State.GIVEN_UP : PooledHost.State.QUARANTINED;
            if (!givenUp && !closed) {
                quarantines.add(Threads.start("quarantine-" + member.host, () -> release(member, pause)));
            }
            failure = new Failure(new ProvisioningException(message, cause, member.host.machine()), givenUp);
            if (givenUp && tell && waiting > 0) {
                failures.add(failure.exception());
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (failure.isFinal()) {
            source.giveBack(member.host, false);
        }
        return failure;
    }

    private void release(PooledHost member, Duration pause) {
        try {
            Thread.sleep(pause);
            lock.lock();
            try {
                quarantines.remove(Thread.currentThread());
                free(member);
            } finally {
                lock.unlock();
            }
        } catch (InterruptedException e) {
            LOG.trace("{} stays in quarantine", member.host);
        }
    }

    /** {@return the hosts that are quarantined or given up} */
    List<QuarantinedHost> outOfService() {
        lock.lock();
        try {
            return members.stream()
                    .filter(PooledHost::isOutOfService)
                    .map(PooledHost::report)
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** Takes no further hosts from the source. */
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Ends all threads, gives all hosts back to the source, and closes it. All systems must have been closed before. */
    void giveBackAll() {
        List<Thread> threads;
        lock.lock();
        try {
            threads = new ArrayList<>(quarantines);
            threads.add(feeder);
        } finally {
            lock.unlock();
        }
        // Outside the lock, which these threads need in order to end.
        threads.forEach(Thread::interrupt);
        Threads.join(threads, CANCELLATION);
        try {
            for (PooledHost member : notGivenUp()) {
                source.giveBack(member.host, !member.isOutOfService());
            }
        } catch (RuntimeException e) {
            LOG.warn("{} failed to take its hosts back", source, e);
        }
        try {
            source.close();
        } catch (RuntimeException e) {
            LOG.warn("{} failed to close", source, e);
        }
        List<QuarantinedHost> bad = outOfService();
        if (!bad.isEmpty()) {
            LOG.warn("hosts out of service at the end: {}", bad);
        }
    }

    private List<PooledHost> notGivenUp() {
        lock.lock();
        try {
            return members.stream().filter(member -> !member.isGivenUp()).toList();
        } finally {
            lock.unlock();
        }
    }
}
