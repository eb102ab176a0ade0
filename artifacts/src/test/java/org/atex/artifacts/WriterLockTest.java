package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class WriterLockTest {
    @TempDir
    Path directory;

    private Path file;
    private Path lock;

    @BeforeEach
    void setPath() {
        file = directory.resolve("file");
        lock = directory.resolve("file.lock");
    }

    /** A program that holds a lock until it is killed. */
    static final class Holder {
        public static void main(String[] arguments) throws Exception {
            WriterLock lock = WriterLock.of(Path.of(arguments[0]));
            System.out.println(lock.isLeft());
            System.in.read();
        }
    }

    @Test
    void secondWriterIsRefused() throws IOException {
        try (WriterLock held = WriterLock.of(file)) {
            assertThat(held.isLeft()).isFalse();
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> WriterLock.of(file))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("this program already writes it");
            }
            assertThat(lock).exists();
            try (WriterLock other = WriterLock.of(directory.resolve("other"))) {
                assertThat(other.isLeft()).isFalse();
            }
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void anotherPathToTheSameFileIsRefused() throws IOException {
        Path link =
                Files.createSymbolicLink(directory.resolve("link"), Files.createDirectory(directory.resolve("dir")));
        try (WriterLock held = WriterLock.of(directory.resolve("dir/file"))) {
            assertThatThrownBy(() -> WriterLock.of(link.resolve("file"))).isInstanceOf(IOException.class);
            assertThat(held.isLeft()).isFalse();
        }
    }

    @Test
    void lockOfAKilledProgramIsDetected() throws Exception {
        Process holder = holder(file.toString());
        try (BufferedReader lines = holder.inputReader()) {
            assertThat(lines.readLine()).isEqualTo("false");
            assertThatThrownBy(() -> WriterLock.of(file))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("another program is writing it");
            holder.toHandle().destroyForcibly();
            assertThat(holder.waitFor()).isNotZero();
        }
        try (WriterLock next = WriterLock.of(file)) {
            assertThat(next.isLeft()).isTrue();
        }
        try (WriterLock last = WriterLock.of(file)) {
            assertThat(last.isLeft()).isFalse();
        }
    }

    @Test
    void refusedWriterDoesNotLoseTheLockOfTheProgram() throws Exception {
        try (WriterLock held = WriterLock.of(file)) {
            assertThatThrownBy(() -> WriterLock.of(file)).isInstanceOf(IOException.class);
            Process other = holder(file.toString());
            try (BufferedReader lines = other.inputReader()) {
                assertThat(lines.readLine()).isNull();
            }
            assertThat(other.waitFor()).isNotZero();
            assertThat(held.isLeft()).isFalse();
        }
    }

    @Test
    void releaseKeepsTheStateForTheNextWriter() throws IOException {
        Files.createFile(lock);
        WriterLock.of(file).release();
        WriterLock left = WriterLock.of(file);
        assertThat(left.isLeft()).isTrue();
        left.close();
        left.close();
        left.release();
        WriterLock fresh = WriterLock.of(file);
        assertThat(fresh.isLeft()).isFalse();
        left.close();
        assertThat(lock).exists();
        fresh.release();
        assertThat(lock).doesNotExist();
    }

    @Test
    void pendingInterruptDoesNotDisturbTheLock() throws IOException {
        Thread.currentThread().interrupt();
        try (WriterLock held = WriterLock.of(file)) {
            assertThat(held.isLeft()).isFalse();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(lock).doesNotExist();
    }

    @Test
    void oneOfManyThreadsGetsTheLock() throws Exception {
        AtomicInteger holders = new AtomicInteger();
        AtomicInteger held = new AtomicInteger();
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                all.add(threads.submit(() -> {
                    for (int j = 0; j < 200; j++) {
                        try (WriterLock one = WriterLock.of(file)) {
                            assertThat(holders.incrementAndGet()).isEqualTo(1);
                            assertThat(one.isLeft()).isFalse();
                            holders.decrementAndGet();
                            held.incrementAndGet();
                        } catch (IOException e) {
                            assertThat(e).hasMessageContaining("this program");
                        }
                    }
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
        assertThat(held).hasPositiveValue();
        assertThat(directory).isEmptyDirectory();
    }

    private Process holder(String... arguments) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command =
                new ArrayList<>(List.of(java, "-cp", System.getProperty("java.class.path"), Holder.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }
}
