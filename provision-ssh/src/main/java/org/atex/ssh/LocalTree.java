package org.atex.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Set;
import org.atex.support.RawFileName;
import org.jspecify.annotations.Nullable;

/**
 * Writes files that a host sends to a local directory or file. The names and links come from the host and are not
 * trusted: no name and no link leads to a write outside the target. An existing link is replaced and
 * never followed, except that the target itself may be a link to a directory.
 *
 * <p>Names are {@linkplain RawFileName raw} and relative to the target; {@code .} is the target. Long runs of zeros are
 * written as holes. Not thread-safe.
 */
final class LocalTree {
    private static final int PERMISSIONS = 07777;
    private static final int PIECE = 128 * 1024;

    /** The minimum length of a run of zeros that becomes a hole, in bytes. */
    private static final int HOLE = 16 * 1024;

    private static final Set<PosixFilePermission> OWNER =
            Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE);

    private final Path target;
    private final TransferListener listener;
    private final Deque<Pending> directories = new ArrayDeque<>();
    private long moved;

    /** The mode and time of a directory, which are set when all its entries are written. */
    private record Pending(Path directory, int mode, FileTime time) {}

    /** The stream of the content failed. All other exceptions of this class concern local files. */
    static final class StreamException extends IOException {
        private static final long serialVersionUID = 1L;
        private final IOException reason;

        StreamException(IOException reason) {
            super(reason);
            this.reason = reason;
        }

        IOException reason() {
            return reason;
        }
    }

    /**
     * Creates a writer.
     *
     * @param target the directory, or the single file, to write
     * @param listener receives the progress
     */
    LocalTree(Path target, TransferListener listener) {
        this.target = target;
        this.listener = listener;
    }

    /** {@return whether no directory has been received so far} */
    boolean isEmpty() {
        return directories.isEmpty();
    }

    void directory(String name, int mode, FileTime time) throws IOException {
        Path path = resolve(name);
        makeParents(path);
        makeDirectory(path);
        directories.push(new Pending(path, mode, time));
    }

    /**
     * Writes a file.
     *
     * @return the length of the file in bytes
     * @throws StreamException if the content cannot be read
     */
    long file(String name, int mode, FileTime time, InputStream content) throws IOException {
        Path path = resolve(name);
        makeParents(path);
        clear(path);
        long size;
        try (SeekableByteChannel out =
                Files.newByteChannel(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            size = copy(content, out, RawFileName.readable(name));
        }
        Files.setAttribute(path, "unix:mode", mode & PERMISSIONS);
        times(path, time);
        return size;
    }

    void link(String name, String to, FileTime time) throws IOException {
        Path path = resolve(name);
        makeParents(path);
        clear(path);
        Files.createSymbolicLink(path, RawFileName.path(to));
        times(path, time);
    }

    /** Creates a hard link to a file that was received before. */
    void hardLink(String name, String first) throws IOException {
        Path file = resolve(first);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || !liesInRealDirectories(file)) {
            throw new IOException("the host sent a hard link to a file that it did not send: "
                    + RawFileName.readable(name) + " for " + RawFileName.readable(first));
        }
        Path path = resolve(name);
        makeParents(path);
        clear(path);
        Files.createLink(path, file);
    }

    private long copy(InputStream from, SeekableByteChannel to, String name) throws IOException {
        byte[] piece = new byte[PIECE];
        long size = 0;
        long end = 0;
        while (true) {
            long hole;
            int n;
            try {
                hole = from instanceof TarReader.Content content ? content.skipHole() : 0;
                n = from.read(piece);
            } catch (IOException e) {
                throw new StreamException(e);
            }
            size += hole;
            moved += hole;
            if (n < 0) {
                break;
            }
            if (n < HOLE || !Holes.isZero(piece, n)) {
                write(to, size, piece, n);
                end = size + n;
            }
            size += n;
            moved += n;
            listener.transferred(name, moved);
        }
        // A hole at the end: its last byte is written, which gives the file its length.
        if (end < size) {
            write(to, size - 1, new byte[1], 1);
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

    private Path resolve(String name) throws IOException {
        Path path = target;
        for (String part : name.split("/", -1)) {
            if (part.equals("..") || part.indexOf('\0') >= 0 || name.startsWith("/")) {
                throw new IOException("the host sent a name that leads out of the target: " + RawFileName.readable(name)
                        + "; nothing was written there");
            }
            if (!part.isEmpty() && !part.equals(".")) {
                path = path.resolve(RawFileName.path(part));
            }
        }
        return path;
    }

    private boolean liesInRealDirectories(Path path) {
        for (Path up = path.getParent(); up != null && !up.equals(target); up = up.getParent()) {
            if (!Files.isDirectory(up, LinkOption.NOFOLLOW_LINKS)) {
                return false;
            }
        }
        return true;
    }

    private void makeParents(Path path) throws IOException {
        if (path.equals(target)) {
            Path parent = target.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            return;
        }
        Path up = target;
        makeDirectory(up);
        Path parts = target.relativize(path);
        for (int i = 0; i < parts.getNameCount() - 1; i++) {
            up = up.resolve(parts.getName(i));
            makeDirectory(up);
        }
    }

    private void makeDirectory(Path directory) throws IOException {
        LinkOption[] links =
                directory.equals(target) ? new LinkOption[0] : new LinkOption[] {LinkOption.NOFOLLOW_LINKS};
        if (!Files.isDirectory(directory, links)) {
            Files.deleteIfExists(directory);
            Files.createDirectory(directory);
        }
        // An existing directory may deny access to its owner. finish() sets the final mode.
        PosixFileAttributeView view = Files.getFileAttributeView(directory, PosixFileAttributeView.class);
        Set<PosixFilePermission> permissions = EnumSet.copyOf(OWNER);
        permissions.addAll(view.readAttributes().permissions());
        if (!permissions.equals(view.readAttributes().permissions())) {
            view.setPermissions(permissions);
        }
    }

    private static void clear(Path path) throws IOException {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("a directory is in the way of a file: " + path);
        }
        Files.deleteIfExists(path);
    }

    private static void times(Path path, FileTime time) throws IOException {
        Files.getFileAttributeView(path, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .setTimes(time, null, null);
    }

    /** Sets the modes and times of directories, the innermost first. */
    void finish() throws IOException {
        for (@Nullable Pending next; (next = directories.poll()) != null; ) {
            Files.setAttribute(next.directory(), "unix:mode", next.mode() & PERMISSIONS);
            Files.getFileAttributeView(next.directory(), BasicFileAttributeView.class)
                    .setTimes(next.time(), null, null);
        }
    }
}
