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

/** Copies a file or tree of a container to this machine. */
final class Download extends Transfer {
    private static final int PERMISSIONS = 07777;

    // The first line of the output is a header: "link", "tree", or "file" with mode, modification time and size. The
    // content follows: the target of the link, a tar stream, or the bytes of the file.
    private static final String SEND = IS_KERNEL_DIRECTORY + DETECT_TAR + """
            if [ -L "$1" ]; then
                printf 'link\\n' && exec readlink -n -- "$1"
            elif [ -d "$1" ]; then
                cd "$1" && printf 'tree\\n' && exec sh -c "$2" sh "$tar"
            elif [ -f "$1" ]; then
                about=$(stat -c '%a %.9Y %s' -- "$1") || exit
                # The kernel states wrong sizes for its files, so their size is not checked.
                ! is_kernel_directory "${1%/*}/" || about="${about% *} 0"
                printf 'file %s\\n' "$about" && exec cat -- "$1"
            elif [ -e "$1" ]; then
                echo "it is not a file, directory or symbolic link: $1" >&2
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
    void transfer() throws IOException, InterruptedException {
        try (RunningCommand running = connection.start(Command.of("sh", "-c", SEND, "sh", source, PACK))) {
            FutureTask<String> errors = readAsync("errors", running.stderr());
            InputStream out = running.stdout();
            List<String> header = List.of(readLine(out).split(" ", -1));
            switch (header.get(0)) {
                case "link" -> {
                    byte[] to = out.readAllBytes();
                    awaitSuccess(running, errors);
                    prepareTarget();
                    makeLink(to);
                }
                case "file" -> {
                    prepareTarget();
                    long size = receiveFile(out, Integer.parseInt(header.get(1), 8), header.get(2));
                    awaitSuccess(running, errors);
                    if (size < Long.parseLong(header.get(3))) {
                        throw new IOException("the copy is shorter than the original: " + size + " of " + header.get(3)
                                + " bytes (was the file changed during the copy?)");
                    }
                }
                case "tree" -> receiveTree(running, errors);
                default -> {
                    awaitSuccess(running, errors);
                    throw new IOException("the container sent no data");
                }
            }
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            throw new IOException("the container sent an invalid header: " + e.getMessage(), e);
        }
    }

    private void makeLink(byte[] to) throws IOException, InterruptedException {
        try (LocalProgram ln = new LocalProgram(new ProcessBuilder("sh", "-c", LINK, "sh", encodableName(target)))) {
            try (OutputStream in = ln.input()) {
                in.write(to);
            }
            ln.awaitSuccess();
        }
    }

    private void prepareTarget() throws IOException {
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

    private void receiveTree(RunningCommand running, FutureTask<String> errors)
            throws IOException, InterruptedException {
        makeParents();
        if (!Files.isDirectory(target)) {
            Files.deleteIfExists(target);
            Files.createDirectory(target);
        }
        ProcessBuilder unpack = new ProcessBuilder(
                        "tar", "-x", "-p", "--no-same-owner", "--delay-directory-restore", "-f", "-")
                .directory(new File(encodableName(target)))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        try (LocalProgram tar = new LocalProgram(unpack)) {
            try (OutputStream in = tar.input()) {
                copy(running.stdout(), in);
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                tar.awaitSuccess(); // prefers the error of tar, which stopped reading
                throw e;
            }
            awaitSuccess(running, errors);
            tar.awaitSuccess();
        }
    }
}
