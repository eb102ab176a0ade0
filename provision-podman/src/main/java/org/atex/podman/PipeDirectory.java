package org.atex.podman;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.ClosedDirectoryStreamException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/**
 * The directory of a resident shell, as this machine sees it: named pipes that are opened in it lead into the container.
 * No link in the container leads out of it: none is followed, at any step.
 *
 * <p>Thread safety: from any thread.
 */
final class PipeDirectory implements Closeable {
    private final SecureDirectoryStream<Path> directory;

    private PipeDirectory(SecureDirectoryStream<Path> directory) {
        this.directory = directory;
    }

    /**
     * Opens it.
     *
     * @param process the container's first process
     * @param path the directory's path in the container
     * @throws IOException if this machine's user must not see it, or the container is gone
     */
    @SuppressWarnings("StreamResourceLeak") // each is closed when the next is open, the last by close()
    static PipeDirectory open(long process, Path path) throws IOException {
        SecureDirectoryStream<Path> at = secure(Files.newDirectoryStream(Path.of("/proc/" + process + "/root")));
        for (Path name : path) {
            try (SecureDirectoryStream<Path> above = at) {
                at = above.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS);
            }
        }
        return new PipeDirectory(at);
    }

    private static SecureDirectoryStream<Path> secure(DirectoryStream<Path> stream) throws IOException {
        if (stream instanceof SecureDirectoryStream<Path> secure) {
            return secure;
        }
        stream.close();
        throw new IOException("this machine has no directories that can be entered without following links");
    }

    /** {@return which of some names is there, or an empty text; to be asked once} */
    String firstOf(String... names) {
        Set<String> wanted = Set.of(names);
        for (Path file : directory) {
            String name = String.valueOf(file.getFileName());
            if (wanted.contains(name)) {
                return name;
            }
        }
        return "";
    }

    SeekableByteChannel reader(String name) throws IOException {
        return open(name, StandardOpenOption.READ);
    }

    SeekableByteChannel writer(String name) throws IOException {
        return open(name, StandardOpenOption.WRITE);
    }

    /** {@return a channel that keeps a pipe open at both ends, so that nobody who opens it has to wait} */
    SeekableByteChannel keeper(String name) throws IOException {
        return open(name, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private SeekableByteChannel open(String name, StandardOpenOption... how) throws IOException {
        Set<OpenOption> options = new HashSet<>(Set.of(how));
        options.add(LinkOption.NOFOLLOW_LINKS);
        try {
            return directory.newByteChannel(Path.of(name), options);
        } catch (ClosedDirectoryStreamException e) {
            throw new IOException("the shell in the container has ended", e);
        }
    }

    @Override
    public void close() throws IOException {
        directory.close();
    }
}
