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
            assertThat(file.append(buffer("one"), buffer(" two\n"))).isEqualTo(7);
            assertThat(path).hasContent("before\none two\n");
            assertThat(file.append(buffer("three\n"))).isEqualTo(15);
            file.sync();
            assertThat(file.length()).isEqualTo(21);
        }
        assertThat(path).hasContent("before\none two\nthree\n");
    }

    @Test
    void incompleteRecordIsCutOff() throws IOException {
        Path path = directory.resolve("file");
        TempBuffer broken = new TempBuffer(directory);
        broken.write(new byte[2 * TempBuffer.IN_MEMORY]);
        broken.close();
        try (AppendFile file = AppendFile.open(path)) {
            file.append(buffer("one\n"));
            assertThatThrownBy(() -> file.append(buffer("x".repeat(20_000)), broken))
                    .isInstanceOf(IOException.class);
            assertThat(path).hasContent("one\n");
            file.append(buffer("two\n"));
        }
        assertThat(path).hasContent("one\ntwo\n");
    }

    @Test
    void fileIsTruncatedToTheGivenLength() throws IOException {
        Path path = directory.resolve("file");
        try (AppendFile file = AppendFile.open(path)) {
            file.append(buffer("one\ntw"));
            file.truncate(4);
            file.append(buffer("three\n"));
            assertThatThrownBy(() -> file.truncate(100)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(path).hasContent("one\nthree\n");
    }

    @Test
    void spoolReturnsTheWrittenBytesForAnySize() throws IOException {
        Random random = new Random(1);
        for (int size : new int[] {
            0, 1, 1024, 1025, TempBuffer.IN_MEMORY, TempBuffer.IN_MEMORY + 1, 3 * TempBuffer.IN_MEMORY + 7
        }) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            try (TempBuffer buffer = new TempBuffer(directory)) {
                for (int done = 0; done < size; ) {
                    int some = Math.min(size - done, random.nextInt(100_000));
                    buffer.write(bytes, done, some);
                    done += some;
                    if (done < size) {
                        buffer.write(bytes[done++]);
                    }
                }
                for (int twice = 0; twice < 2; twice++) {
                    ByteArrayOutputStream back = new ByteArrayOutputStream();
                    buffer.writeTo(back);
                    assertThat(back.toByteArray()).isEqualTo(bytes);
                }
                try (InputStream in = buffer.input()) {
                    assertThat(in.readAllBytes()).isEqualTo(bytes);
                }
                assertThat(buffer.size()).isEqualTo(size);
                assertThat(directory).isEmptyDirectory();
            }
        }
    }

    private TempBuffer buffer(String text) throws IOException {
        TempBuffer buffer = new TempBuffer(directory);
        buffer.write(text.getBytes(StandardCharsets.UTF_8));
        return buffer;
    }
}
