package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.atex.api.CommandEnd;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;

/**
 * What both directions share. A file goes as it is, a tree as a tar stream, which this machine's own tar packs or unpacks:
 * GNU tar writes nothing outside the directory it is given, and nothing through a link. Directories are entered before, as
 * tar takes back-slashes in names for escapes.
 */
abstract class Transfer {
    /** What tells whether a path belongs to the kernel, whose files are longer or shorter than they say: tar would believe them. */
    static final String KERNELS = """
            kernels() {
                case $(cd "$1" 2>/dev/null && pwd -P) in /proc | /proc/* | /sys | /sys/*) return 0 ;; esac
                return 1
            }
            """;

    /** Packs the directory that it is in, with holes and fractions of seconds if the first argument is {@code holes}. */
    static final String PACK = KERNELS + """
            LC_ALL=C
            export LC_ALL
            how=
            [ "$1" != holes ] || how='--format=posix --pax-option=delete=atime,delete=ctime -S'
            if kernels .; then
                copy=$(mktemp -d) || exit
                trap 'chmod -R u+rwX "$copy"; rm -rf "$copy"' EXIT
                cp -R -P -p . "$copy" && cd "$copy" && tar -c -f - .
                exit
            fi
            exec tar -c $how -f - .
            """;

    /** Sets {@code how} to {@code holes} if tar knows about them. */
    static final String ASK_TAR = """
            how=plain
            case $(tar --version 2>/dev/null </dev/null) in *GNU*) how=holes ;; esac
            """;

    /** Makes a link that leads to what is read, of whatever bytes that is. */
    static final String LINK = """
            to=$(cat; echo .)
            exec ln -s -f -n -- "${to%.}" "$1"
            """;

    private static final int PIECE = 64 * 1024;

    /** Shorter runs of zeros are written. */
    private static final int HOLE = 16 * 1024;

    /** No line that the other side begins with is longer. */
    private static final int LONGEST = 8192;

    private static final byte[] ZEROS = new byte[PIECE];

    private final String from;
    private final String to;

    Transfer(String from, String to) {
        this.from = from;
        this.to = to;
    }

    /**
     * {@return a path that no program takes for an option}
     *
     * @throws TransferException if it begins with a tilde, which means a home to shells only
     */
    static String plain(String path, String from, String to) {
        TransferException.refuseTilde(path, from + " to " + to);
        return path.startsWith("/") ? path : "./" + path;
    }

    /**
     * {@return the name of a file here, for programs}
     *
     * @throws IOException if it has bytes that are no text
     */
    static String name(Path file) throws IOException {
        String name = file.toAbsolutePath().toString();
        if (!Path.of(name).equals(file.toAbsolutePath())) {
            throw new IOException("the name of " + file
                    + " has bytes that are not text in this locale; rename it, or copy" + " the directory above it");
        }
        return name;
    }

    /** Moves everything. */
    abstract void move() throws IOException, InterruptedException;

    final void run() throws InterruptedException {
        if (Thread.interrupted()) {
            throw interruption();
        }
        try {
            move();
        } catch (ClosedByInterruptException | InterruptedIOException e) {
            Thread.interrupted();
            throw interruption();
        } catch (IOException e) {
            // The messages of file system exceptions are paths; their names say what is wrong.
            String kind = e instanceof FileSystemException
                    ? e.getClass().getSimpleName().replace("Exception", "") + ": "
                    : "";
            throw new TransferException(
                    "could not copy " + from + " to " + to + ": " + kind + e.getMessage()
                            + " (part of it may be there)",
                    e);
        }
    }

    private InterruptedException interruption() {
        return new InterruptedException("interrupted while copying " + from + " to " + to);
    }

    /** {@return all that a stream has, read beside whatever else goes on} */
    static FutureTask<String> words(String who, InputStream stream) {
        Callable<String> read = () -> new String(stream.readAllBytes(), UTF_8).strip();
        FutureTask<String> words = new FutureTask<>(read);
        Thread.ofPlatform().daemon().name("atex-podman-" + who).start(words);
        return words;
    }

    /** Not more than the line: a reader that buffers would take what comes after it. */
    static String line(InputStream stream) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b; (b = stream.read()) >= 0 && b != '\n' && line.size() < LONGEST; ) {
            line.write(b);
        }
        return line.toString(UTF_8);
    }

    static String text(FutureTask<String> words) throws InterruptedException {
        try {
            return words.get();
        } catch (ExecutionException e) {
            return "";
        }
    }

    /**
     * Copies into a file; long runs of zeros become holes.
     *
     * @return how many bytes
     */
    static long copy(InputStream from, SeekableByteChannel to) throws IOException {
        byte[] piece = new byte[PIECE];
        long size = 0;
        long end = 0;
        for (int n; (n = from.read(piece)) >= 0; size += n) {
            if (n < HOLE || Arrays.mismatch(piece, 0, n, ZEROS, 0, n) >= 0) {
                write(to, size, piece, n);
                end = size + n;
            }
        }
        if (end < size) {
            write(to, size - 1, ZEROS, 1);
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

    static void copy(InputStream from, OutputStream to) throws IOException {
        byte[] piece = new byte[PIECE];
        for (int n; (n = from.read(piece)) >= 0; ) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException();
            }
            to.write(piece, 0, n);
        }
    }

    /**
     * Waits for what the container does.
     *
     * @throws IOException if it failed; its words are the message
     */
    static void finish(RunningCommand command, FutureTask<String> words) throws IOException, InterruptedException {
        CommandEnd end = command.await();
        if (!end.succeeded()) {
            String said = text(words).replace("\n", "; ");
            throw new IOException(said.isEmpty() ? "the container's side ended with " + end : said);
        }
    }

    /** A program of this machine, mostly its tar, which is ended when it is closed. */
    static final class Tar implements AutoCloseable {
        private final Process process;
        private final FutureTask<String> words;

        Tar(ProcessBuilder builder) throws IOException {
            builder.environment().put("LC_ALL", "C"); // so that no name is converted
            process = builder.start();
            words = Transfer.words("tar", process.getErrorStream());
        }

        InputStream output() {
            return process.getInputStream();
        }

        OutputStream input() {
            return process.getOutputStream();
        }

        /**
         * Waits for its end.
         *
         * @throws IOException if it failed; its words are the message
         */
        void finish() throws IOException, InterruptedException {
            if (process.waitFor() != 0) {
                throw new IOException("on this machine: " + text(words).replace("\n", "; "));
            }
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}
