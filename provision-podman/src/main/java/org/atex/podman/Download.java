package org.atex.podman;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.atex.api.Command;
import org.atex.api.RunningCommand;

/** Copies a file or a tree of a container to this machine. */
final class Download extends Transfer {
    private static final int PERMISSIONS = 07777;

    /** First a line that says what comes. */
    private static final String SEND = KERNELS + ASK_TAR + """
            if [ -L "$1" ]; then
                printf 'link\\n' && exec readlink -n -- "$1"
            elif [ -d "$1" ]; then
                cd "$1" && printf 'tree\\n' && exec sh -c "$2" sh "$how"
            elif [ -f "$1" ]; then
                about=$(stat -c '%a %.9Y %s' -- "$1") || exit
                # What the kernel's files have is not what they say.
                ! kernels "${1%/*}/" || about="${about% *} 0"
                printf 'file %s\\n' "$about" && exec cat -- "$1"
            elif [ -e "$1" ]; then
                echo "it is neither a file nor a directory nor a link: $1" >&2
            else
                echo "there is no such file: $1" >&2
            fi
            exit 1
            """;

    private final PodmanConnection connection;
    private final String source;
    private final Path target;

    Download(PodmanConnection connection, String source, Path target) {
        super(source + " in " + connection, target.toString());
        this.connection = connection;
        this.source = source;
        this.target = target;
    }

    @Override
    void move() throws IOException, InterruptedException {
        try (RunningCommand running = connection.start(Command.of("sh", "-c", SEND, "sh", source, PACK))) {
            FutureTask<String> words = words("words", running.stderr());
            InputStream out = running.stdout();
            List<String> kind = List.of(line(out).split(" ", -1));
            switch (kind.get(0)) {
                case "link" -> {
                    byte[] to = out.readAllBytes();
                    finish(running, words);
                    clear();
                    makeLink(to);
                }
                case "file" -> {
                    clear();
                    long size = receiveFile(out, Integer.parseInt(kind.get(1), 8), kind.get(2));
                    finish(running, words);
                    if (size < Long.parseLong(kind.get(3))) {
                        throw new IOException("the copy is not as long as the original: " + size + " of " + kind.get(3)
                                + " bytes (is it written to?)");
                    }
                }
                case "tree" -> receiveTree(running, words);
                default -> {
                    finish(running, words);
                    throw new IOException("the container sent nothing");
                }
            }
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            throw new IOException("the container did not say what it sends: " + e.getMessage(), e);
        }
    }

    private void makeLink(byte[] to) throws IOException, InterruptedException {
        try (Tar ln = new Tar(new ProcessBuilder("sh", "-c", LINK, "sh", name(target)))) {
            try (OutputStream in = ln.input()) {
                in.write(to);
            }
            ln.finish();
        }
    }

    private void clear() throws IOException {
        if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("a directory is in the way of a file: " + target);
        }
        makeParents();
        Files.deleteIfExists(target);
    }

    private void makeParents() throws IOException {
        Path parent = target.toAbsolutePath().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
    }

    private long receiveFile(InputStream from, int mode, String time) throws IOException {
        long size;
        try (SeekableByteChannel to =
                Files.newByteChannel(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            size = copy(from, to);
        }
        Files.setAttribute(target, "unix:mode", mode & PERMISSIONS);
        long nanos = new BigDecimal(time).movePointRight(9).longValue();
        Files.setLastModifiedTime(target, FileTime.from(nanos, TimeUnit.NANOSECONDS));
        return size;
    }

    private void receiveTree(RunningCommand running, FutureTask<String> words)
            throws IOException, InterruptedException {
        makeParents();
        if (!Files.isDirectory(target)) {
            Files.deleteIfExists(target);
            Files.createDirectory(target);
        }
        ProcessBuilder unpack = new ProcessBuilder(
                        "tar", "-x", "-p", "--no-same-owner", "--delay-directory-restore", "-f", "-")
                .directory(new File(name(target)))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        try (Tar tar = new Tar(unpack)) {
            try (OutputStream in = tar.input()) {
                copy(running.stdout(), in);
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                tar.finish(); // which knows better why it reads no more
                throw e;
            }
            finish(running, words);
            tar.finish();
        }
    }
}
