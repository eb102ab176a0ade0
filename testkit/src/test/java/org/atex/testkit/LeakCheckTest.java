package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
@SuppressWarnings("try") // the files only have to be open
class LeakCheckTest {
    private final ResourceSnapshot before = ResourceSnapshot.take();

    private void assertLeak(String text) {
        assertThatThrownBy(() -> LeakCheck.check(before, Duration.ofMillis(20)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(text);
    }

    private void assertNoLeak() {
        assertThatCode(() -> LeakCheck.check(before, Duration.ofSeconds(10))).doesNotThrowAnyException();
    }

    @Test
    void threadIsNamedWithItsPlace() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().name("left-by-a-test").start(() -> {
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        assertLeak("thread 'left-by-a-test'");
        end.countDown();
        thread.join();
        assertNoLeak();
    }

    @Test
    void processIsNamedWithItsCommand() throws Exception {
        Process process = new ProcessBuilder("sleep", "1000").start();
        assertLeak("sleep 1000");
        process.destroy();
        process.waitFor();
        assertNoLeak();
    }

    @Test
    void openFileIsNamed(@TempDir Path directory) throws Exception {
        Path file = Files.createFile(directory.resolve("left-open"));
        try (FileInputStream once = new FileInputStream(file.toFile())) {
            assertLeak("left-open");
            ResourceSnapshot withOne = ResourceSnapshot.take();
            try (FileInputStream twice = new FileInputStream(file.toFile())) {
                assertThatThrownBy(() -> LeakCheck.check(withOne, Duration.ofMillis(20)))
                        .hasMessageContaining("left-open");
            }
        }
        assertNoLeak();
    }

    @Test
    void temporaryDirectoryIsNamed() throws Exception {
        Path directory = Files.createTempDirectory("atex-left-behind-");
        assertLeak(directory.toString());
        Files.delete(directory);
        assertNoLeak();
    }
}
