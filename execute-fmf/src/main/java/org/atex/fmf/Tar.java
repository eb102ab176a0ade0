package org.atex.fmf;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Input;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Packs directories with this machine's {@code tar}: whatever a file is called or like, tar knows how to keep it. */
final class Tar {
    private static final Logger LOG = LoggerFactory.getLogger(Tar.class);

    /** Of tar's exit codes: a file changed while it was read, which the next upload will have. */
    private static final int CHANGED_MEANWHILE = 1;

    private static final int SMALL = 8 << 20;

    private Tar() {}

    /**
     * Packs a directory.
     *
     * @param directory the directory
     * @param excludes names to leave out
     * @param snapshot what tar remembers of the last time, to pack only what is new since; or null to pack all
     * @return the packed directory: in memory if it is small, else a file, which is the caller's
     * @throws IOException if tar cannot
     * @throws InterruptedException if interrupted; nothing is left
     */
    static Input pack(Path directory, List<String> excludes, @Nullable Path snapshot)
            throws IOException, InterruptedException {
        Path file = Files.createTempFile("atex-tree", ".tar");
        boolean keep = false;
        try {
            run(line(directory, excludes, snapshot, file), directory);
            keep = Files.size(file) > SMALL;
            if (!keep) {
                return Input.bytes(Files.readAllBytes(file));
            }
            file.toFile().deleteOnExit();
            return Input.file(file);
        } finally {
            if (!keep) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static List<String> line(Path directory, List<String> excludes, @Nullable Path snapshot, Path file) {
        List<String> line = new ArrayList<>(List.of("tar", "--create", "--file=" + file, "--format=posix", "--sparse"));
        line.addAll(List.of("--owner=0", "--group=0", "--numeric-owner", "--no-wildcards-match-slash"));
        if (snapshot != null) {
            line.remove("--format=posix"); // which has no place for what was deleted
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
            TailReader said = TailReader.start(tar.getInputStream(), 500);
            int code = tar.waitFor();
            if (code == CHANGED_MEANWHILE) {
                LOG.warn(
                        "{} changed while it was packed: {}",
                        directory,
                        said.textAtEnd().strip());
            } else if (code != 0) {
                throw new IOException("tar ended with exit code " + code + ": "
                        + said.textAtEnd().strip());
            }
        } finally {
            tar.destroyForcibly();
        }
    }

    /**
     * Unpacks what {@link #pack} made.
     *
     * @param pack what it made
     * @return a new directory with that, which is the caller's
     * @throws IOException if tar cannot
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

    /** Deletes what {@link #pack} made, if that is a file. */
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
