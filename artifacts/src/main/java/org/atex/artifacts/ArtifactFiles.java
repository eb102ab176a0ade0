package org.atex.artifacts;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.TreeSet;
import org.atex.api.Artifacts;

/**
 * The files that an attempt left, for aggregators. A test may leave anything: links that lead out of the artifacts,
 * files that cannot be read, and processes that still delete files.
 */
public final class ArtifactFiles {
    private static final int PROBE_BYTES = 4096;

    private ArtifactFiles() {}

    /**
     * {@return all entries below the directory of files, sorted; no directories, except those that cannot be read}
     *
     * @param artifacts the artifacts
     * @throws IOException if a directory cannot be read, for another reason than its permissions
     */
    public static Set<Path> all(Artifacts artifacts) throws IOException {
        Set<Path> all = new TreeSet<>();
        if (!artifacts.isNone() && Files.exists(artifacts.files(), LinkOption.NOFOLLOW_LINKS)) {
            Files.walkFileTree(artifacts.files(), new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    all.add(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                    switch (e) {
                        case AccessDeniedException denied -> all.add(file);
                        // Another process, such as a leftover of the test, may delete files at the same time.
                        case NoSuchFileException gone -> {}
                        default -> throw e;
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        }
        return all;
    }

    /**
     * {@return whether this is a regular file inside the artifacts: symbolic links may lead out of them}
     *
     * @param artifacts the artifacts
     * @param file a path below their directory of files
     * @throws IOException if the file disappears meanwhile
     */
    public static boolean isRegular(Artifacts artifacts, Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        // The file itself is no link, but a directory on the path to it may be one.
        Path home = artifacts.directory().toRealPath().resolve("files");
        return file.toRealPath().startsWith(home);
    }

    /**
     * {@return whether a file has no zero byte near its beginning, unlike images, archives and programs}
     *
     * @param file the file
     * @throws IOException if it cannot be read
     */
    public static boolean isText(Path file) throws IOException {
        // Not Files.newInputStream: an interrupt of the thread closes its channel.
        try (InputStream in = new FileInputStream(file.toFile())) {
            for (byte b : in.readNBytes(PROBE_BYTES)) {
                if (b == 0) {
                    return false;
                }
            }
            return true;
        }
    }

    /**
     * {@return whether a hard link to a file was made} Otherwise the file must be copied: it has another owner or too
     * many links, or is on another file system or one without hard links.
     *
     * @param file the file
     * @param link the path of the link
     */
    public static boolean isLinked(Path file, Path link) {
        try {
            Files.createLink(link, file);
            return true;
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
