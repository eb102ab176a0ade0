package org.atex.support;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SystemOwnerTest {
    private static final String CURRENT = SystemOwner.current();

    @Test
    void processThatRunsHasNotEnded() {
        assertThat(CURRENT).matches("[0-9a-f]{32}-" + ProcessIdentity.PATTERN);
        assertThat(SystemOwner.hasEnded(CURRENT)).isFalse();
    }

    @Test
    void endedProcessIsKnownOnItsMachineOnly() {
        String ended = CURRENT.replaceFirst("\\d$", CURRENT.endsWith("1") ? "2" : "1");
        assertThat(SystemOwner.hasEnded(ended)).as("on this machine").isTrue();
        assertThat(SystemOwner.hasEnded("0123456789abcdef0123456789abcdef" + ended.substring(32)))
                .as("on another machine, or before a reboot")
                .isFalse();
        assertThat(SystemOwner.hasEnded(ended.substring(33)))
                .as("without a machine")
                .isFalse();
    }
}
