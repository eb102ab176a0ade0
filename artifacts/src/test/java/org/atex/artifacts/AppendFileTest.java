package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AppendFileTest {
    @TempDir
    Path directory;

    @Test
    void recordsAreAppended() throws IOException {
        Path path = directory.resolve("file");
        Files.writeString(path, "before\n");
        try (AppendFile file = AppendFile.open(path)) {
            assertThat(file.append(spool("one"), spool(" two\n"))).isEqualTo(7);
            assertThat(path).hasContent("before\none two\n");
            assertThat(file.append(spool("three\n"))).isEqualTo(15);
            file.sync();
            assertThat(file.length()).isEqualTo(21);
        }
        assertThat(path).hasContent("before\none two\nthree\n");
    }

    @Test
    void incompleteRecordIsCutOff() throws IOException {
        Path path = directory.resolve("file");
        Spool broken = new Spool(directory);
        broken.write(new byte[2 * Spool.IN_MEMORY]);
        broken.close();
        try (AppendFile file = AppendFile.open(path)) {
            file.append(spool("one\n"));
            assertThatThrownBy(() -> file.append(spool("x".repeat(20_000)), broken))
                    .isInstanceOf(IOException.class);
            assertThat(path).hasContent("one\n");
            file.append(spool("two\n"));
        }
        assertThat(path).hasContent("one\ntwo\n");
    }

    @Test
    void fileIsTruncatedToTheGivenLength() throws IOException {
        Path path = directory.resolve("file");
        try (AppendFile file = AppendFile.open(path)) {
            file.append(spool("one\ntw"));
            file.truncate(4);
            file.append(spool("three\n"));
            assertThatThrownBy(() -> file.truncate(100)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(path).hasContent("one\nthree\n");
    }

    @Test
    void spoolReturnsTheWrittenBytesForAnySize() throws IOException {
        Random random = new Random(1);
        for (int size : new int[] {0, 1, 1024, 1025, Spool.IN_MEMORY, Spool.IN_MEMORY + 1, 3 * Spool.IN_MEMORY + 7}) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            try (Spool spool = new Spool(directory)) {
                for (int done = 0; done < size; ) {
                    int some = Math.min(size - done, random.nextInt(100_000));
                    spool.write(bytes, done, some);
                    done += some;
                    if (done < size) {
                        spool.write(bytes[done++]);
                    }
                }
                for (int twice = 0; twice < 2; twice++) {
                    ByteArrayOutputStream back = new ByteArrayOutputStream();
                    spool.writeTo(back);
                    assertThat(back.toByteArray()).isEqualTo(bytes);
                }
                try (InputStream in = spool.input()) {
                    assertThat(in.readAllBytes()).isEqualTo(bytes);
                }
                assertThat(spool.size()).isEqualTo(size);
                assertThat(directory).isEmptyDirectory();
            }
        }
    }

    private Spool spool(String text) throws IOException {
        Spool spool = new Spool(directory);
        spool.write(text.getBytes(StandardCharsets.UTF_8));
        return spool;
    }
}
