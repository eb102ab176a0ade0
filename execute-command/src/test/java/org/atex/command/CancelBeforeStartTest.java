package org.atex.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Executor;
import org.atex.api.TestEnd;
import org.atex.local.LocalConnection;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests that an interrupt just before or just after the start of a command ends the test. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class CancelBeforeStartTest {
    private static final CommandTest LONG = CommandTest.of("/long", Command.of("sleep", "1000"));

    @TempDir
    Path here;

    @Test
    void runWithAPendingInterruptEndsAtOnce() throws Exception {
        try (LocalConnection connection = LocalConnection.open();
                Executor executor = CommandExecutor.factory().open(connection)) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> executor.run(LONG, Artifacts.at(here))).isInstanceOf(InterruptedException.class);
        }
        assertThat(here.resolve("results")).content().contains("infra");
    }

    @Test
    void interruptAroundTheStartEndsTheTest() throws Exception {
        try (LocalConnection connection = LocalConnection.open();
                Executor executor = CommandExecutor.factory().open(connection)) {
            for (int i = 0; i < 20; i++) {
                Artifacts into = Artifacts.at(Files.createDirectory(here.resolve("artifacts-" + i)));
                CountDownLatch entering = new CountDownLatch(1);
                FutureTask<TestEnd> running = new FutureTask<>(() -> {
                    entering.countDown();
                    return executor.run(LONG, into);
                });
                Thread thread = Thread.ofVirtual().start(running);
                entering.await();
                for (int spin = 0; spin < i * 20_000; spin++) {
                    Thread.onSpinWait(); // interrupts a little later in each iteration
                }
                thread.interrupt();
                assertThatThrownBy(() -> running.get(30, TimeUnit.SECONDS))
                        .isInstanceOf(ExecutionException.class)
                        .hasCauseInstanceOf(InterruptedException.class);
                assertThat(into.results()).content().contains("infra");
            }
        }
    }
}
