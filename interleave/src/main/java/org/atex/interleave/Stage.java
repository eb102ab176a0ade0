package org.atex.interleave;

import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.atex.api.AtexException;
import org.atex.support.Deadline;
import org.jspecify.annotations.Nullable;

/**
 * Actors of which at most one moves: from the point where it is parked to the next one where it has to stop, or to its
 * end. An actor that has not started counts as parked at its start. Thread-safe.
 *
 * <p>One lock guards the state. It is not held while code of actors runs.
 */
final class Stage {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Seat> seats = new ArrayList<>();
    private final Rule rule;
    private final Patience patience;
    private final List<History.Entry> history = new ArrayList<>();

    /** Failures that no call has thrown. */
    private final List<AtexException> failures = new ArrayList<>();

    /** The reason why no actor may move any more. */
    private @Nullable Exception broken;

    private boolean closed;

    Stage(List<? extends Actor> actors, Rule rule, Patience patience) {
        this.rule = rule;
        this.patience = patience;
        actors.forEach(actor -> seats.add(new Seat(actor)));
    }

    /**
     * Lets an actor pass the point where it is parked, and waits until it is parked at the next one or has ended. For one
     * thread at a time.
     *
     * @param index the number of the actor, which has not ended
     * @throws InterruptedException if interrupted; then no actor moves any more, unless it was pending before
     * @throws AtexException if this actor, or another one at the same time, fails
     * @throws IllegalStateException if the stage is closed, before or meanwhile, or if an earlier move failed
     */
    void move(int index) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            checkMovable();
            Seat seat = seats.get(index);
            seat.release();
            awaitStop(seat);
            throwFailures();
            if (closed) {
                throw new IllegalStateException("could not wait for " + seat.name() + ": closed by another thread");
            }
        } catch (InterruptedException e) {
            broken = broken == null ? e : broken;
            throw e;
        } finally {
            lock.unlock();
        }
    }

    private void checkMovable() {
        throwFailures();
        if (closed) {
            throw new IllegalStateException("could not let an actor go on: the interleaving is closed");
        }
        if (broken != null) {
            throw new IllegalStateException("could not let an actor go on after an earlier failure: " + broken, broken);
        }
    }

    private void awaitStop(Seat seat) throws InterruptedException {
        Watch watch = new Watch(patience, seat.actor);
        while (seat.state == State.MOVING && broken == null && !closed) {
            long nanos = watch.nanosToNextLook();
            if (nanos > 0) {
                var unused = changed.awaitNanos(nanos);
            } else {
                watch.look(this::parkedAt, rule.next(seat.name()))
                        .map(reason -> stuck(seat, reason))
                        .ifPresent(this::fail);
            }
        }
    }

    /** {@return the point at which a thread is parked} */
    private Optional<Point> parkedAt(long thread) {
        return seats.stream()
                .filter(seat -> seat.state == State.PARKED && seat.parkedThread == thread)
                .map(seat -> seat.place)
                .findFirst();
    }

    private StuckActorException stuck(Seat seat, String reason) {
        return new StuckActorException("could not wait for " + seat.name() + " any longer: it " + reason
                + "; let actors that it waits for pass earlier, or allow more time" + places());
    }

    private void fail(AtexException failure) {
        failures.add(failure);
        broken = broken == null ? failure : broken;
        changed.signalAll();
    }

    private void throwFailures() {
        if (!failures.isEmpty()) {
            AtexException first = failures.removeFirst();
            failures.forEach(first::addSuppressed);
            failures.clear();
            throw first;
        }
    }

    /**
     * Interrupts all actors that have not ended, and waits for their end for {@link Patience#end}. Further calls do
     * nothing.
     *
     * @throws AtexException if an actor does not end, or if there are failures that no call has thrown
     */
    void close() {
        List<Seat> started;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            started = seats.stream().filter(seat -> seat.state != State.NEW).toList();
            started.forEach(Seat::cancel);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        Deadline deadline = Deadline.in(patience.end());
        List<Seat> left = started.stream()
                .filter(seat -> !seat.actor.awaitEnd(deadline.left()))
                .toList();
        lock.lock();
        try {
            if (!left.isEmpty()) {
                String names = left.stream().map(Seat::name).collect(Collectors.joining(", "));
                fail(new StuckActorException("could not end " + names + " within " + Patience.text(patience.end())
                        + " of an interrupt; let its code end when it is interrupted" + places()));
            }
            throwFailures();
        } finally {
            lock.unlock();
        }
    }

    /** Closes the stage after another failure, to which those of this method are added. */
    void closeAfter(Throwable failure) {
        try {
            close();
        } catch (AtexException e) {
            failure.addSuppressed(e);
        }
    }

    /** {@return the numbers of the actors that have not ended} */
    BitSet live() {
        lock.lock();
        try {
            BitSet live = new BitSet();
            for (int i = 0; i < seats.size(); i++) {
                live.set(i, seats.get(i).state != State.ENDED);
            }
            return live;
        } finally {
            lock.unlock();
        }
    }

    /** {@return the points at which actors are parked} */
    List<Point> parked() {
        lock.lock();
        try {
            return seats.stream()
                    .filter(seat -> seat.state == State.NEW || seat.state == State.PARKED)
                    .map(seat -> seat.place)
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    History history() {
        lock.lock();
        try {
            return new History(history);
        } finally {
            lock.unlock();
        }
    }

    /** {@return a line for each actor, with the stacks or the outputs of running ones} */
    private String places() {
        return seats.stream().map(Seat::describe).collect(Collectors.joining());
    }

    private enum State {
        NEW,
        MOVING,
        PARKED,
        ENDED
    }

    /** A stop of one thread at one point. */
    private static final class Stop {
        private boolean released;
    }

    /** An actor and its state, which the lock of the stage guards. */
    private final class Seat implements Gate {
        private final Actor actor;
        private final Condition released = lock.newCondition();
        private State state = State.NEW;
        /** The point where it is parked, or was parked last. */
        private Point place;

        private Stop stop = new Stop();
        private long parkedThread = Activity.UNKNOWN;
        private long movingSince;

        Seat(Actor actor) {
            this.actor = actor;
            this.place = new Point(actor.name(), Point.START);
        }

        String name() {
            return actor.name();
        }

        void release() {
            boolean starts = state == State.NEW;
            boolean planned = rule.expects(place);
            history.add(new History.Entry(place, planned));
            if (planned) {
                rule.passed(place);
            }
            state = State.MOVING;
            movingSince = System.nanoTime();
            stop.released = true;
            released.signalAll();
            if (starts) {
                start();
            }
        }

        private void start() {
            try {
                actor.start(this);
            } catch (Throwable e) {
                // An OutOfMemoryError, if the machine allows no more threads.
                ended(e);
            }
        }

        void cancel() {
            released.signalAll();
            if (state != State.ENDED) {
                actor.interrupt();
            }
        }

        @Override
        public void reach(String checkpoint) throws InterruptedException {
            Point point = new Point(name(), checkpoint);
            lock.lock();
            try {
                if (mustStop(point)) {
                    stopAt(point);
                } else {
                    history.add(new History.Entry(point, false));
                }
            } finally {
                lock.unlock();
            }
        }

        private boolean mustStop(Point point) {
            if (broken != null || closed) {
                return true;
            }
            try {
                if (state == State.PARKED && rule.expects(point)) {
                    throw new OrderException("could not keep the order: another thread of " + name() + " reached "
                            + point + " while " + name() + " was parked at " + place
                            + "; make the thread an actor of its own");
                }
                return state == State.MOVING && rule.stopsAt(point);
            } catch (OrderException e) {
                fail(e);
                return true;
            }
        }

        private void stopAt(Point point) throws InterruptedException {
            Stop mine = new Stop();
            if (state == State.MOVING && !closed) {
                state = State.PARKED;
                place = point;
                parkedThread = Thread.currentThread().threadId();
                stop = mine;
                changed.signalAll();
            }
            while (!mine.released && !closed) {
                released.awaitUninterruptibly();
            }
            if (closed) {
                state = state == State.PARKED ? State.MOVING : state;
                throw new InterruptedException("could not pass " + point + ": the interleaving is closed");
            }
        }

        @Override
        public void ended(@Nullable Throwable failure) {
            lock.lock();
            try {
                if (failure != null && !(closed && isCancellation(failure))) {
                    String where = state == State.PARKED ? "while it was parked at " + place : "after " + last();
                    fail(new ActorFailedException(name(), where, failure));
                } else if (state == State.PARKED && !closed) {
                    fail(new OrderException("could not keep the order: " + name() + " ended while another of its"
                            + " threads or processes was parked at " + place + "; let it wait for it"));
                }
                state = State.ENDED;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        /** {@return the point that it has passed last, or its start} */
        private Point last() {
            return history.stream()
                    .map(History.Entry::point)
                    .filter(point -> point.actor().equals(name()))
                    .reduce(place, (earlier, later) -> later);
        }

        /** {@return a line for messages, with the stack or the output of a running actor} */
        String describe() {
            return "\n  " + name() + ": "
                    + switch (state) {
                        case NEW -> "parked at " + place;
                        case PARKED -> "parked at " + place;
                        case ENDED -> "ended";
                        case MOVING -> describe(actor.activity());
                    };
        }

        private String describe(Activity activity) {
            return "running for " + Patience.text(Duration.ofNanos(System.nanoTime() - movingSince)) + " after "
                    + last() + ", " + activity.state() + Activity.text(activity.details());
        }
    }

    private static boolean isCancellation(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < 20; depth++) {
            if (cause instanceof InterruptedException
                    || cause instanceof CancellationException
                    || cause instanceof ClosedByInterruptException
                    || cause instanceof InterruptedIOException) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }
}
