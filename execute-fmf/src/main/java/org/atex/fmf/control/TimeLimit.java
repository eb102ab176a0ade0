package org.atex.fmf.control;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How long a test may still run, which the test itself can change while it runs. Thread-safe.
 *
 * <p>The argument of the control word {@code duration}: {@code 15m} sets a new limit and restarts the clock, {@code +60}
 * and {@code -60} move the end, {@code save} keeps what is left and {@code restore} puts it back; saves nest, and only
 * the outermost pair counts.
 */
public final class TimeLimit {
    private static final Duration FOREVER = Duration.ofDays(36500);

    /** Two numbers need something between them, be it a unit. */
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

    /** A century does not overflow. */
    private static long nanos(Duration duration) {
        return (duration.compareTo(FOREVER) > 0 ? FOREVER : duration).toNanos();
    }

    /**
     * {@return a duration as fmf writes it, or null if it is none; a number to multiply alone comes to nothing}
     *
     * @param text what is written
     * @see #parse(String, Duration)
     */
    public static @Nullable Duration parse(String text) {
        return parse(text, Duration.ZERO);
    }

    /**
     * {@return a duration as fmf writes it, rounded up to a second, or null if it is none: any number of times such as
     * {@code 90}, {@code 15m} or {@code 1h30m} in {@code s}, {@code m}, {@code h} or {@code d}, no unit meaning seconds, which
     * are added, and of numbers such as {@code *2} or {@code *1.5}, by which the sum is multiplied}
     *
     * @param text what is written
     * @param base what is multiplied if there is no time, or none but 0
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
        return seconds > FOREVER.toSeconds() ? FOREVER : Duration.ofSeconds((long) seconds);
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
