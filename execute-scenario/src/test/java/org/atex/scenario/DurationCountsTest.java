package org.atex.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class DurationCountsTest {
    @Property(tries = 2000, seed = "17")
    void minimumMedianAndMaximumAreThoseOfASortedList(@ForAll long seed) {
        Random random = new Random(seed);
        long[] values = LongStream.generate(() -> random.nextLong() >>> 1 + random.nextInt(63))
                .limit(1 + random.nextInt(200))
                .toArray();
        DurationCounts counts = new DurationCounts();
        assertThat(counts.isEmpty()).isTrue();
        LongStream.of(values).forEach(counts::add);
        long[] sorted = LongStream.of(values).sorted().toArray();
        long median = sorted[(sorted.length - 1) / 2];
        assertThat(counts.min().toNanos()).isEqualTo(sorted[0]);
        assertThat(counts.max().toNanos()).isEqualTo(sorted[sorted.length - 1]);
        assertThat(Math.abs(counts.median().toNanos() - median))
                .as("the error of the median %d", median)
                .isLessThanOrEqualTo(median / 50);
    }
}
