package org.atex.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BoundedOutputTest {
    private static final int HALF = BoundedOutput.HALF;

    @TempDir
    Path here;

    @ParameterizedTest
    @ValueSource(
            ints = {0, 1, HALF - 1, HALF, HALF + 1, 2 * HALF - 1, 2 * HALF, 2 * HALF + 1, 3 * HALF, 5 * HALF + 12345})
    void beginningAndEndAreKept(int length) throws Exception {
        byte[] bytes = new byte[length];
        new Random(17).nextBytes(bytes);
        Path file = here.resolve("below/output");
        try (BoundedOutput output = new BoundedOutput(file)) {
            output.copy(new ByteArrayInputStream(bytes));
        }
        if (length == 0) {
            assertThat(file).doesNotExist();
            return;
        }
        byte[] written = Files.readAllBytes(file);
        if (length <= 2 * HALF) {
            assertThat(written).isEqualTo(bytes);
            return;
        }
        assertThat(Arrays.copyOf(written, HALF)).isEqualTo(Arrays.copyOf(bytes, HALF));
        assertThat(Arrays.copyOfRange(written, written.length - HALF, written.length))
                .isEqualTo(Arrays.copyOfRange(bytes, length - HALF, length));
        String between = new String(Arrays.copyOfRange(written, HALF, written.length - HALF), StandardCharsets.UTF_8);
        assertThat(between).startsWith("\n[" + (length - 2 * HALF) + " byte").endsWith("left out here]\n");
    }
}
