package org.atex.testingfarm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ShutdownHookTest {
    @Test
    void hookIsRegisteredUntilClosed() {
        Runtime runtime = Runtime.getRuntime();
        ShutdownHook hook = ShutdownHook.register("atex-test-shutdown", () -> {});
        assertThat(runtime.removeShutdownHook(hook.thread()))
                .as("registered before close")
                .isTrue();
        runtime.addShutdownHook(hook.thread());

        hook.close();

        assertThat(runtime.removeShutdownHook(hook.thread()))
                .as("registered after close")
                .isFalse();
        hook.close();
    }
}
