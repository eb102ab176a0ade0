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
 * Copies a file or a tree, keeping modes, links (as links) and times. A directory that is there is added to; whatever else
 * is in the way is replaced, links above all: nothing is written through one, except that the target itself may be a
 * link to a directory. Devices, sockets and named pipes are left out. Long runs of zeros in large files become holes. Files of
 * {@code /proc} and {@code /sys}, which are longer or shorter than they say, are read to their end.
 */
final class TreeCopy extends SimpleFileVisitor<Path> {
    private static final Logger LOG = LoggerFactory.getLogger(TreeCopy.class);
    private static final CopyOption[] KEEP_ALL = {
        LinkOption.NOFOLLOW_LINKS, StandardCopyOption.COPY_ATTRIBUTES, StandardCopyOption.REPLACE_EXISTING
    };

    /** Larger files are copied in pieces, which can be interrupted. */
    private static final long LARGE = 1 << 20;

    private static final int PIECE = 128 * 1024;
    private static final byte[] ZEROS = new byte[PIECE];

    private final Path source;
    private final Path target;
    private final boolean kernel;

    private TreeCopy(Path source, Path target) throws IOException {
        this.source = source;
        this.target = target;
        boolean tree = Files.isDirectory(source, LinkOption.NOFOLLOW_LINKS);
        Path real = (tree ? source : source.toAbsolutePath().resolveSibling(".")).toRealPath();
        kernel = real.startsWith("/proc") || real.startsWith("/sys");
    }

    /**
     * Copies.
     *
     * @param source a file or directory
     * @param target the path that the copy will have
     * @throws TransferException if it cannot be done
     * @throws InterruptedException if interrupted, at the latest before the next file or piece of one
     */
    static void copy(Path source, Path target) throws InterruptedException {
        if (Thread.interrupted()) {
            throw interruption(source, target);
        }
        try {
            if (Files.isDirectory(source, LinkOption.NOFOLLOW_LINKS) && liesIn(target, source)) {
                throw new IOException("the target lies inside the source");
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
                    "could not copy " + source + " to " + target + ": " + reason(e) + " (part of it may be there)", e);
        }
    }

    private static boolean liesIn(Path inner, Path outer) throws IOException {
        Path existing = inner.toAbsolutePath().normalize();
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        return existing != null && existing.toRealPath().startsWith(outer.toRealPath());
    }

    private static InterruptedException interruption(Path source, Path target) {
        return new InterruptedException("interrupted while copying " + source + " to " + target);
    }

    /** The messages of file system exceptions are paths; their names say what is wrong. */
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
            LOG.warn("left out of the copy to {}: {} is neither a file nor a directory nor a link", target, file);
        } else if (Files.isDirectory(copy, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("a directory is in the way of a file: " + copy);
        } else if (attributes.isRegularFile() && (kernel || attributes.size() > LARGE)) {
            long size = copyInPieces(file, copy);
            if (size < attributes.size() && !kernel) {
                throw new IOException(file + " became shorter while it was read");
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
        // Last, as every file that was copied into it changed its time.
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

    /** An interrupt closes the channels beneath these streams, which ends the copy. */
    private static long copyInPieces(Path file, Path copy) throws IOException {
        Files.deleteIfExists(copy);
        long size = 0;
        long end = 0;
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
                SeekableByteChannel out =
                        Files.newByteChannel(copy, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] piece = new byte[PIECE];
            for (int n; (n = in.read(piece)) >= 0; size += n) {
                if (n < PIECE || Arrays.mismatch(piece, ZEROS) >= 0) {
                    write(out, size, piece, n);
                    end = size + n;
                }
            }
            if (end < size) {
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

    /** Also of a link, which is not followed. */
    private static void keepTime(Path copy, BasicFileAttributes attributes) throws IOException {
        boolean link = Files.isSymbolicLink(copy) && attributes.isSymbolicLink();
        LinkOption[] options = link ? new LinkOption[] {LinkOption.NOFOLLOW_LINKS} : new LinkOption[0];
        Files.getFileAttributeView(copy, BasicFileAttributeView.class, options)
                .setTimes(attributes.lastModifiedTime(), null, null);
    }

    /** A directory that is there may be closed to its owner; its mode is set in the end anyway. */
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
