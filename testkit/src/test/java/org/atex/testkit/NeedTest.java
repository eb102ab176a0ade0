package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.atex.api.Need;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NeedTest {
    @ParameterizedTest
    @CsvSource({
        "4, 4, true",
        "4, 16, true",
        "4, 3, false",
        "9.4, 9.10, true",
        "9.4, 9, false",
        "9, 9.0, true",
        "4 GiB, 4096 MiB, true",
        "4GiB, 4.0 GB, false",
        "4 GB, 4 GiB, true",
        "1000 B, 1 kB, true",
        "0.5 TiB, 512GiB, true",
        "4 GiB, 4, false",
        "4, 4 GiB, false",
        "4, many, false",
        "4, 4 GiX, false"
    })
    void minimumIsComparedByMagnitude(String minimum, String value, boolean met) {
        Need need = Need.atLeast("label", minimum);
        assertThat(need.isMetBy(Map.of("label", value))).isEqualTo(met);
        assertThat(need.isRuledOutBy(Map.of("label", value))).isEqualTo(!met);
        assertThat(need.isMetBy(Map.of())).as("without the label").isFalse();
        assertThat(need).hasToString("label>=" + minimum);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "much", "-4", "4 G", "4 gib", "4..1", "1e9"})
    void minimumMustHaveAMagnitude(String minimum) {
        assertThatThrownBy(() -> Need.atLeast("memory", minimum))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("memory")
                .hasMessageContaining("'" + minimum + "'");
    }

    @Test
    void valuesAreAlternatives() {
        Need need = Need.of("arch", "x86_64", "aarch64");
        assertThat(need.isMetBy(Map.of("arch", "aarch64"))).isTrue();
        assertThat(need.isMetBy(Map.of("arch", "s390x"))).isFalse();
        assertThat(need).hasToString("arch=aarch64|x86_64");
    }
}
