package org.atex.fmf.control;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The time limit of a test, which the test can change while it runs. Thread-safe.
 *
 * <p>Changes are the arguments of the control word {@code duration}: {@code 15m} sets a new limit and restarts the
 * clock, {@code +60} and {@code -60} move the end by 60 seconds, {@code save} saves the remaining time, and {@code
 * restore} restores it. Saves can be nested; only the outermost pair has an effect.
 */
public final class TimeLimit {
    /** The longest limit, a century. Its nanoseconds do not overflow a long. */
    private static final Duration MAX = Duration.ofDays(36500);

    /** A time or a factor. The lookahead refuses two numbers without a separator or unit between them. */
    private static final Pattern PART = Pattern.compile(
            "\\G(?:\\*\\s*(?<factor>[0-9]{1,9}(?:\\.[0-9]{1,9})?)|(?<number>[0-9]{1,9})(?![0-9])\\s*(?<unit>[smhd])?)"
                    + "(?=\\s|\\*|$|(?<=[smhd])[0-9])\\s*");

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final LongSupplier nanoTime;
    private Duration limit;
    private long end;
    private @Nullable Duration saved;
    private int depth;

    /**
     * Creates a limit and starts the clock.
     *
     * @param limit the time from now
     */
    public TimeLimit(Duration limit) {
        this(limit, System::nanoTime);
    }

    TimeLimit(Duration limit, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.limit = limit;
        this.end = nanoTime.getAsLong() + nanos(limit);
    }

    /** {@return the remaining time; negative if the limit has passed} */
    public Duration left() {
        lock.lock();
        try {
            return Duration.ofNanos(end - nanoTime.getAsLong());
        } finally {
            lock.unlock();
        }
    }

    /** {@return the limit with all changes, for messages} */
    public Duration limit() {
        lock.lock();
        try {
            return limit;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until the limit has passed. Changes during the wait are respected.
     *
     * @throws InterruptedException if interrupted
     */
    public void await() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            // Compute the remaining time anew after each signal, as the end may have moved in either direction.
            for (long left; (left = end - nanoTime.getAsLong()) > 0; ) {
                long unused = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Changes the limit.
     *
     * @param argument the argument of the control word {@code duration}
     * @throws ProtocolException if the argument is malformed, or {@code restore} has no matching {@code save}
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

    private static long nanos(Duration duration) {
        return (duration.compareTo(MAX) > 0 ? MAX : duration).toNanos();
    }

    /**
     * Parses a duration of fmf metadata. A factor without a time yields zero.
     *
     * @param text the text
     * @return the duration, or null if the text is not a duration
     * @see #parse(String, Duration)
     */
    public static @Nullable Duration parse(String text) {
        return parse(text, Duration.ZERO);
    }

    /**
     * Parses a duration of fmf metadata. The text consists of times such as {@code 90}, {@code 15m} or {@code 1h30m}
     * with the units {@code s}, {@code m}, {@code h} and {@code d} (no unit means seconds), and of factors such as
     * {@code *2} or {@code *1.5}. The times are added, the sum is multiplied by all factors, and the result is rounded
     * up to a second.
     *
     * @param text the text
     * @param base the duration to multiply if there is no time, or if the times add up to 0
     * @return the duration, or null if the text is not a duration
     */
    public static @Nullable Duration parse(String text, Duration base) {
        Matcher parts = PART.matcher(text.strip());
        Duration sum = Duration.ZERO;
        double factor = 1;
        int end = 0;
        while (parts.find()) {
            end = parts.end();
            if (parts.group("factor") != null) {
                factor *= Double.parseDouble(parts.group("factor"));
            } else {
                sum = sum.plus(time(Long.parseLong(parts.group("number")), parts.group("unit")));
            }
        }
        if (end == 0 || end < text.strip().length()) {
            return null;
        }
        double seconds = Math.ceil((sum.isZero() ? base : sum).toSeconds() * factor);
        return seconds > MAX.toSeconds() ? MAX : Duration.ofSeconds((long) seconds);
    }

    private static Duration time(long number, @Nullable String unit) {
        return switch (unit) {
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            case "d" -> Duration.ofDays(number);
            case null, default -> Duration.ofSeconds(number);
        };
    }
}
