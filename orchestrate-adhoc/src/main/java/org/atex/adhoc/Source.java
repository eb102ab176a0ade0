package org.atex.adhoc;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.jspecify.annotations.Nullable;

/**
 * Asks one provisioner for systems, in the order of the wishes, and takes systems from it for as long as some are wanted:
 * each on a thread of its own, and every call under the {@link Guard}.
 */
final class Source {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int REFUSALS_OF_A_CLOSED_ONE = 3;

    /** What a source tells of. Called from its threads; must not block. */
    interface Listener {
        void arrived(int provisioner, Remote remote);

        void failed(int provisioner, @Nullable String host, String why);

        void notAsked(int provisioner, int count, String why);

        void exhausted(int provisioner, String why, boolean forGood);

        void problem(String what);
    }

    private final int number;
    private final String name;
    private final Provisioner provisioner;
    private final Guard guard;
    private final Limits limits;
    private final Listener listener;
    private final Duration patience;
    private final BlockingQueue<Runnable> wishes = new LinkedBlockingQueue<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by the lock.
    private int wanted;
    private boolean closed;
    private Guard.@Nullable Call<Offer> taking;

    private int refusals; // the asker's
    private @Nullable Thread asker;
    private @Nullable Thread taker;

    Source(int number, String name, Provisioner provisioner, Guard guard, Limits limits, Listener listener) {
        this.number = number;
        this.name = name;
        this.provisioner = provisioner;
        this.guard = guard;
        this.limits = limits;
        this.listener = listener;
        this.patience = PATIENCE.compareTo(limits.call()) < 0 ? PATIENCE : limits.call();
    }

    String name() {
        return name;
    }

    void start() {
        asker = Threads.start("ask-" + (number + 1), this::askAll);
        taker = Threads.start("take-" + (number + 1), this::takeAll);
    }

    void ask(int count) {
        wishes.add(() -> provision(count));
    }

    void forget() {
        wishes.add(this::clear);
    }

    private void askAll() {
        try {
            while (!isClosed() || !wishes.isEmpty()) {
                wishes.take().run();
            }
        } catch (InterruptedException e) {
            // Only a mistake interrupts it: what was wished for is not asked for any more.
            Thread.currentThread().interrupt();
        }
    }

    private void provision(int count) {
        if (isClosed()) {
            return;
        }
        Guard.Result<Boolean> result = guard.call(
                Guard.Phase.WORK,
                name() + ", which is asked for systems,",
                limits.call(),
                () -> {
                    provisioner.provision(count);
                    return true;
                },
                late -> quietly("a wish that came too late could not be forgotten", provisioner::clear));
        // A closed provisioner throws that, and so may a mistake: it is closed if it goes on like this.
        boolean refused = result instanceof Guard.Result.Threw<Boolean>(IllegalStateException closed, String words);
        refusals = refused ? refusals + 1 : 0;
        if (result instanceof Guard.Result.Done) {
            want(count);
        } else if (refusals >= REFUSALS_OF_A_CLOSED_ONE) {
            listener.exhausted(number, name() + " cannot be asked any more: " + result.problem(), true);
        } else {
            listener.notAsked(number, count, name() + " cannot be asked: " + result.problem());
        }
    }

    private void clear() {
        want(0);
        String problem = guard.run(
                Guard.Phase.RELEASE, name() + ", which is to forget wishes,", limits.call(), provisioner::clear);
        if (!problem.isEmpty()) {
            listener.problem(name() + " could not forget what it was asked for: " + problem);
        }
    }

    /** Notes how many more are wanted; 0 sets them back to none. */
    private void want(int more) {
        lock.lock();
        try {
            wanted = more == 0 ? 0 : wanted + more;
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
        while (awaitWish()) {
            take();
        }
    }

    private boolean awaitWish() {
        lock.lock();
        try {
            while (wanted == 0 && !closed) {
                changed.awaitUninterruptibly();
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    private void take() {
        CompletableFuture<Guard.Result<Offer>> result = new CompletableFuture<>();
        lock.lock();
        try {
            if (closed) {
                return;
            }
            taking = guard.start(
                    Guard.Phase.WORK,
                    name() + ", from which systems are taken,",
                    patience.plus(limits.call()),
                    () -> provisioner.take(patience),
                    result::complete,
                    this::giveBackLate);
        } finally {
            lock.unlock();
        }
        if (result.join() instanceof Guard.Result.Done<Offer>(Offer offer)) {
            took(offer);
        } else if (!isClosed()) {
            fulfilled();
            listener.failed(
                    number,
                    null,
                    "nothing could be taken from " + name() + ": "
                            + result.join().problem());
        }
    }

    @SuppressWarnings("NullAway") // user code may return null where it must not
    private void took(@Nullable Offer offer) {
        switch (offer) {
            case null -> {
                fulfilled();
                listener.failed(number, null, name() + " offered null");
            }
            case Offer.Ready(Remote remote) -> {
                fulfilled();
                if (remote == null) {
                    listener.failed(number, null, name() + " offered a system that is null");
                } else {
                    listener.arrived(number, remote);
                }
            }
            case Offer.Failed(var cause) -> {
                fulfilled();
                listener.failed(
                        number,
                        cause == null ? null : cause.host().orElse(null),
                        cause == null ? name() + " failed without a reason" : Words.of(cause));
            }
            case Offer.Exhausted(String why) -> {
                want(0);
                listener.exhausted(number, why == null ? name() + " has no more systems" : why, false);
            }
            case Offer.None() -> {}
        }
    }

    private void fulfilled() {
        lock.lock();
        try {
            wanted = Math.max(0, wanted - 1);
        } finally {
            lock.unlock();
        }
    }

    /** What a call brings after it was given up is closed where it came: nothing else waits for that thread. */
    private void giveBackLate(@Nullable Offer offer) {
        if (offer instanceof Offer.Ready(Remote remote) && remote != null) {
            quietly("a system that came too late could not be given back", remote::close);
        }
    }

    private static void quietly(String problem, Runnable code) {
        try {
            code.run();
        } catch (Throwable e) {
            Words.warn(problem, e);
        }
    }

    /** Takes nothing more, and asks for nothing more. */
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
        wishes.add(() -> {});
    }

    /** Waits for the end after {@link #stop()}. What the provisioner still has is its own business. */
    void awaitEnd() {
        join(taker);
        join(asker);
    }

    private static void join(@Nullable Thread thread) {
        boolean interrupted = false;
        while (thread != null && thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
