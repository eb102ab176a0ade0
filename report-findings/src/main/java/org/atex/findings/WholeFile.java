package org.atex.findings;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Replaces a file as a whole. */
final class WholeFile {
    private WholeFile() {}

    /** Writes the text under a temporary name, and moves it to its path: readers see the old file or the new one. */
    static void write(Path file, String text) throws IOException {
        // Not a temporary file of the JDK, which only its owner can read. Another writer has another name.
        String writer =
                ProcessHandle.current().pid() + "-" + Thread.currentThread().threadId();
        Path temporary = file.resolveSibling("." + file.getFileName() + "." + writer + ".tmp");
        try {
            // Not a FileChannel: an interrupt of the thread closes it.
            try (OutputStream out = new FileOutputStream(temporary.toFile())) {
                out.write(text.getBytes(UTF_8));
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException more) {
                e.addSuppressed(more);
            }
            throw e;
        }
    }
}
