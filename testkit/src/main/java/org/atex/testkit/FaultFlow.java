package org.atex.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** One direction of a connection through a {@link FaultProxy}. */
final class FaultFlow {
    private final Fault.Direction direction;
    private final Socket from;
    private final Socket to;
    private final Runnable reset;
    private final LongConsumer received;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /**
     * Keeps garbage from being written in the middle of another write. It is taken last, after {@code lock} is
     * released, and guards no field.
     */
    private final ReentrantLock writing = new ReentrantLock();

    private @Nullable Fault fault;
    /** The bytes that still pass before the fault is applied; the maximum if there is no such fault. */
    private long left = Long.MAX_VALUE;

    private boolean ended;

    FaultFlow(Fault.Direction direction, Socket from, Socket to, Runnable reset, LongConsumer received) {
        this.direction = direction;
        this.from = from;
        this.to = to;
        this.reset = reset;
        this.received = received;
    }

    /** Replaces the faults. The count of bytes starts again. */
    void setFaults(List<Fault> faults) {
        lock.lock();
        try {
            fault = faults.stream().filter(this::appliesHere).findFirst().orElse(null);
            left = switch (fault) {
                case Fault.Reset(var unused, long after) -> after;
                case Fault.Stall(var unused, long after) -> after;
                case Fault.HalfClose(var unused, long after) -> after;
                case Fault.Garbage(var unused, long after, var count, var seed) -> after;
                case Fault.Silence() -> 0;
                case null, default -> Long.MAX_VALUE;
            };
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean appliesHere(Fault candidate) {
        return switch (candidate) {
            case Fault.Reset(var way, var after) -> way == direction;
            case Fault.Stall(var way, var after) -> way == direction;
            case Fault.HalfClose(var way, var after) -> way == direction;
            case Fault.Garbage(var way, var after, var count, var seed) -> way == direction;
            case Fault.Slow(var way, var rate) -> way == direction;
            case Fault.Silence() -> true;
            case Fault.Refuse() -> false;
        };
    }

    /** Applies the fault if its byte count is reached, even if no further byte arrives. */
    void applyIfDue() throws IOException, InterruptedException {
        Fault due;
        lock.lock();
        try {
            if (left > 0) {
                return;
            }
            due = fault;
            // A stall lasts until another fault is set; the others happen once.
            if (!(due instanceof Fault.Stall || due instanceof Fault.Silence)) {
                fault = null;
                left = Long.MAX_VALUE;
                ended |= due instanceof Fault.HalfClose;
            }
        } finally {
            lock.unlock();
        }
        // Without the lock, because writes block. The fault was cleared above, so it is applied only once.
        switch (due) {
            case Fault.Reset unused -> reset.run();
            case Fault.HalfClose unused -> to.shutdownOutput();
            case Fault.Garbage garbage -> {
                byte[] bytes = new byte[garbage.count()];
                new Random(garbage.seed()).nextBytes(bytes);
                write(bytes, 0, bytes.length);
            }
            case null, default -> {
                // a stall has no action of its own: the pump waits in awaitEndOfStall()
            }
        }
    }

    private void awaitEndOfStall() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (left == 0 && (fault instanceof Fault.Stall || fault instanceof Fault.Silence)) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Passes bytes on until the end of the stream, or until the connection breaks. */
    void pump() throws IOException, InterruptedException {
        byte[] buffer = new byte[16 << 10];
        InputStream in = from.getInputStream();
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            received.accept(count);
            int passed = 0;
            while (passed < count) {
                applyIfDue();
                awaitEndOfStall();
                passed += pass(buffer, passed, count - passed);
            }
            applyIfDue();
        }
        // The end of the stream is held back by a stall, as bytes are.
        awaitEndOfStall();
        if (!hasEnded()) {
            to.shutdownOutput();
        }
    }

    private int pass(byte[] buffer, int offset, int count) throws IOException, InterruptedException {
        int now;
        boolean lost;
        Fault current;
        lock.lock();
        try {
            // After a half-close, bytes are read and dropped: the sender must not block or see an error.
            lost = ended;
            current = fault;
            now = (int) Math.min(count, left);
            if (current instanceof Fault.Slow(var unused, int rate)) {
                // Pieces of 50 ms, so that the rate is even and a change of faults takes effect soon.
                now = Math.min(now, Math.max(1, rate / 20));
            }
            if (left != Long.MAX_VALUE) {
                left -= now;
            }
        } finally {
            lock.unlock();
        }
        if (!lost) {
            write(buffer, offset, now);
        }
        if (current instanceof Fault.Slow(var unused, int rate)) {
            throttle(current, now * 1_000_000_000L / rate);
        }
        return now;
    }

    private void throttle(Fault slow, long time) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = time;
            while (nanos > 0 && slow.equals(fault)) {
                nanos = changed.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean hasEnded() {
        lock.lock();
        try {
            return ended;
        } finally {
            lock.unlock();
        }
    }

    private void write(byte[] bytes, int offset, int count) throws IOException, InterruptedException {
        writing.lockInterruptibly();
        try {
            OutputStream out = to.getOutputStream();
            out.write(bytes, offset, count);
        } finally {
            writing.unlock();
        }
    }
}
