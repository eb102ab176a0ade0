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
    void aChangeMovesTheEnd() throws ProtocolException {
        pass(Duration.ofMinutes(1));
        limit.change("+60");
        assertThat(limit.left()).isEqualTo(Duration.ofMinutes(5));
        limit.change("-2m");
        assertThat(limit.left()).isEqualTo(Duration.ofMinutes(3));
        assertThat(limit.limit()).isEqualTo(Duration.ofMinutes(4));
    }

    @Test
    void onlyTheOutermostSaveAndRestoreHaveAnEffect() throws ProtocolException {
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
    @CsvSource({
        "90,90", "5s,5", "15m,900", "1h 30m,5400", "2d,172800", "1h  1m 1s,3661", "0,300", "1h30m,5400", "30 m,1800",
        "5m *2,600", "5m*2,600", "5m  * 2,600", "*2,600", "*2 5m,600", "*2*3 1m,360", "5m *1.5,450", "7 *1.5,11",
                "*0.5 3,2",
        "5 m 3 s,303", "5m5,305", "10 20,30", "1 h30,3630", "5m 2*3,906", "1 2m 4,125", "5*15,75", "5*1.5 3m,278"
    })
    void readsDurationsAsTmtDoes(String text, int seconds) {
        assertThat(TimeLimit.parse(text, Duration.ofMinutes(5))).isEqualTo(Duration.ofSeconds(seconds));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", " ", "m", "1.5h", "-5", "1w", "+5", "１", "0.5", "5*", "**2", "*2m", "10*", "5mm", "5m*", "5m*.5",
                "5ms", "5 *1.5s"
            })
    void rejectsMalformedDurations(String text) {
        assertThat(TimeLimit.parse(text)).isNull();
        assertThatThrownBy(() -> limit.change("!" + text)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void doesNotOverflow() throws ProtocolException {
        limit.change("999999999d");
        assertThat(limit.left()).isGreaterThan(Duration.ofDays(30_000));
    }
}
