package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.atex.api.Artifacts;

/** A copy of artifacts in a directory beside them, made of hard links. Closing deletes the copy if it still exists. */
final class LinkedCopy implements AutoCloseable {
    /** The begin of the names of copies. */
    static final String PREFIX = ".copy-";

    private final Path directory;

    private LinkedCopy(Path directory) {
        this.directory = directory;
    }

    static LinkedCopy of(Artifacts artifacts) throws IOException {
        Path source = artifacts.directory().toAbsolutePath();
        // Beside the artifacts: hard links, and the renames of aggregators, work within one file system only.
        Path home = source.getParent();
        LinkedCopy copy = new LinkedCopy(Files.createTempDirectory(home == null ? source : home, PREFIX));
        try {
            Files.walkFileTree(source, new Linking(source, copy.directory));
            return copy;
        } catch (IOException e) {
            try {
                copy.close();
            } catch (IOException f) {
                e.addSuppressed(f);
            }
            throw e;
        }
    }

    /** Makes a copy that stays, in a directory that is created. */
    static void link(Artifacts artifacts, Path target) throws IOException {
        Files.createDirectory(target);
        Files.walkFileTree(artifacts.directory(), new Linking(artifacts.directory(), target));
    }

    Artifacts artifacts() {
        return Artifacts.at(directory);
    }

    @Override
    public void close() throws IOException {
        if (Files.exists(directory)) {
            artifacts().delete();
        }
    }

    private static final class Linking extends SimpleFileVisitor<Path> {
        private final Path source;
        private final Path target;

        Linking(Path source, Path target) {
            this.source = source;
            this.target = target;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path from, BasicFileAttributes attributes) throws IOException {
            if (!from.equals(source)) {
                Files.createDirectory(target(from));
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path from, BasicFileAttributes attributes) throws IOException {
            if (!attributes.isRegularFile() || !ArtifactFiles.isLinked(from, target(from))) {
                Files.copy(from, target(from), StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
            }
            return FileVisitResult.CONTINUE;
        }

        private Path target(Path from) {
            return target.resolve(source.relativize(from));
        }
    }
}
