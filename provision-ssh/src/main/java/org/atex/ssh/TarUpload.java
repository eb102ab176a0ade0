package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends a file or a tree as a tar stream to one command. */
final class TarUpload extends Transfer {
    private static final Logger LOG = LoggerFactory.getLogger(TarUpload.class);
    private static final int BUFFER = 128 * 1024;
    private static final int PERMISSIONS = 07777;

    /** Not as the owner that the archive names, but as who is logged in; modes as they are, whatever the umask. */
    private static final String TREE = "mkdir -p -- \"$1\" && exec tar -x -p -o -f - -C \"$1\"";

    private static final String FILE = """
            mkdir -p -- "$1" || exit
            if [ -d "$1/$2" ] && [ ! -L "$1/$2" ]; then
                echo "a directory is in the way of a file: $1/$2" >&2
                exit 1
            fi
            exec tar -x -p -o -f - -C "$1"
            """;

    private final Connection connection;
    private final Path source;
    private final String target;
    private final TransferListener listener;
    private long moved;

    TarUpload(Connection connection, Route route, Path source, String target) {
        super(source.toString(), target + " on " + route);
        this.connection = connection;
        this.source = source;
        this.target = target;
        this.listener = route.options().transfers();
    }

    @Override
    void attempt() throws IOException, InterruptedException {
        if (!Files.exists(source, LinkOption.NOFOLLOW_LINKS)) {
            throw new NoSuchFileException(source.toString());
        }
        moved = 0;
        try (RunningCommand tar =
                connection.start(unpack().withStdin(Input.pipe()).withStdout(Output.discard()))) {
            Callable<String> reading = () -> new String(tar.stderr().readAllBytes(), UTF_8);
            FutureTask<String> said = new FutureTask<>(reading);
            Thread.ofVirtual().name("atex-ssh-tar").start(said);
            IOException broken = null;
            try (TarArchiveOutputStream archive = archive(tar)) {
                send(archive);
            } catch (ChangedException e) {
                throw e;
            } catch (IOException e) {
                broken = e;
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException();
            }
            CommandEnd end = tar.await();
            if (!end.succeeded()) {
                throw reason(end, text(said), broken);
            }
            if (broken != null) {
                throw broken;
            }
        }
    }

    private static String text(FutureTask<String> said) throws InterruptedException {
        try {
            return said.get();
        } catch (ExecutionException e) {
            return "";
        }
    }

    private boolean isTree() {
        return Files.isDirectory(source, LinkOption.NOFOLLOW_LINKS);
    }

    private Command unpack() {
        if (isTree()) {
            return Command.of("sh", "-c", TREE, "sh", target);
        }
        return Command.of("sh", "-c", FILE, "sh", RemotePath.parent(target), RemotePath.name(target));
    }

    private static TarArchiveOutputStream archive(RunningCommand tar) {
        TarArchiveOutputStream archive =
                new TarArchiveOutputStream(new BufferedOutputStream(tar.stdin(), BUFFER), "UTF-8");
        archive.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
        archive.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_STAR);
        return archive;
    }

    private void send(TarArchiveOutputStream archive) throws IOException {
        if (!isTree()) {
            add(archive, source, RemotePath.name(target), attributes(source));
            return;
        }
        Files.walkFileTree(source, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                add(archive, directory, name(directory), attributes);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                add(archive, file, name(file), attributes);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private String name(Path path) {
        return path.equals(source) ? "." : "./" + source.relativize(path);
    }

    private static BasicFileAttributes attributes(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    private void add(TarArchiveOutputStream archive, Path path, String name, BasicFileAttributes attributes)
            throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException();
        }
        if (attributes.isOther()) {
            LOG.warn("left out of the copy to {}: {} is neither a file nor a directory nor a link", target, path);
            return;
        }
        TarArchiveEntry entry = attributes.isSymbolicLink()
                ? new TarArchiveEntry(name, TarConstants.LF_SYMLINK)
                : new TarArchiveEntry(attributes.isDirectory() ? name + "/" : name, false);
        if (attributes.isSymbolicLink()) {
            entry.setLinkName(Files.readSymbolicLink(path).toString());
        } else {
            int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            entry.setMode(mode & PERMISSIONS);
        }
        entry.setLastModifiedTime(attributes.lastModifiedTime());
        if (attributes.isRegularFile()) {
            entry.setSize(attributes.size());
        }
        archive.putArchiveEntry(entry);
        if (attributes.isRegularFile()) {
            content(archive, path, attributes.size());
        }
        archive.closeArchiveEntry();
    }

    private void content(TarArchiveOutputStream archive, Path file, long size) throws IOException {
        byte[] piece = new byte[(int) Math.min(BUFFER, Math.max(1, size))];
        long left = size;
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            while (left > 0) {
                int n = in.read(piece, 0, (int) Math.min(piece.length, left));
                if (n < 0) {
                    throw new ChangedException(file + " became shorter while it was read");
                }
                archive.write(piece, 0, n);
                left -= n;
                moved += n;
                listener.moved(file.toString(), moved);
            }
        }
    }
}
