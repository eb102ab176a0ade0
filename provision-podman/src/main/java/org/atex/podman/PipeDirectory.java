package org.atex.podman;

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
import java.util.concurrent.Executor;
import org.atex.api.Command;

/**
 * The directory of a resident shell, opened from this machine through {@code /proc/PID/root}. The named pipes in it
 * connect this program to processes in the container.
 *
 * <p>No step follows symbolic links, so a link in the container cannot lead to a file of this machine.
 *
 * <p>Thread safety: safe for use from any thread.
 */
final class PipeDirectory implements Pipes {
    private final SecureDirectoryStream<Path> directory;

    private PipeDirectory(SecureDirectoryStream<Path> directory) {
        this.directory = directory;
    }

    /**
     * Opens the directory.
     *
     * @param process the process id, on this machine, of the first process of the container
     * @param path the absolute path of the directory in the container
     * @throws IOException if the container has ended, or the user of this program may not access its files
     */
    @SuppressWarnings("StreamResourceLeak") // each stream is closed when the next is open, and the last one by close()
    static PipeDirectory open(long process, Path path) throws IOException {
        SecureDirectoryStream<Path> at = secure(Files.newDirectoryStream(Path.of("/proc/" + process + "/root")));
        // One name at a time, because NOFOLLOW_LINKS applies to the last name of a path only.
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
        throw new IOException("this file system does not support opening directories without following links");
    }

    /**
     * {@return the first of these names found in the directory, or an empty string} Can be called only once, since the
     * directory stream has one iterator.
     */
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

    @Override
    public CommandStreams streams(Command command, PipeNames names, Executor threads) {
        return new LocalStreams(this, command, names, threads);
    }

    SeekableByteChannel reader(String name) throws IOException {
        return open(name, StandardOpenOption.READ);
    }

    SeekableByteChannel writer(String name) throws IOException {
        return open(name, StandardOpenOption.WRITE);
    }

    /**
     * {@return a channel on both ends of a pipe} While it is open, opening either end does not block, and a reader does
     * not see the end of the stream.
     */
    SeekableByteChannel openBothEnds(String name) throws IOException {
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
