package org.atex.podman;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.atex.api.Command;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;

/** Copies a file or a tree of this machine into a container. */
final class Upload extends Transfer {
    private static final int PERMISSIONS = 07777;

    /** Modes as they are, whatever the umask; not as the owner that the archive names. First it says what its tar knows. */
    private static final String TREE = "mkdir -p \"$1\" && cd \"$1\" || exit\n" + ASK_TAR + """
            echo "$how"
            LC_ALL=C
            export LC_ALL
            exec tar -x -p -o -f -
            """;

    private static final String BESIDE = """
            case $1 in */*) mkdir -p -- "${1%/*}/" || exit ;; esac
            if [ -d "$1" ] && [ ! -L "$1" ]; then
                echo "a directory is in the way of a file: $1" >&2
                exit 1
            fi
            """;

    /**
     * First beside the target, so that a file that is there is replaced at once, and a link is not followed. Of a large file long
     * runs of zeros become holes.
     */
    private static final String FILE = BESIDE + """
            part=$4
            trap 'rm -f -- "$part"' EXIT
            if [ "$5" -ge 1048576 ] && dd if=/dev/null of="$part" iflag=fullblock conv=sparse 2>/dev/null; then
                dd of="$part" bs=64k iflag=fullblock conv=sparse status=none || exit
            else
                cat >"$part" || exit
            fi
            size=$(stat -c %s "$part") || exit
            if [ "$size" -lt "$5" ]; then
                echo "the copy is not as long as the original: $size of $5 bytes" >&2
                exit 1
            fi
            chmod "$2" "$part" && touch -m -d "@$3" "$part" && mv -f -T -- "$part" "$1"
            """;

    private static final String MAKE_LINK = BESIDE + LINK;

    private final PodmanConnection connection;
    private final Path source;
    private final String target;

    Upload(PodmanConnection connection, Path source, String target) {
        super(source.toString(), target + " in " + connection);
        this.connection = connection;
        this.source = source;
        this.target = target;
    }

    @Override
    void move() throws IOException, InterruptedException {
        if (Files.isSymbolicLink(source)) {
            sendLink();
        } else if (Files.isRegularFile(source)) {
            int mode = (Integer) Files.getAttribute(source, "unix:mode") & PERMISSIONS;
            String time = seconds(Files.getLastModifiedTime(source));
            sendFile(Integer.toOctalString(mode), time, isKernels() ? 0 : Files.size(source));
        } else if (Files.isDirectory(source)) {
            sendTree();
        } else if (Files.exists(source, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("it is neither a file nor a directory nor a link");
        } else {
            throw new NoSuchFileException(source.toString());
        }
    }

    private boolean isKernels() throws IOException {
        Path real = source.toRealPath();
        return real.startsWith("/proc") || real.startsWith("/sys");
    }

    private void sendLink() throws IOException, InterruptedException {
        byte[] to;
        try (Tar readlink = new Tar(new ProcessBuilder("readlink", "-n", "--", name(source)))) {
            to = readlink.output().readAllBytes();
            readlink.finish();
        }
        send(Command.of("sh", "-c", MAKE_LINK, "sh", target).withStdin(Input.bytes(to)));
    }

    /** What is killed does not clean up: that is done from here. */
    private void sendFile(String mode, String time, long size) throws IOException, InterruptedException {
        String part =
                target + ".atex-" + Long.toHexString(ThreadLocalRandom.current().nextLong());
        boolean done = false;
        try {
            send(Command.of("sh", "-c", FILE, "sh", target, mode, time, part, Long.toString(size))
                    .withStdin(Input.file(source)));
            done = true;
        } finally {
            if (!done) {
                connection.removeFile(part);
            }
        }
    }

    private static String seconds(FileTime time) {
        long nanos = time.to(TimeUnit.NANOSECONDS);
        long second = TimeUnit.SECONDS.toNanos(1);
        return Math.floorDiv(nanos, second) + String.format(".%09d", Math.floorMod(nanos, second));
    }

    private void send(Command command) throws IOException, InterruptedException {
        try (RunningCommand running = connection.start(command.withStdout(Output.discard()))) {
            finish(running, words("words", running.stderr()));
        }
    }

    private void sendTree() throws IOException, InterruptedException {
        Command unpack = Command.of("sh", "-c", TREE, "sh", target).withStdin(Input.pipe());
        Path directory = Path.of(name(source));
        try (RunningCommand running = connection.start(unpack);
                Tar tar = new Tar(new ProcessBuilder("sh", "-c", PACK, "sh", line(running.stdout()))
                        .directory(directory.toFile()))) {
            FutureTask<String> words = words("words", running.stderr());
            try (OutputStream in = running.stdin()) {
                copy(tar.output(), in);
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                finish(running, words); // which knows better why it reads no more
                throw e;
            }
            finish(running, words);
            tar.finish();
        }
    }
}
