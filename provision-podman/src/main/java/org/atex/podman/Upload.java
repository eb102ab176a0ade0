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

/** Copies a file or tree of this machine to a container. */
final class Upload extends Transfer {
    private static final int PERMISSIONS = 07777;

    // Unpacks a tree. The first output line tells this side which archive format the tar of the container supports. -p
    // applies modes regardless of the umask; -o ignores the owners in the archive.
    private static final String UNPACK_TREE = "mkdir -p \"$1\" && cd \"$1\" || exit\n" + DETECT_TAR + """
            echo "$tar"
            LC_ALL=C
            export LC_ALL
            exec tar -x -p -o -f -
            """;

    // Creates the parent directory, and refuses to replace a directory with a file.
    private static final String PREPARE_TARGET = """
            case $1 in */*) mkdir -p -- "${1%/*}/" || exit ;; esac
            if [ -d "$1" ] && [ ! -L "$1" ]; then
                echo "a directory is in the way of a file: $1" >&2
                exit 1
            fi
            """;

    // Writes to a temporary file next to the target and renames it, so that an existing file is replaced atomically and
    // a link is not followed. In files of 1 MiB or more, blocks of zeros become holes if dd supports that.
    private static final String WRITE_FILE = PREPARE_TARGET + """
            part=$4
            trap 'rm -f -- "$part"' EXIT
            if [ "$5" -ge 1048576 ] && dd if=/dev/null of="$part" iflag=fullblock conv=sparse 2>/dev/null; then
                dd of="$part" bs=64k iflag=fullblock conv=sparse status=none || exit
            else
                cat >"$part" || exit
            fi
            size=$(stat -c %s "$part") || exit
            if [ "$size" -lt "$5" ]; then
                echo "the copy is shorter than the original: $size of $5 bytes" >&2
                exit 1
            fi
            chmod "$2" "$part" && touch -m -d "@$3" "$part" && mv -f -T -- "$part" "$1"
            """;

    private static final String MAKE_LINK = PREPARE_TARGET + LINK;

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
    void transfer() throws IOException, InterruptedException {
        if (Files.isSymbolicLink(source)) {
            sendLink();
        } else if (Files.isRegularFile(source)) {
            int mode = (Integer) Files.getAttribute(source, "unix:mode") & PERMISSIONS;
            String time = seconds(Files.getLastModifiedTime(source));
            // The kernel states wrong sizes for its files, so their size is not checked.
            sendFile(Integer.toOctalString(mode), time, isKernelFile() ? 0 : Files.size(source));
        } else if (Files.isDirectory(source)) {
            sendTree();
        } else if (Files.exists(source, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("it is not a file, directory or symbolic link");
        } else {
            throw new NoSuchFileException(source.toString());
        }
    }

    private boolean isKernelFile() throws IOException {
        Path real = source.toRealPath();
        return real.startsWith("/proc") || real.startsWith("/sys");
    }

    private void sendLink() throws IOException, InterruptedException {
        byte[] to; // bytes, since a Path cannot represent each target in every locale
        try (LocalProgram readlink =
                new LocalProgram(new ProcessBuilder("readlink", "-n", "--", encodableName(source)))) {
            to = readlink.output().readAllBytes();
            readlink.awaitSuccess();
        }
        send(Command.of("sh", "-c", MAKE_LINK, "sh", target).withStdin(Input.bytes(to)));
    }

    private void sendFile(String mode, String time, long size) throws IOException, InterruptedException {
        String part =
                target + ".atex-" + Long.toHexString(ThreadLocalRandom.current().nextLong());
        boolean done = false;
        try {
            send(Command.of("sh", "-c", WRITE_FILE, "sh", target, mode, time, part, Long.toString(size))
                    .withStdin(Input.file(source)));
            done = true;
        } finally {
            if (!done) { // the trap of a killed script does not run, so the temporary file is removed from here
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
            awaitSuccess(running, readAsync("errors", running.stderr()));
        }
    }

    private void sendTree() throws IOException, InterruptedException {
        Command unpack = Command.of("sh", "-c", UNPACK_TREE, "sh", target).withStdin(Input.pipe());
        Path directory = Path.of(encodableName(source));
        try (RunningCommand running = connection.start(unpack);
                LocalProgram tar =
                        new LocalProgram(new ProcessBuilder("sh", "-c", PACK, "sh", readLine(running.stdout()))
                                .directory(directory.toFile()))) {
            FutureTask<String> errors = readAsync("errors", running.stderr());
            try (OutputStream in = running.stdin()) {
                copy(tar.output(), in);
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                awaitSuccess(running, errors); // prefers the error of the command, which stopped reading
                throw e;
            }
            awaitSuccess(running, errors);
            tar.awaitSuccess();
        }
    }
}
