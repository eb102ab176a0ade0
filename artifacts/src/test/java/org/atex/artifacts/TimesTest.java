package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimesTest {
    @Test
    void timesAreReadAsTheJdkReadsThem() {
        Times times = new Times();
        Random random = new Random(7);
        int[] units = {1, 1000, 1_000_000, 1_000_000_000};
        for (int i = 0; i < 10_000; i++) {
            long unit = units[i % units.length];
            long seconds = i % 5 == 0 ? random.nextLong(-1L << 35, 1L << 35) : random.nextLong(1L << 31);
            long nanos = random.nextInt(1_000_000_000) / unit * unit;
            Instant instant = Instant.ofEpochSecond(seconds, nanos);
            assertThat(times.instant(instant.toString())).isEqualTo(instant);
            Duration duration = Duration.ofSeconds(seconds % 1_000_000, nanos);
            assertThat(Times.duration(duration.toString())).isEqualTo(duration);
        }
        assertThat(new Times().instant(Instant.MAX.toString())).isEqualTo(Instant.MAX);
        assertThat(new Times().instant("2026-11-28T10:00:00+01:00")).isEqualTo(Instant.parse("2026-11-28T09:00:00Z"));
        assertThat(Times.duration("P1DT2H")).isEqualTo(Duration.ofHours(26));
        assertThat(Times.duration("PT-1.5S")).isEqualTo(Duration.ofMillis(-1500));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Z",
                "PTS",
                "PT1.S",
                "PT.S",
                "PT1.0000000000S",
                "PT",
                "PT1",
                "PT1M2H",
                "PT1S2S",
                "PTHMS",
                "PT1H.5S",
                "PT1.5M",
                "2026-13-28T09:38:49Z",
                "2026-11-28T09:38:49x1Z",
                "2026-11-28T09:38:49.1234567890Z",
                "2026-02-30T09:38:49Z",
                "2026-11-28T09:38:49"
            })
    void otherTextIsInvalid(String text) {
        assertThatThrownBy(() -> new Times().instant(text)).isInstanceOf(DateTimeException.class);
        Throwable ofJdk = catchThrowable(() -> Duration.parse(text));
        Throwable ours = catchThrowable(() -> Times.duration(text));
        assertThat(ours == null).as("refused as by the JDK").isEqualTo(ofJdk == null);
    }
}
