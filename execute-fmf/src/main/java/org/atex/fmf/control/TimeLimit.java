package org.atex.fmf.control;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How long a test may still run, which the test itself can change while it runs. Thread-safe.
 *
 * <p>The argument of the control word {@code duration}: {@code 15m} sets a new limit and restarts the clock, {@code +60}
 * and {@code -60} move the end, {@code save} keeps what is left and {@code restore} puts it back; saves nest, and only
 * the outermost pair counts.
 */
public final class TimeLimit {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final LongSupplier nanoTime;
    private Duration limit;
    private long end;
    private @Nullable Duration saved;
    private int depth;

    /**
     * Starts the clock.
     *
     * @param limit how long from now
     */
    public TimeLimit(Duration limit) {
        this(limit, System::nanoTime);
    }

    TimeLimit(Duration limit, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.limit = limit;
        this.end = nanoTime.getAsLong() + nanos(limit);
    }

    /** {@return what is left; negative when it has passed} */
    public Duration left() {
        lock.lock();
        try {
            return Duration.ofNanos(end - nanoTime.getAsLong());
        } finally {
            lock.unlock();
        }
    }

    /** {@return the limit as it was last set, for messages} */
    public Duration limit() {
        lock.lock();
        try {
            return limit;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until it has passed, however often it is changed meanwhile.
     *
     * @throws InterruptedException if interrupted
     */
    public void await() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            for (long left; (left = end - nanoTime.getAsLong()) > 0; ) {
                long unused = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Changes it as the test asks.
     *
     * @param argument what the test wrote behind {@code duration}
     * @throws ProtocolException if that means nothing
     */
    public void change(String argument) throws ProtocolException {
        lock.lock();
        try {
            switch (argument) {
                case "save" -> save();
                case "restore" -> restore();
                default -> set(argument);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void save() {
        if (depth++ == 0) {
            saved = Duration.ofNanos(end - nanoTime.getAsLong());
        }
    }

    private void restore() throws ProtocolException {
        if (depth == 0 || saved == null) {
            throw new ProtocolException("'duration restore' without a 'duration save' before it");
        }
        if (--depth == 0) {
            end = nanoTime.getAsLong() + nanos(saved);
        }
    }

    private void set(String argument) throws ProtocolException {
        boolean later = argument.startsWith("+");
        boolean sooner = argument.startsWith("-");
        Duration duration = parse(later || sooner ? argument.substring(1) : argument);
        if (duration == null) {
            throw new ProtocolException(
                    "'duration' takes a time such as 15m, +60 or -60, or save or restore, but got '" + argument + "'");
        }
        if (later || sooner) {
            long change = later ? nanos(duration) : -nanos(duration);
            end += change;
            limit = limit.plusNanos(change);
        } else {
            end = nanoTime.getAsLong() + nanos(duration);
            limit = duration;
        }
    }

    /** A century is for ever, and does not overflow. */
    private static long nanos(Duration duration) {
        Duration century = Duration.ofDays(36500);
        return (duration.compareTo(century) > 0 ? century : duration).toNanos();
    }

    /**
     * {@return a duration as fmf writes it, or null if it is none: digits and an optional {@code s}, {@code m}, {@code h}
     * or {@code d}, no unit meaning seconds; or a sum of those, such as {@code 1h 30m}}
     *
     * @param text what is written
     */
    public static @Nullable Duration parse(String text) {
        Duration sum = Duration.ZERO;
        for (String part : text.strip().split("\\s+", -1)) {
            Duration one = parseOne(part);
            if (one == null) {
                return null;
            }
            sum = sum.plus(one);
        }
        return sum;
    }

    private static @Nullable Duration parseOne(String text) {
        if (!text.matches("[0-9]{1,9}[smhd]?")) {
            return null;
        }
        char unit = text.charAt(text.length() - 1);
        boolean bare = Character.isDigit(unit);
        long number = Long.parseLong(bare ? text : text.substring(0, text.length() - 1));
        return switch (unit) {
            case 'm' -> Duration.ofMinutes(number);
            case 'h' -> Duration.ofHours(number);
            case 'd' -> Duration.ofDays(number);
            default -> Duration.ofSeconds(number);
        };
    }
}
