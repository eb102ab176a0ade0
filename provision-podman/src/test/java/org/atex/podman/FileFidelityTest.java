package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.atex.lab.Lab;
import org.atex.lab.LabContainer;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Copies keep unusual properties of files: names of any bytes, files of the kernel, holes, fractions of seconds. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class FileFidelityTest {
    private static final long HOLE = 1L << 27;

    @RegisterExtension
    static final Lab LAB = new Lab();

    private static LabContainer container;

    @TempDir
    private Path directory;

    private PodmanConnection connection;
    private Path here;
    private Path back;
    private String there;

    @BeforeAll
    static void start() throws Exception {
        container = LAB.container();
    }

    @BeforeEach
    void connect() throws Exception {
        here = Files.createDirectory(directory.resolve("here"));
        back = directory.resolve("back");
        there = container.exec("mktemp", "-d") + "/there";
        connection = PodmanConnection.open(container.id());
    }

    @AfterEach
    void close() {
        connection.close();
    }

    /** {@return the output of a local script, decoded as ISO 8859-1 so that each byte is one character} */
    private static String runLocally(String script, Path argument) throws Exception {
        Process shell = new ProcessBuilder("sh", "-c", script, "sh", argument.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(shell.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertThat(shell.waitFor()).as(script).isZero();
        return output;
    }

    @Test
    void namesOfAnyBytesAreKept() throws Exception {
        runLocally("""
                cd "$1" || exit
                for name in "$(printf 'u\\374')" "$(printf 'u\\344')" "$(printf 'u\\303\\274')" "$(printf '%0120d\\374' 0)" \
                    "$(printf '%0120d\\344' 0)"; do
                    printf %s "$name" >"$name" && mkdir "$name.d" && ln -s "$name" "link $name" || exit
                done
                ln -s "$(printf '\\377 \\n.')" link
                """, here);
        String listing = """
                cd "$1" && LC_ALL=C && export LC_ALL && find . | sort || exit
                find . -type f | sort | xargs -d '\\n' cat && find . -type l | sort | xargs -d '\\n' -n 1 readlink
                """;
        connection.upload(here, there);
        connection.download(there, back);

        assertThat(runLocally(listing, back))
                .isEqualTo(runLocally(listing, here))
                .contains("u\u00fc\n", "u\u00e4\n");
        connection.upload(here.resolve("link"), there + "/single");
        connection.download(there + "/single", back.resolve("single"));
        assertThat(runLocally("readlink \"$1\"", back.resolve("single"))).isEqualTo("\u00ff \n.\n");
    }

    @Test
    void filesOfTheKernelAreCopiedCompletely() throws Exception {
        for (String file : List.of("/proc/version", "/sys/kernel/fscaps")) {
            connection.download(file, back);
            assertThat(back).hasContent(Files.readString(Path.of(file)));
            connection.upload(Path.of(file), there);
            assertThat(container.exec("cat", there))
                    .isEqualTo(Files.readString(Path.of(file)).strip());
        }
        String id = Files.readString(Path.of("/proc/sys/kernel/random/boot_id"));
        connection.download("/proc/sys/kernel/random", directory.resolve("tree"));
        assertThat(directory.resolve("tree/boot_id")).hasContent(id);
        connection.upload(Path.of("/proc/sys/kernel/random"), there + "-tree");
        assertThat(container.exec("cat", there + "-tree/boot_id")).isEqualTo(id.strip());
    }

    @Test
    void holesAreKept() throws Exception {
        Path file = here.resolve("sparse");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(HOLE);
            for (long at : new long[] {0, HOLE / 2 + 1, HOLE - 1_000_000}) {
                sparse.seek(at);
                sparse.write("data".getBytes(UTF_8));
            }
        }
        String sum = runLocally("sha256sum <\"$1\"", file);
        connection.upload(file, there);
        connection.upload(here, there + "-tree");
        connection.download(there, back);
        connection.download(there + "-tree", directory.resolve("tree"));

        for (Path copy : List.of(back, directory.resolve("tree/sparse"))) {
            assertThat(runLocally("sha256sum <\"$1\"", copy)).isEqualTo(sum);
            assertThat(runLocally("du -sk \"$1\"", copy)).matches("\\d{1,3}\\s.*\\s");
        }
        for (String copy : List.of(there, there + "-tree/sparse")) {
            assertThat(container.exec("du", "-sk", copy)).matches("\\d{1,3}\\s.*");
        }
    }

    @Test
    void pathsMayHaveAnyCharacters() throws Exception {
        Path file = Files.writeString(here.resolve("file"), "content");
        for (String name : List.of("x2d", "\\\\", "\\x2d", "u'\\x\"", "--help", " a b ", "new\nline", "a\\")) {
            String target = there + "/" + name;
            connection.upload(here, target);
            connection.download(target, back.resolve(name));
            assertThat(back.resolve(name).resolve("file")).hasContent("content");
            connection.upload(file, target + "/" + name);
            connection.download(target + "/" + name, back.resolve(name + " file"));
            assertThat(back.resolve(name + " file")).hasContent("content");
        }
    }

    @Test
    void fractionsOfSecondsAreKept() throws Exception {
        FileTime time = FileTime.from(Instant.ofEpochSecond(1_500_000_000, 123_456_789));
        Path file = Files.writeString(here.resolve("file"), "content");
        Files.setLastModifiedTime(file, time);

        connection.upload(here, there);
        connection.download(there, back);
        connection.download(there + "/file", back.resolve("single"));

        assertThat(Files.getLastModifiedTime(back.resolve("file"))).isEqualTo(time);
        assertThat(Files.getLastModifiedTime(back.resolve("single"))).isEqualTo(time);
    }
}
