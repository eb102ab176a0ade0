package org.atex.provision;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Capability;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.support.Arguments;
import org.atex.support.Threads;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A provisioner that calls a {@link SystemMaker} for each requested system.
 *
 * <p>A request passes through these states: requested; starting, with a thread that makes the system; ready or failed;
 * taken by a caller of {@link #take}. A start that is cancelled counts against the maximum until its thread has ended,
 * and a system until it is closed.
 *
 * <p>Thread-safe. The lock guards all mutable fields, and is not held while the maker or a system is called.
 */
final class MakingProvisioner implements Provisioner {
    private static final Logger LOG = LoggerFactory.getLogger(MakingProvisioner.class);

    private final String name;
    private final SystemMaker maker;
    private final int maxSystems;
    private final int maxConcurrentStarts;
    private final Duration startWithin;
    private final Duration closeWithin;
    private final Map<String, String> labels;
    private final boolean checkResets;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Set<Start> starts = new HashSet<>();
    private final Deque<MadeSystem> ready = new ArrayDeque<>();
    private final Deque<ProvisioningException> failed = new ArrayDeque<>();

    /** All systems that are not closed, and the objects that the maker returned for them. */
    private final Set<MadeSystem> systems = new HashSet<>();

    private final Set<Remote> made = Collections.newSetFromMap(new IdentityHashMap<>());

    /** How often each name was used. */
    private final Map<String, Integer> names = new HashMap<>();

    private int requested;
    private int calls;
    private boolean closed;

    /** The number of requests for which the maker had no system, and the reason of the last one. */
    private int unavailable;

    private String reason = "";

    /** The number of systems that were closed. */
    private long closings;

    MakingProvisioner(Provisioners.Builder settings) {
        name = settings.name;
        maker = settings.maker;
        maxSystems = settings.maxSystems;
        maxConcurrentStarts = settings.maxConcurrentStarts;
        startWithin = settings.startWithin;
        closeWithin = settings.closeWithin;
        labels = Map.copyOf(settings.labels);
        checkResets = settings.checkResets;
    }

    /** A call of the maker. */
    private final class Start {
        final int number;
        final Thread thread;
        final long closingsBefore = closings;
        final long begun = System.nanoTime();
        boolean cancelled;

        Start(int number) {
            this.number = number;
            thread = Threads.unstarted(name + "-" + number, () -> make(this));
        }

        void cancel() {
            cancelled = true;
            thread.interrupt();
        }
    }

    @Override
    public void provision(int count) {
        Arguments.checkRequested(count);
        lock.lock();
        try {
            refuseIfClosed();
            requested = requested > Integer.MAX_VALUE - count ? Integer.MAX_VALUE : requested + count;
            startRequested();
        } finally {
            lock.unlock();
        }
    }

    /** Starts requested systems up to the limits. The caller must hold the lock. */
    private void startRequested() {
        while (requested > 0
                && !closed
                && starts.size() < maxConcurrentStarts
                && starts.size() + systems.size() < maxSystems) {
            requested--;
            Start start = new Start(++calls);
            starts.add(start);
            start.thread.start();
        }
    }

    private void make(Start start) {
        Thread limit = Threads.start(name + "-limit-" + start.number, () -> expire(start));
        Remote remote = null;
        try {
            remote = maker.make(start.number);
            if (remote == null) {
                throw new IllegalStateException("the maker returned null");
            }
            if (deliver(start, remote)) {
                remote = null;
            }
        } catch (NoMoreSystemsException e) {
            end(start, () -> noMoreSystems(start, String.valueOf(e.getMessage())));
        } catch (InterruptedException e) {
            fail(start, "the thread was interrupted", e);
        } catch (Throwable e) {
            // Errors too: no other code reports the failure of this request to the caller of take().
            fail(start, describe(e), e);
        } finally {
            limit.interrupt();
            if (remote != null) {
                closeQuietly(remote);
            }
            end(start, () -> {});
        }
    }

    /** Handles a call for which there was no system. The caller must hold the lock. */
    private void noMoreSystems(Start start, String why) {
        if (closings != start.closingsBefore) {
            // The maker may have decided before a system was closed, which can be made again now.
            requested++;
        } else {
            unavailable++;
            reason = why;
        }
    }

    private void expire(Start start) {
        try {
            Thread.sleep(startWithin);
        } catch (InterruptedException e) {
            return; // the call has ended in time
        }
        fail(start, "it did not become ready within " + startWithin + ", the limit startWithin", null);
        start.thread.interrupt();
    }

    private static String describe(Throwable e) {
        return e instanceof ProvisioningException || e instanceof RuntimeException && e.getMessage() != null
                ? String.valueOf(e.getMessage())
                : e.toString();
    }

    /**
     * Offers a system to take().
     *
     * @return false if the system is not needed
     */
    private boolean deliver(Start start, Remote remote) {
        // Before the lock, since these methods are not ours.
        String wish = remote.name();
        Map<String, String> all = new HashMap<>(remote.labels());
        all.putAll(labels);
        lock.lock();
        try {
            if (made.contains(remote)) {
                // A system that is in use must not be closed because of this.
                fail(start, "the maker returned " + wish + ", which is in use already", null);
                return true;
            }
            if (!isWanted(start)) {
                return false;
            }
            int use = names.merge(wish, 1, Integer::sum);
            boolean checked = checkResets && "fresh".equals(all.get(Capability.RESET));
            MadeSystem system =
                    new MadeSystem(use == 1 ? wish : wish + "#" + use, remote, all, checked, this::onClosed);
            made.add(remote);
            systems.add(system);
            ready.add(system);
            starts.remove(start);
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean isWanted(Start start) {
        return !closed && !start.cancelled && starts.contains(start);
    }

    private void fail(Start start, String why, @Nullable Throwable cause) {
        ProvisioningException failure = cause instanceof ProvisioningException known
                ? known
                : new ProvisioningException("could not make one of the " + name + ": " + why, cause);
        lock.lock();
        try {
            // The first failure counts: one after the time limit follows from the interrupt. A start that has delivered
            // its system is not in the set any more.
            if (isWanted(start)) {
                start.cancelled = true;
                failed.add(failure);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Ends a start. The step runs under the lock if the request was not cancelled. */
    private void end(Start start, Runnable step) {
        lock.lock();
        try {
            if (isWanted(start)) {
                step.run();
            }
            starts.remove(start);
            startRequested();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Offer take(Duration atMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.NANOSECONDS.convert(atMost);
            while (true) {
                refuseIfClosed();
                Offer offer = offer();
                if (offer != null) {
                    return offer;
                }
                if (nanos <= 0) {
                    return new Offer.None(whyNone());
                }
                nanos = changed.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    /** {@return why take() has no system yet} The caller must hold the lock. */
    private String whyNone() {
        List<String> reasons = new ArrayList<>();
        List<Start> wanted = starts.stream().filter(this::isWanted).toList();
        long now = System.nanoTime();
        wanted.stream()
                .mapToLong(start -> now - start.begun)
                .max()
                .ifPresent(longest -> reasons.add(areOf(wanted.size()) + " being started, the first for "
                        + Duration.ofNanos(longest).toSeconds() + " s"));
        if (wanted.isEmpty() && requested == 0) {
            reasons.add("none is requested");
        }
        if (requested > 0) {
            boolean full = starts.size() + systems.size() >= maxSystems;
            reasons.add(areOf(requested) + " requested and must wait, since at most "
                    + (full ? maxSystems + " exist" : maxConcurrentStarts + " start") + " at the same time");
        }
        if (!systems.isEmpty()) {
            reasons.add(areOf(systems.size()) + " not closed");
        }
        return name + ": " + String.join("; ", reasons);
    }

    private static String areOf(int count) {
        return count + (count == 1 ? " is" : " are");
    }

    private @Nullable Offer offer() {
        MadeSystem system = ready.poll();
        if (system != null) {
            return new Offer.Ready(system);
        }
        ProvisioningException failure = failed.poll();
        if (failure != null) {
            return new Offer.Failed(failure);
        }
        return unavailable > 0 && requested == 0 && starts.isEmpty() ? new Offer.Exhausted(reason) : null;
    }

    private void onClosed(MadeSystem system) {
        lock.lock();
        try {
            systems.remove(system);
            made.remove(system.made());
            closings++;
            // A system that was given back can be made again.
            if (unavailable > 0) {
                requested += unavailable;
                unavailable = 0;
            }
            startRequested();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void clear() {
        List<MadeSystem> unwanted;
        lock.lock();
        try {
            unwanted = withdraw();
        } finally {
            lock.unlock();
        }
        // In the background, so that the caller need not wait. These systems are still open, so close() waits.
        unwanted.forEach(system -> Threads.start(name + "-clear", () -> closeQuietly(system)));
    }

    /** Withdraws all requests, and returns the systems that were ready. The caller must hold the lock. */
    private List<MadeSystem> withdraw() {
        requested = 0;
        unavailable = 0;
        failed.clear();
        starts.forEach(Start::cancel);
        List<MadeSystem> unwanted = List.copyOf(ready);
        ready.clear();
        return unwanted;
    }

    @Override
    public int maxSystems() {
        return maxSystems;
    }

    @Override
    public Map<String, String> labels() {
        return labels;
    }

    @Override
    public void close() {
        List<Thread> threads = new ArrayList<>();
        lock.lock();
        try {
            closed = true;
            var unused = withdraw();
            systems.forEach(
                    system -> threads.add(Threads.unstarted(name + "-close-" + system, () -> closeQuietly(system))));
            starts.forEach(start -> threads.add(start.thread));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        threads.stream().filter(thread -> thread.getState() == Thread.State.NEW).forEach(Thread::start);
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            if (!section.join(threads, closeWithin)) {
                LOG.warn("{} are not closed after {}: {}", name, closeWithin, left(threads));
            }
        }
    }

    private static List<String> left(List<Thread> threads) {
        return threads.stream().filter(Thread::isAlive).map(Thread::getName).toList();
    }

    private static void closeQuietly(Remote system) {
        try {
            system.close();
        } catch (Throwable e) {
            LOG.warn("could not close {}", system, e);
        }
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("this provisioner of " + name + " is closed; create another one");
        }
    }

    @Override
    public String toString() {
        return maxSystems == Integer.MAX_VALUE ? name : name + ", at most " + maxSystems + " at once";
    }
}
