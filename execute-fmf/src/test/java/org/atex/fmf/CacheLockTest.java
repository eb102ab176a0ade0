package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.atex.fmf.tree.FmfException;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
@ExtendWith(LeakCheck.class)
class CacheLockTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    @TempDir
    private Path directory;

    @Test
    void oneThreadAtATimeHoldsTheLock() throws Exception {
        Path file = directory.resolve("lock");
        AtomicInteger holders = new AtomicInteger();
        List<FutureTask<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            FutureTask<Integer> task = new FutureTask<>(() -> {
                try (CacheLock lock = CacheLock.of(file, LONG)) {
                    assertThat(lock).isNotNull();
                    int holdersNow = holders.incrementAndGet();
                    Thread.yield();
                    holders.decrementAndGet();
                    return holdersNow;
                }
            });
            tasks.add(task);
            Thread.ofPlatform().start(task);
        }
        for (FutureTask<Integer> task : tasks) {
            assertThat(task.get()).isEqualTo(1);
        }
        assertThat(CacheLock.inUse()).isZero();
    }

    @Test
    void locksThatAreNotHeldUseNoMemory() throws Exception {
        Path file = directory.resolve("lock");
        try (CacheLock first = CacheLock.of(file, LONG);
                CacheLock second = CacheLock.of(directory.resolve("another"), LONG)) {
            assertThat(List.of(first, second)).doesNotContainNull();
            assertThat(CacheLock.inUse()).isEqualTo(2);

            FutureTask<CacheLock> late = new FutureTask<>(() -> CacheLock.of(file, Duration.ofMillis(10)));
            Thread.ofVirtual().start(late);
            assertThatThrownBy(late::get).hasCauseInstanceOf(FmfException.class).hasMessageContaining("within 0 s");
            FutureTask<CacheLock> interrupted = new FutureTask<>(() -> {
                Thread.currentThread().interrupt();
                return CacheLock.of(file, LONG);
            });
            Thread.ofVirtual().start(interrupted);
            assertThatThrownBy(interrupted::get).hasCauseInstanceOf(InterruptedException.class);
            assertThat(CacheLock.inUse()).as("locks that are held").isEqualTo(2);
        }
        assertThatThrownBy(() -> CacheLock.of(directory.resolve("no/such/directory"), LONG))
                .isInstanceOf(IOException.class);
        assertThat(CacheLock.inUse()).isZero();
        assertThat(Files.exists(file)).isTrue();
    }
}
