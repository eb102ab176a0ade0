package org.atex.testkit;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;

/** Copies a file or tree to or from a fake system, with the semantics of {@link org.atex.api.Connection#upload}. */
final class FakeCopy extends SimpleFileVisitor<Path> {
    private final Path source;
    private final Path target;

    private FakeCopy(Path source, Path target) {
        this.source = source;
        this.target = target;
    }

    static void copy(Path source, Path target) throws InterruptedException {
        try {
            refuseIfInterrupted();
            Files.createDirectories(target.toAbsolutePath().resolveSibling("."));
            Files.walkFileTree(source, new FakeCopy(source, target));
        } catch (ClosedByInterruptException e) {
            // Clears the interrupt status, as each method does that throws InterruptedException.
            Thread.interrupted();
            throw new InterruptedException("interrupted while copying " + source + " to " + target);
        } catch (IOException e) {
            throw new TransferException("could not copy " + source + " to " + target + ": " + e, e);
        }
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
        refuseIfInterrupted();
        Path copy = copyOf(directory);
        if (!Files.isDirectory(copy, LinkOption.NOFOLLOW_LINKS)) {
            // A link or a file in place of the directory is replaced, so that nothing is written through a link.
            Files.deleteIfExists(copy);
            // Writable until its content is there: the source may be read-only.
            Files.createDirectory(
                    copy, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
        refuseIfInterrupted();
        Path copy = copyOf(file);
        if (Files.isDirectory(copy, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("cannot replace the directory " + copy + " with a file");
        }
        Files.copy(
                file,
                copy,
                LinkOption.NOFOLLOW_LINKS,
                StandardCopyOption.COPY_ATTRIBUTES,
                StandardCopyOption.REPLACE_EXISTING);
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) throws IOException {
        if (e != null) {
            throw e;
        }
        Path copy = copyOf(directory);
        // After its entries: their creation changes the time and needs write permission.
        Files.setPosixFilePermissions(copy, Files.getPosixFilePermissions(directory));
        Files.getFileAttributeView(copy, BasicFileAttributeView.class)
                .setTimes(Files.getLastModifiedTime(directory), null, null);
        return FileVisitResult.CONTINUE;
    }

    private Path copyOf(Path path) {
        return path.equals(source) ? target : target.resolve(source.relativize(path));
    }

    private static void refuseIfInterrupted() throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new ClosedByInterruptException();
        }
    }
}
