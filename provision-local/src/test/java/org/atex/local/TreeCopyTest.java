package org.atex.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.atex.api.Command;
import org.atex.api.TransferException;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Properties of copies that the connection contract does not cover. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class TreeCopyTest {
    @TempDir
    Path here;

    @Test
    void largeFileKeepsModeAndTime() throws Exception {
        Path large = here.resolve("large");
        try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
            file.setLength(17 << 20);
            file.seek(5_000_000);
            file.write(1);
        }
        Files.setPosixFilePermissions(large, PosixFilePermissions.fromString("r-xr-----"));
        FileTime then = FileTime.from(Instant.ofEpochSecond(1_000_000_000));
        Files.setLastModifiedTime(large, then);

        TreeCopy.copy(large, here.resolve("copy"));

        assertThat(Files.mismatch(large, here.resolve("copy"))).isEqualTo(-1);
        assertThat(Files.getPosixFilePermissions(here.resolve("copy")))
                .isEqualTo(PosixFilePermissions.fromString("r-xr-----"));
        assertThat(Files.getLastModifiedTime(here.resolve("copy"))).isEqualTo(then);
    }

    @Test
    void holesAreKept() throws Exception {
        Path sparse = here.resolve("sparse");
        try (RandomAccessFile file = new RandomAccessFile(sparse.toFile(), "rw")) {
            file.setLength(1L << 26);
            file.seek(30_000_001);
            file.write(1);
        }
        TreeCopy.copy(sparse, here.resolve("copy"));

        assertThat(Files.mismatch(sparse, here.resolve("copy"))).isEqualTo(-1);
        try (LocalConnection connection = LocalConnection.open()) {
            String used = connection
                    .run(Command.of("du", "-sk", here.resolve("copy").toString()))
                    .stdout();
            assertThat(used).matches("\\d{1,3}\\s.*\\s");
        }
    }

    @Test
    void filesOfTheKernelAreCopiedCompletely() throws Exception {
        for (String file : List.of("/proc/version", "/sys/kernel/fscaps")) {
            TreeCopy.copy(Path.of(file), here.resolve("copy"));
            assertThat(here.resolve("copy")).hasContent(Files.readString(Path.of(file)));
        }
        Path random = Path.of("/proc/sys/kernel/random");
        TreeCopy.copy(random, here.resolve("tree"));
        assertThat(here.resolve("tree/boot_id")).hasContent(Files.readString(random.resolve("boot_id")));
    }

    @Test
    void copyIntoTheSourceIsRefused() throws Exception {
        Path tree = Files.createDirectory(here.resolve("tree"));

        assertThatThrownBy(() -> TreeCopy.copy(tree, tree.resolve("new/copy")))
                .isInstanceOf(TransferException.class)
                .hasMessageContaining("inside");
        assertThat(tree).isEmptyDirectory();
    }

    @Test
    void namedPipesAreSkipped() throws Exception {
        Path tree = Files.createDirectory(here.resolve("tree"));
        Files.writeString(tree.resolve("file"), "text");
        try (LocalConnection connection = LocalConnection.open()) {
            connection
                    .run(Command.of("mkfifo", tree.resolve("pipe").toString()))
                    .orThrow();
            connection.upload(tree, here.resolve("copy").toString());
        }
        assertThat(here.resolve("copy/file")).hasContent("text");
        assertThat(here.resolve("copy/pipe")).doesNotExist();
    }

    @Test
    void targetMayBeALinkToADirectory() throws Exception {
        Path tree = Files.createDirectory(here.resolve("tree"));
        Files.writeString(tree.resolve("file"), "text");
        Path real = Files.createDirectory(here.resolve("real"));
        Path link = Files.createSymbolicLink(here.resolve("link"), real);

        TreeCopy.copy(tree, link);

        assertThat(real.resolve("file")).hasContent("text");
        assertThat(link).isSymbolicLink();
    }
}
