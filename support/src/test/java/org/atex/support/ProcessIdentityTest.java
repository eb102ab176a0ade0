package org.atex.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcessIdentityTest {
    private static final ProcessIdentity CURRENT = ProcessIdentity.current();

    @Test
    void processThatRunsHasNotEnded() {
        assertThat(CURRENT.toString()).matches(ProcessIdentity.PATTERN);
        assertThat(ProcessIdentity.hasEnded(CURRENT.toString())).isFalse();
    }

    @Test
    void processWithTheIdOfAnEarlierOneIsAnotherOne() {
        ProcessIdentity earlier =
                new ProcessIdentity(CURRENT.namespace(), CURRENT.process(), CURRENT.startMillis() - 1);
        assertThat(ProcessIdentity.hasEnded(earlier.toString())).isTrue();
    }

    @Test
    void processThatDoesNotExistHasEnded() throws Exception {
        Process process = new ProcessBuilder("true").start();
        process.waitFor();
        ProcessIdentity ended = new ProcessIdentity(CURRENT.namespace(), process.pid(), CURRENT.startMillis());
        assertThat(ProcessIdentity.hasEnded(ended.toString())).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-", "1-2-3", "unknown-2-3", "a-b-c", "1-99999999999999999999-3", "1-2", "1-2-3-4", "1--2-3"
            })
    void nothingIsKnownOfOtherNamespacesAndOtherTexts(String text) {
        assertThat(ProcessIdentity.hasEnded(text)).isFalse();
    }

    @Test
    void leaseEndsInThePast() {
        assertThat(LeaseEnd.hasPassed(LeaseEnd.in(Duration.ofHours(1)))).isFalse();
        assertThat(LeaseEnd.hasPassed(LeaseEnd.in(Duration.ofSeconds(-1)))).isTrue();
        assertThat(LeaseEnd.hasPassed("")).isFalse();
        assertThat(LeaseEnd.hasPassed("-")).isFalse();
        assertThat(LeaseEnd.hasPassed("9".repeat(18))).isFalse();
    }
}
