package org.atex.fmf.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimeLimitTest {
    private final AtomicLong clock = new AtomicLong();
    private final TimeLimit limit = new TimeLimit(Duration.ofMinutes(5), clock::get);

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    @Test
    void aNewLimitRestartsTheClock() throws ProtocolException {
        pass(Duration.ofMinutes(4));
        limit.change("15m");
        assertThat(limit.left()).isEqualTo(Duration.ofMinutes(15));
        assertThat(limit.limit()).isEqualTo(Duration.ofMinutes(15));
    }

    @Test
    void aChangeMovesTheEndOnly() throws ProtocolException {
        pass(Duration.ofMinutes(1));
        limit.change("+60");
        assertThat(limit.left()).isEqualTo(Duration.ofMinutes(5));
        limit.change("-2m");
        assertThat(limit.left()).isEqualTo(Duration.ofMinutes(3));
        assertThat(limit.limit()).isEqualTo(Duration.ofMinutes(4));
    }

    @Test
    void onlyTheOutermostSaveAndRestoreCount() throws ProtocolException {
        pass(Duration.ofMinutes(1));
        limit.change("save");
        pass(Duration.ofMinutes(1));
        limit.change("save");
        pass(Duration.ofMinutes(1));
        limit.change("restore");
        assertThat(limit.left()).isEqualTo(Duration.ofMinutes(2));
        limit.change("restore");
        assertThat(limit.left()).isEqualTo(Duration.ofMinutes(4));
    }

    @Test
    void aRestoreNeedsASave() {
        assertThatThrownBy(() -> limit.change("restore"))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("save");
    }

    @ParameterizedTest
    @CsvSource({"90,PT1M30S", "5s,PT5S", "15m,PT15M", "1h 30m,PT1H30M", "2d,PT48H", "1h  1m 1s,PT1H1M1S", "0,PT0S"})
    void readsDurationsAsFmfWritesThem(String text, Duration duration) {
        assertThat(TimeLimit.parse(text)).isEqualTo(duration);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "m", "1.5h", "-5", "5 m", "1w", "+5", "1h30m", "１"})
    void refusesWhatIsNoDuration(String text) {
        assertThat(TimeLimit.parse(text)).isNull();
        assertThatThrownBy(() -> limit.change("!" + text)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void doesNotOverflow() throws ProtocolException {
        limit.change("999999999d");
        assertThat(limit.left()).isGreaterThan(Duration.ofDays(30_000));
    }
}
