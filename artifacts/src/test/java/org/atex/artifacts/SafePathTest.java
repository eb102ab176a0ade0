package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafePathTest {
    private static final String[] BITS = {
        "a",
        "b",
        "/",
        "/",
        ".",
        "..",
        "%",
        "%2E",
        "%7E",
        "~",
        " ",
        "\0",
        "\n",
        "\u007f",
        "\ud800",
        "\udc00",
        "ü",
        "\u20ac",
        "x".repeat(100)
    };

    @ParameterizedTest
    @ValueSource(
            strings = {"a", "some/log", "sub/test/some.log", "output.txt", "a b", "a..b", ".hidden", "größe/ŝ", "a:b\\c"
            })
    void ordinaryNamesAreUnchanged(String name) {
        assertThat(SafePath.of(name)).isEqualTo(name);
    }

    @ParameterizedTest
    @CsvSource({
        "'', %",
        "., %2E",
        ".., %2E.",
        "../../etc/x, %2E./%2E./etc/x",
        "/etc/x, %/etc/x",
        "a//b, a/%/b",
        "a/, a/%",
        "100%, 100%25",
    })
    void namesThatLeadOutOfTheDirectoryAreEscaped(String name, String path) {
        assertThat(SafePath.of(name)).isEqualTo(path);
    }

    @Test
    void controlCharactersAreEscaped() {
        assertThat(SafePath.of("a\0b\n")).isEqualTo("a%00b%0A");
    }

    @Test
    void leadingSlashOfATestIsDropped() {
        assertThat(SafePath.ofTest("/a/b")).isEqualTo("a/b");
        assertThat(SafePath.ofTest("a/b")).isEqualTo("a/b");
        assertThat(SafePath.ofTest("//a")).isEqualTo("%/a");
        assertThat(SafePath.ofTest("/")).isEqualTo("%");
    }

    @Test
    void slashesAreEscapedInASinglePart() {
        assertThat(SafePath.ofPart("a/../b")).isEqualTo("a%2F..%2Fb");
        assertThat(SafePath.ofPart("..")).isEqualTo("%2E.");
        assertThat(SafePath.ofPart("/".repeat(300)))
                .hasSizeLessThanOrEqualTo(220)
                .doesNotContain("/");
    }

    @Test
    void filesAreBelowTheirResult() {
        assertThat(SafePath.ofFile(null, "a/b")).isEqualTo("a/b");
        assertThat(SafePath.ofFile("sub/test", "some/log")).isEqualTo("sub/test/some/log");
        assertThat(SafePath.ofFile("../s", "../f")).isEqualTo("%2E./s/%2E./f");
    }

    @Test
    void longNamesAreValidFileNamesAndStayDifferent(@TempDir Path directory) throws IOException {
        for (String name : new String[] {
            "x".repeat(300),
            "x".repeat(301),
            "ü".repeat(300),
            "\n".repeat(300),
            ("x".repeat(99) + "/").repeat(30),
            ("x".repeat(99) + "/").repeat(31)
        }) {
            Path file = directory.resolve(SafePath.of(name));
            Files.createDirectories(file.getParent());
            Files.createFile(file);
        }
    }

    @Test
    void differentNamesHaveDifferentPathsInsideTheDirectory() {
        Random random = new Random(7);
        Map<String, String> names = new HashMap<>();
        for (int i = 0; i < 30_000; i++) {
            StringBuilder name = new StringBuilder();
            for (int bits = random.nextInt(8); bits >= 0; bits--) {
                name.append(BITS[random.nextInt(BITS.length)]);
            }
            String path = SafePath.of(name.toString());
            String other = names.put(path, name.toString());
            if (other != null && !other.contentEquals(name)) {
                throw new AssertionError("two names share " + path);
            }
            Path normal = Path.of(path).normalize();
            if (normal.isAbsolute() || !normal.toString().equals(path)) {
                throw new AssertionError("not safe: " + path);
            }
        }
    }
}
