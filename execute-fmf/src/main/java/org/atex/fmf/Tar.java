package org.atex.fmf;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Input;
import org.atex.support.TailReader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Packs directories with the {@code tar} program of this machine, which preserves all names, modes, links and holes.
 */
final class Tar {
    private static final Logger LOG = LoggerFactory.getLogger(Tar.class);

    /** Exit code of tar if a file changed while it was read. The archive is usable; the next one has the change. */
    private static final int FILE_CHANGED = 1;

    /** Archives up to this size are kept in memory. */
    private static final int MAX_IN_MEMORY = 8 << 20;

    private Tar() {}

    /**
     * Packs a directory.
     *
     * @param directory the directory
     * @param excludes patterns of names to omit
     * @param snapshot the snapshot file of tar for an incremental archive, which contains only changes since the
     *     previous one; null for a full archive
     * @return the archive: in memory up to 8 MiB, otherwise a file that the caller must delete
     * @throws IOException if tar fails
     * @throws InterruptedException if interrupted; the archive is deleted
     */
    static Input pack(Path directory, List<String> excludes, @Nullable Path snapshot)
            throws IOException, InterruptedException {
        Path file = Files.createTempFile("atex-tree", ".tar");
        boolean keep = false;
        try {
            run(commandLine(directory, excludes, snapshot, file), directory);
            keep = Files.size(file) > MAX_IN_MEMORY;
            if (!keep) {
                return Input.bytes(Files.readAllBytes(file));
            }
            file.toFile().deleteOnExit(); // in case the caller does not come to delete it
            return Input.file(file);
        } finally {
            if (!keep) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static List<String> commandLine(Path directory, List<String> excludes, @Nullable Path snapshot, Path file) {
        List<String> line = new ArrayList<>(List.of("tar", "--create", "--file=" + file, "--format=posix", "--sparse"));
        line.addAll(List.of("--owner=0", "--group=0", "--numeric-owner", "--no-wildcards-match-slash"));
        if (snapshot != null) {
            // The posix format cannot record deleted files. The device number may differ after a remount.
            line.remove("--format=posix");
            line.addAll(List.of("--format=gnu", "--listed-incremental=" + snapshot, "--no-check-device"));
        }
        excludes.forEach(exclude -> line.add("--exclude=" + exclude));
        line.addAll(List.of("--directory=" + directory, "."));
        return line;
    }

    private static void run(List<String> line, Path directory) throws IOException, InterruptedException {
        Process tar = new ProcessBuilder(line).redirectErrorStream(true).start();
        try {
            tar.getOutputStream().close();
            TailReader messages = TailReader.start(tar.getInputStream(), 500);
            int code = tar.waitFor();
            if (code == FILE_CHANGED) {
                LOG.warn(
                        "{} changed while it was packed: {}",
                        directory,
                        messages.textAtEnd().strip());
            } else if (code != 0) {
                throw new IOException("tar ended with exit code " + code + ": "
                        + messages.textAtEnd().strip());
            }
        } finally {
            tar.destroyForcibly();
        }
    }

    /**
     * Unpacks an archive that {@link #pack} created.
     *
     * @param pack the archive
     * @return a new temporary directory with its files, which the caller must delete
     * @throws IOException if tar fails
     * @throws InterruptedException if interrupted
     */
    static Path unpack(Input pack) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("atex-tree");
        Path file = pack instanceof Input.FromFile large ? large.path() : Files.createTempFile("atex-tree", ".tar");
        try {
            if (pack instanceof Input.Bytes small) {
                try (InputStream bytes = small.open()) {
                    Files.copy(bytes, file, StandardCopyOption.REPLACE_EXISTING);
                }
            }
            run(List.of("tar", "--extract", "--file=" + file, "--directory=" + directory), directory);
            return directory;
        } finally {
            if (pack instanceof Input.Bytes) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** Deletes an archive that {@link #pack} created, if it is a file. */
    static void delete(Input pack) {
        if (pack instanceof Input.FromFile large) {
            try {
                Files.deleteIfExists(large.path());
            } catch (IOException e) {
                LOG.debug("could not delete {}: {}", large.path(), e.getMessage());
            }
        }
    }
}
