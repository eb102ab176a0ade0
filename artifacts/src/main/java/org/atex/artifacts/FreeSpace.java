package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Checks whether a local file system has free space, to distinguish failures of a program that writes to a local file
 * from a full disk. Thread-safe.
 */
public final class FreeSpace {
    /** Bytes that must be writable. */
    private static final int ENOUGH = 64 * 1024;

    private FreeSpace() {}

    /**
     * Writes a file of 64 KiB and deletes it.
     *
     * @param directory an existing directory
     * @throws IOException if the file cannot be written: no space, no inodes, quota exceeded, or no permission
     */
    public static void require(Path directory) throws IOException {
        Path probe = Files.createTempFile(directory, "room", ".tmp");
        try {
            Files.write(probe, new byte[ENOUGH]);
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    /**
     * Like {@link #require}, but writes the file only if less than 1 MiB seems to be free. Cheaper if there is enough
     * space.
     *
     * @param directory an existing directory
     * @throws IOException if the file cannot be written
     */
    public static void requireIfScarce(Path directory) throws IOException {
        // The estimate of the system may not include quotas, so it only decides whether to try.
        if (directory.toFile().getUsableSpace() < 16 * ENOUGH) {
            require(directory);
        }
    }
}
