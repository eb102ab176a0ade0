package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.math.BigDecimal;
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
    private static final int LONGEST = 8192;

    /** First a line that says what comes. */
    private static final String SEND = """
            if [ -L "$1" ]; then
                printf 'link\\n' && exec readlink -n -- "$1"
            elif [ -d "$1" ]; then
                printf 'tree\\n' && exec tar -c -f - -C "$1" .
            elif [ -f "$1" ]; then
                stat -c 'file %a %.9Y' -- "$1" && exec cat -- "$1"
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
        try (RunningCommand running = connection.start(Command.of("sh", "-c", SEND, "sh", source))) {
            FutureTask<String> words = words("words", running.stderr());
            InputStream out = running.stdout();
            List<String> kind = List.of(line(out).split(" ", -1));
            switch (kind.get(0)) {
                case "link" -> {
                    String to = new String(out.readAllBytes(), UTF_8);
                    finish(running, words);
                    clear();
                    Files.createSymbolicLink(target, Path.of(to));
                }
                case "file" -> {
                    clear();
                    receiveFile(out, Integer.parseInt(kind.get(1), 8), kind.get(2));
                    finish(running, words);
                }
                case "tree" -> receiveTree(running, words);
                default -> {
                    finish(running, words);
                    throw new IOException("the container sent nothing");
                }
            }
        } catch (NumberFormatException e) {
            throw new IOException("the container did not say what it sends: " + e.getMessage(), e);
        }
    }

    /** Not more than the line: a reader that buffers would take what comes after it. */
    private static String line(InputStream stream) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b; (b = stream.read()) >= 0 && b != '\n' && line.size() < LONGEST; ) {
            line.write(b);
        }
        return line.toString(UTF_8);
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

    private void receiveFile(InputStream from, int mode, String time) throws IOException {
        try (OutputStream to = Files.newOutputStream(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            copy(from, to);
        }
        Files.setAttribute(target, "unix:mode", mode & PERMISSIONS);
        long nanos = new BigDecimal(time).movePointRight(9).longValue();
        Files.setLastModifiedTime(target, FileTime.from(nanos, TimeUnit.NANOSECONDS));
    }

    private void receiveTree(RunningCommand running, FutureTask<String> words)
            throws IOException, InterruptedException {
        makeParents();
        if (!Files.isDirectory(target)) {
            Files.deleteIfExists(target);
            Files.createDirectory(target);
        }
        ProcessBuilder unpack = new ProcessBuilder(
                        "tar",
                        "-x",
                        "-p",
                        "--no-same-owner",
                        "--delay-directory-restore",
                        "-f",
                        "-",
                        "-C",
                        target.toString())
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
