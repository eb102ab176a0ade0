package org.atex.local;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.CopyOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies a file or a tree. Modes, symbolic links (as links) and modification times are kept.
 *
 * <p>Files are added to an existing directory, and existing files and links are replaced. The copy never writes through
 * a symbolic link, except that the target itself may be a link to a directory. Devices, sockets and named pipes are
 * skipped with a warning.
 *
 * <p>Long blocks of zeros in large files become holes. Files of {@code /proc} and {@code /sys} are read to their end,
 * since the kernel states wrong sizes for them.
 */
final class TreeCopy extends SimpleFileVisitor<Path> {
    private static final Logger LOG = LoggerFactory.getLogger(TreeCopy.class);
    private static final CopyOption[] KEEP_ALL = {
        LinkOption.NOFOLLOW_LINKS, StandardCopyOption.COPY_ATTRIBUTES, StandardCopyOption.REPLACE_EXISTING
    };

    // Larger files are copied in blocks, so that an interrupt takes effect within a file.
    private static final long LARGE = 1 << 20;

    private static final int BLOCK_SIZE = 128 * 1024;
    private static final byte[] ZEROS = new byte[BLOCK_SIZE];

    private final Path source;
    private final Path target;
    private final boolean kernelFiles;

    private TreeCopy(Path source, Path target) throws IOException {
        this.source = source;
        this.target = target;
        boolean tree = Files.isDirectory(source, LinkOption.NOFOLLOW_LINKS);
        Path real = (tree ? source : source.toAbsolutePath().resolveSibling(".")).toRealPath();
        kernelFiles = real.startsWith("/proc") || real.startsWith("/sys");
    }

    /**
     * Copies a file or a tree.
     *
     * @param source a file, directory or symbolic link
     * @param target the path of the copy; missing parent directories are created
     * @throws TransferException if the copy fails; part of it may have been written
     * @throws InterruptedException if interrupted; takes effect before the next file, or the next block of a large file
     */
    static void copy(Path source, Path target) throws InterruptedException {
        if (Thread.interrupted()) {
            throw interruption(source, target);
        }
        try {
            if (Files.isDirectory(source, LinkOption.NOFOLLOW_LINKS) && isInside(target, source)) {
                throw new IOException("the target is inside the source");
            }
            Path parent = target.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Files.walkFileTree(source, new TreeCopy(source, target));
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw interruption(source, target);
        } catch (IOException e) {
            throw new TransferException(
                    "could not copy " + source + " to " + target + ": " + reason(e)
                            + " (part of it may have been copied)",
                    e);
        }
    }

    private static boolean isInside(Path inner, Path outer) throws IOException {
        Path existing = inner.toAbsolutePath().normalize();
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        return existing != null && existing.toRealPath().startsWith(outer.toRealPath());
    }

    private static InterruptedException interruption(Path source, Path target) {
        return new InterruptedException("interrupted while copying " + source + " to " + target);
    }

    // The message of a FileSystemException is often the path alone, and the class name states the problem.
    private static String reason(IOException e) {
        String kind = e.getClass().getSimpleName().replace("Exception", "");
        return e.getClass() == IOException.class ? String.valueOf(e.getMessage()) : kind + ": " + e.getMessage();
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
        refuseIfInterrupted();
        Path copy = copyOf(directory);
        boolean mayBeLink = directory.equals(source);
        if (!(mayBeLink ? Files.isDirectory(copy) : Files.isDirectory(copy, LinkOption.NOFOLLOW_LINKS))) {
            Files.deleteIfExists(copy);
            Files.createDirectory(copy);
        }
        makeWritable(copy);
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
        refuseIfInterrupted();
        Path copy = copyOf(file);
        if (attributes.isOther()) {
            LOG.warn("skipped in the copy to {}: {} is not a file, directory or symbolic link", target, file);
        } else if (Files.isDirectory(copy, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("a directory is in the way of a file: " + copy);
        } else if (attributes.isRegularFile() && (kernelFiles || attributes.size() > LARGE)) {
            long size = copyInBlocks(file, copy);
            if (size < attributes.size() && !kernelFiles) {
                throw new IOException(file + " became shorter during the copy");
            }
            keepAttributes(file, copy, attributes);
        } else {
            Files.copy(file, copy, KEEP_ALL);
            keepTime(copy, attributes);
        }
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) throws IOException {
        if (e != null) {
            throw e;
        }
        // After its files, since each copied file changes the time of the directory.
        keepAttributes(directory, copyOf(directory), Files.readAttributes(directory, BasicFileAttributes.class));
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

    // An interrupt closes the channels used here, which ends the copy with a ClosedByInterruptException.
    private static long copyInBlocks(Path file, Path copy) throws IOException {
        Files.deleteIfExists(copy);
        long size = 0;
        long end = 0;
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
                SeekableByteChannel out =
                        Files.newByteChannel(copy, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] block = new byte[BLOCK_SIZE];
            for (int n; (n = in.read(block)) >= 0; size += n) {
                if (n < BLOCK_SIZE || Arrays.mismatch(block, ZEROS) >= 0) {
                    write(out, size, block, n);
                    end = size + n;
                }
            }
            if (end < size) { // the file ends with a hole: writing its last byte sets the size
                write(out, size - 1, ZEROS, 1);
            }
        }
        return size;
    }

    private static void write(SeekableByteChannel to, long at, byte[] bytes, int length) throws IOException {
        if (to.position() != at) {
            to.position(at);
        }
        for (ByteBuffer left = ByteBuffer.wrap(bytes, 0, length); left.hasRemaining(); ) {
            to.write(left);
        }
    }

    private static void keepAttributes(Path from, Path to, BasicFileAttributes attributes) throws IOException {
        if (Files.getFileStore(to).supportsFileAttributeView(PosixFileAttributeView.class)) {
            Files.setAttribute(to, "unix:mode", Files.getAttribute(from, "unix:mode"));
        }
        keepTime(to, attributes);
    }

    /** Sets the modification time of a copy; of a link itself, not of its target. */
    private static void keepTime(Path copy, BasicFileAttributes attributes) throws IOException {
        boolean link = Files.isSymbolicLink(copy) && attributes.isSymbolicLink();
        LinkOption[] options = link ? new LinkOption[] {LinkOption.NOFOLLOW_LINKS} : new LinkOption[0];
        Files.getFileAttributeView(copy, BasicFileAttributeView.class, options)
                .setTimes(attributes.lastModifiedTime(), null, null);
    }

    /** Gives the owner access to an existing directory; postVisitDirectory sets the final mode. */
    private static void makeWritable(Path directory) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(directory, PosixFileAttributeView.class);
        if (view != null) {
            Set<PosixFilePermission> permissions =
                    EnumSet.copyOf(view.readAttributes().permissions());
            Set<PosixFilePermission> owner = EnumSet.of(
                    PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE);
            if (permissions.addAll(owner)) {
                view.setPermissions(permissions);
            }
        }
    }
}
