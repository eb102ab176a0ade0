package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Finds out whether a file system of this machine has room left. A program that writes to a file here fails when there is
 * none, and the blame is not the program's. Thread-safe.
 */
public final class FreeSpace {
    private static final int ENOUGH = 64 * 1024;

    private FreeSpace() {}

    /**
     * Writes a small file, and removes it.
     *
     * @param directory where; must be there
     * @throws IOException if it cannot be written: no room, no inodes, no quota, no right
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
     * Does the same if there does not seem to be much room, which costs less where there is.
     *
     * @param directory where; must be there
     * @throws IOException if it cannot be written
     */
    public static void requireIfScarce(Path directory) throws IOException {
        if (directory.toFile().getUsableSpace() < 16 * ENOUGH) {
            require(directory);
        }
    }
}
