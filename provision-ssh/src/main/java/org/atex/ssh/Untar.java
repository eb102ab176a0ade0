package org.atex.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
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
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unpacks a tar stream that somebody sent whom we do not trust: nothing is written outside the target, whatever its names
 * and links are. A link in the way is replaced, never followed, except that the target itself may be a link to a
 * directory.
 */
final class Untar {
    private static final Logger LOG = LoggerFactory.getLogger(Untar.class);
    private static final int PERMISSIONS = 07777;
    private static final Set<PosixFilePermission> OWNER = EnumSet.of(
            PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE);

    private final Path target;
    private final String name;
    private final TransferListener listener;
    private final Deque<Pending> directories = new ArrayDeque<>();
    private long moved;

    /** What a directory gets once nothing more is written into it. */
    private record Pending(Path directory, int mode, FileTime time) {}

    /** Something failed on this machine, not on the way. */
    static final class HereException extends IOException {
        private static final long serialVersionUID = 1L;
        private final IOException reason;

        HereException(IOException reason) {
            super(reason);
            this.reason = reason;
        }

        IOException reason() {
            return reason;
        }
    }

    /**
     * Makes one.
     *
     * @param target where the tree, or the single file, goes
     * @param name what a single file is called in the archive
     * @param listener who is told
     */
    Untar(Path target, String name, TransferListener listener) {
        this.target = target;
        this.name = name;
        this.listener = listener;
    }

    /**
     * Unpacks.
     *
     * @throws HereException if it cannot be written here
     * @throws IOException if the stream breaks
     */
    void read(InputStream stream) throws IOException {
        TarArchiveInputStream archive = new TarArchiveInputStream(stream, "UTF-8");
        boolean any = false;
        for (@Nullable TarArchiveEntry entry; (entry = archive.getNextEntry()) != null; ) {
            any = true;
            Path path = place(entry.getName());
            if (path == null) {
                throw new HereException(new IOException("the system sent a name that leads elsewhere: "
                        + entry.getName() + "; nothing was written there"));
            }
            unpack(archive, entry, path);
        }
        if (!any) {
            throw new IOException("the system sent nothing");
        }
    }

    private @Nullable Path place(String entry) {
        if (entry.equals("./" + name) && directories.isEmpty()) {
            return target;
        }
        Path path = target;
        for (String part : entry.split("/", -1)) {
            if (part.equals("..") || part.indexOf('\0') >= 0) {
                return null;
            }
            if (!part.isEmpty() && !part.equals(".")) {
                path = path.resolve(part);
            }
        }
        return entry.startsWith("/") ? null : path;
    }

    private void unpack(TarArchiveInputStream archive, TarArchiveEntry entry, Path path) throws IOException {
        try {
            makeParents(path);
            if (entry.isDirectory()) {
                makeDirectory(path);
                directories.push(new Pending(path, entry.getMode(), entry.getLastModifiedTime()));
            } else if (entry.isSymbolicLink()) {
                clear(path);
                Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
                times(path, entry.getLastModifiedTime());
            } else if (entry.isLink()) {
                hardLink(path, entry);
            } else if (entry.isFile()) {
                clear(path);
                try (OutputStream out =
                        Files.newOutputStream(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                    content(archive, entry, out);
                }
                Files.setAttribute(path, "unix:mode", entry.getMode() & PERMISSIONS);
                times(path, entry.getLastModifiedTime());
            } else {
                LOG.warn("left out of the copy to {}: {} is no file, directory or link", target, entry.getName());
            }
        } catch (StreamException e) {
            throw e.reason;
        } catch (IOException e) {
            throw new HereException(e);
        }
    }

    /** The stream broke, while everything else that can go wrong here is this machine's. */
    private static final class StreamException extends IOException {
        private static final long serialVersionUID = 1L;
        private final IOException reason;

        StreamException(IOException reason) {
            super(reason);
            this.reason = reason;
        }
    }

    private void content(InputStream archive, TarArchiveEntry entry, OutputStream out) throws IOException {
        byte[] piece = new byte[(int) Math.min(128 * 1024, Math.max(1, entry.getSize()))];
        while (true) {
            int n;
            try {
                n = archive.read(piece);
            } catch (IOException e) {
                throw new StreamException(e);
            }
            if (n < 0) {
                return;
            }
            out.write(piece, 0, n);
            moved += n;
            listener.moved(entry.getName(), moved);
        }
    }

    /** Another name of a file that came before. */
    private void hardLink(Path path, TarArchiveEntry entry) throws IOException {
        Path first = place(entry.getLinkName());
        if (first == null || !Files.isRegularFile(first, LinkOption.NOFOLLOW_LINKS) || !isBelowRealDirectories(first)) {
            throw new IOException("the system sent a second name of something that it did not send: " + entry.getName()
                    + " for " + entry.getLinkName());
        }
        clear(path);
        Files.createLink(path, first);
    }

    private boolean isBelowRealDirectories(Path path) {
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
        for (Path part : target.relativize(path.getParent() == null ? path : path.getParent())) {
            if (!part.toString().isEmpty()) {
                up = up.resolve(part);
                makeDirectory(up);
            }
        }
    }

    private void makeDirectory(Path directory) throws IOException {
        LinkOption[] links =
                directory.equals(target) ? new LinkOption[0] : new LinkOption[] {LinkOption.NOFOLLOW_LINKS};
        if (!Files.isDirectory(directory, links)) {
            Files.deleteIfExists(directory);
            Files.createDirectory(directory);
        }
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

    /** Gives directories their modes and times, the innermost first. */
    void finish() throws IOException {
        while (!directories.isEmpty()) {
            Pending pending = directories.pop();
            Files.setAttribute(pending.directory(), "unix:mode", pending.mode() & PERMISSIONS);
            BasicFileAttributeView view = Files.getFileAttributeView(pending.directory(), BasicFileAttributeView.class);
            view.setTimes(pending.time(), null, null);
        }
    }
}
