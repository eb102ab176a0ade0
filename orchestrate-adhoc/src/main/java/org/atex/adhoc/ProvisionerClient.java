package org.atex.adhoc;

import java.time.Duration;
import java.util.Comparator;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.atex.support.Threads;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;

/**
 * Requests systems from one provisioner and takes them. One thread requests systems in order, another one takes
 * systems while some are pending; every call runs under the {@link Guard}. Thread-safe.
 */
final class ProvisionerClient {
    private static final Duration MAX_TAKE_TIMEOUT = Duration.ofMinutes(1);
    private static final Duration MIN_TAKE_INTERVAL = Duration.ofSeconds(1);
    private static final int MAX_REFUSALS = 3;

    /** Receives the results. Called from the threads of the client; must not block. */
    interface Listener {
        void arrived(int provisioner, Remote remote);

        void failed(int provisioner, @Nullable String host, String why);

        void notAsked(int provisioner, int count, String why);

        void exhausted(int provisioner, String why, boolean forGood);

        /** No system has become ready yet. */
        void waiting(int provisioner, String why);

        void problem(String what);
    }

    private final int number;
    private final String name;
    private final Provisioner provisioner;
    private final Guard guard;
    private final Limits limits;
    private final Listener listener;
    private final Duration takeTimeout;
    private final BlockingQueue<Runnable> requests = new LinkedBlockingQueue<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by the lock.
    private int pending;
    private boolean closed;
    private Guard.@Nullable Call<Offer> taking;

    private int refusals; // the requester's
    private @Nullable Thread requester;
    private @Nullable Thread taker;

    ProvisionerClient(
            int number,
            String name,
            Provisioner provisioner,
            Guard guard,
            Limits limits,
            Duration systemWithin,
            Listener listener) {
        this.number = number;
        this.name = name;
        this.provisioner = provisioner;
        this.guard = guard;
        this.limits = limits;
        this.listener = listener;
        // Half of the time that tests wait, so that the reason for the lack of systems is known when it has passed.
        this.takeTimeout = Stream.of(MAX_TAKE_TIMEOUT, limits.call(), systemWithin.dividedBy(2))
                .min(Comparator.naturalOrder())
                .get();
    }

    String name() {
        return name;
    }

    void start() {
        requester = Threads.startDaemon("ask-" + (number + 1), this::requestAll);
        taker = Threads.startDaemon("take-" + (number + 1), this::takeAll);
    }

    void ask(int count) {
        requests.add(() -> provision(count));
    }

    void forget() {
        requests.add(this::clear);
    }

    private void requestAll() {
        try {
            while (!isClosed() || !requests.isEmpty()) {
                requests.take().run();
            }
        } catch (InterruptedException e) {
            // Nothing interrupts this thread in normal operation: drop the remaining requests.
            Thread.currentThread().interrupt();
        }
    }

    private void provision(int count) {
        if (isClosed()) {
            return;
        }
        Guard.Result<Boolean> result = guard.call(
                Guard.Phase.WORK,
                name() + " (request for systems)",
                limits.call(),
                () -> {
                    provisioner.provision(count);
                    return true;
                },
                late -> runQuietly("could not clear a request that completed too late", provisioner::clear));
        // A closed provisioner throws IllegalStateException, but so may a bug: three in a row count as closed.
        boolean refused = result instanceof Guard.Result.Threw<Boolean>(IllegalStateException closed, String message);
        refusals = refused ? refusals + 1 : 0;
        if (result instanceof Guard.Result.Done) {
            addPending(count);
        } else if (refusals >= MAX_REFUSALS) {
            listener.exhausted(number, name() + " cannot be asked any more: " + result.problem(), true);
        } else {
            listener.notAsked(number, count, name() + " cannot be asked: " + result.problem());
        }
    }

    private void clear() {
        addPending(0);
        String problem =
                guard.run(Guard.Phase.RELEASE, name() + " (clearing of requests)", limits.call(), provisioner::clear);
        if (!problem.isEmpty()) {
            listener.problem(name() + " could not clear its pending requests: " + problem);
        }
    }

    /** Adds to the number of pending systems; 0 resets it. */
    private void addPending(int more) {
        lock.lock();
        try {
            pending = more == 0 ? 0 : pending + more;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    private void takeAll() {
        while (awaitRequest()) {
            take();
        }
    }

    private boolean awaitRequest() {
        lock.lock();
        try {
            while (pending == 0 && !closed) {
                changed.awaitUninterruptibly();
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    private void take() {
        CompletableFuture<Guard.Result<Offer>> result = new CompletableFuture<>();
        long begun = System.nanoTime();
        lock.lock();
        try {
            if (closed) {
                return;
            }
            // Under the lock, so that stop() either prevents the call or sees it and cancels it.
            taking = guard.start(
                    Guard.Phase.WORK,
                    name() + " (waiting for a system)",
                    takeTimeout.plus(limits.call()),
                    () -> provisioner.take(takeTimeout),
                    result::complete,
                    this::giveBackLate);
        } finally {
            lock.unlock();
        }
        if (result.join() instanceof Guard.Result.Done<Offer>(Offer offer)) {
            handle(offer);
            if (offer instanceof Offer.None) {
                pause(begun);
            }
        } else if (!isClosed()) {
            fulfilled();
            listener.failed(
                    number,
                    null,
                    "could not take a system from " + name() + ": "
                            + result.join().problem());
        }
    }

    @SuppressWarnings("NullAway") // user code may return null where it must not
    private void handle(@Nullable Offer offer) {
        switch (offer) {
            case null -> {
                fulfilled();
                listener.failed(number, null, name() + " offered null");
            }
            case Offer.Ready(Remote remote) -> {
                fulfilled();
                if (remote == null) {
                    listener.failed(number, null, name() + " offered null as a system");
                } else {
                    listener.arrived(number, remote);
                }
            }
            case Offer.Failed(var cause) -> {
                fulfilled();
                listener.failed(
                        number,
                        cause == null ? null : cause.host().orElse(null),
                        cause == null ? name() + " failed without a reason" : Throwables.describe(cause));
            }
            case Offer.Exhausted(String why) -> {
                addPending(0);
                listener.exhausted(number, why == null ? name() + " has no more systems" : why, false);
            }
            // The timeout of take() passed: the request is still pending.
            case Offer.None(String why) -> {
                if (why != null && !why.isEmpty()) {
                    listener.waiting(number, why);
                }
            }
        }
    }

    /** Waits until the next call of take() may begin: a provisioner may return before its timeout. */
    private void pause(long begun) {
        Duration interval = MIN_TAKE_INTERVAL.compareTo(takeTimeout) < 0 ? MIN_TAKE_INTERVAL : takeTimeout;
        lock.lock();
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            var unused = section.await(interval.toNanos() - (System.nanoTime() - begun), nanos -> {
                long left = nanos;
                while (left > 0 && !closed) {
                    left = changed.awaitNanos(left);
                }
                return closed;
            });
        } finally {
            lock.unlock();
        }
    }

    private void fulfilled() {
        lock.lock();
        try {
            pending = Math.max(0, pending - 1);
        } finally {
            lock.unlock();
        }
    }

    /** Closes a system that was returned by an abandoned call, on the thread of that call. */
    private void giveBackLate(@Nullable Offer offer) {
        if (offer instanceof Offer.Ready(Remote remote) && remote != null) {
            runQuietly("could not release a system that arrived too late", remote::close);
        }
    }

    private static void runQuietly(String problem, Runnable code) {
        try {
            code.run();
        } catch (Throwable e) {
            Throwables.warn(problem, e);
        }
    }

    /** Ends requesting and taking. */
    void stop() {
        lock.lock();
        try {
            closed = true;
            if (taking != null) {
                taking.cancel();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        // Wakes the requesting thread.
        requests.add(() -> {});
    }

    /** Waits for both threads to end after {@link #stop()}. Systems that the provisioner still has remain with it. */
    void awaitEnd() {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            Stream.of(taker, requester).filter(Objects::nonNull).forEach(section::join);
        }
    }
}
