package org.atex.scenario;

import java.time.Duration;

/**
 * Counts durations in constant memory. The minimum and the maximum are exact, the median differs by less than 2 %. Not
 * thread-safe.
 */
final class DurationCounts {
    /** Each power of two has this number of buckets, as a power of two: a bucket is at most 1/32 of its values wide. */
    private static final int BITS = 5;

    private static final int PER_POWER = 1 << BITS;

    private final long[] buckets = new long[(Long.SIZE - BITS) * PER_POWER];
    private long count;
    private long min = Long.MAX_VALUE;
    private long max;

    void add(long nanos) {
        long time = Math.max(0, nanos);
        buckets[bucket(time)]++;
        count++;
        min = Math.min(min, time);
        max = Math.max(max, time);
    }

    boolean isEmpty() {
        return count == 0;
    }

    Duration min() {
        return Duration.ofNanos(min);
    }

    Duration max() {
        return Duration.ofNanos(max);
    }

    /** {@return the median; the lower one of the two in the middle of an even number} */
    Duration median() {
        long left = (count + 1) / 2;
        int bucket = 0;
        while (left > buckets[bucket]) {
            left -= buckets[bucket];
            bucket++;
        }
        return Duration.ofNanos(Math.clamp(middle(bucket), min, max));
    }

    private static int bucket(long nanos) {
        if (nanos < PER_POWER) {
            return (int) nanos;
        }
        int shift = Long.SIZE - 1 - BITS - Long.numberOfLeadingZeros(nanos);
        return (shift + 1) * PER_POWER + (int) (nanos >> shift) - PER_POWER;
    }

    private static long middle(int bucket) {
        if (bucket < PER_POWER) {
            return bucket;
        }
        int shift = bucket / PER_POWER - 1;
        long start = (long) (bucket % PER_POWER + PER_POWER) << shift;
        return start + (1L << shift) / 2;
    }
}
