package org.atex.artifacts;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Replaces files as a whole: readers see the old file or the new one. Thread-safe. */
public final class WholeFile {
    private static final int BUFFER = 64 << 10;

    private WholeFile() {}

    /** The content of a file. */
    @FunctionalInterface
    public interface Content {
        /**
         * Writes the content.
         *
         * @param out the stream, which is closed afterwards
         * @throws IOException if it cannot be written
         */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Writes a file under a temporary name that does not end like the name of the file, so that readers do not find it, and
     * moves it to its path. There must be no other writer.
     *
     * @param file the file
     * @param content its content
     * @throws IOException if it cannot be written; the old file is unchanged
     */
    public static void write(Path file, Content content) throws IOException {
        write(file, file.resolveSibling("." + file.getFileName() + ".tmp"), content);
    }

    /**
     * Writes a file under a temporary name, and moves it to its path.
     *
     * @param file the file
     * @param temporary the temporary file, in the same directory
     * @param content its content
     * @throws IOException if it cannot be written; the old file is unchanged
     */
    public static void write(Path file, Path temporary, Content content) throws IOException {
        try {
            // Not a FileChannel: an interrupt of the thread closes it.
            try (OutputStream out = new BufferedOutputStream(new FileOutputStream(temporary.toFile()), BUFFER)) {
                content.writeTo(out);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | RuntimeException e) {
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException more) {
                e.addSuppressed(more);
            }
            throw e;
        }
    }
}
