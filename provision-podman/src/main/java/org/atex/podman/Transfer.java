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
 * Base class of {@link Upload} and {@link Download}. A file is copied byte by byte, a tree as a tar stream that the tar
 * of this machine packs or unpacks: GNU tar writes neither outside its directory nor through a symbolic link.
 *
 * <p>Directories are entered before tar starts, instead of being passed to it, since tar interprets backslashes in
 * names as escapes.
 */
abstract class Transfer {
    /**
     * Shell function that succeeds if a directory is below {@code /proc} or {@code /sys}. The file sizes that the
     * kernel states there are wrong, and tar relies on them.
     */
    static final String IS_KERNEL_DIRECTORY = """
            is_kernel_directory() {
                case $(cd "$1" 2>/dev/null && pwd -P) in /proc | /proc/* | /sys | /sys/*) return 0 ;; esac
                return 1
            }
            """;

    /**
     * Script that packs the current directory. If the first argument is {@code gnu}, the archive keeps holes and
     * fractions of seconds.
     */
    static final String PACK = IS_KERNEL_DIRECTORY + """
            LC_ALL=C
            export LC_ALL
            options=
            [ "$1" != gnu ] || options='--format=posix --pax-option=delete=atime,delete=ctime -S'
            if is_kernel_directory .; then
                copy=$(mktemp -d) || exit
                trap 'chmod -R u+rwX "$copy"; rm -rf "$copy"' EXIT
                cp -R -P -p . "$copy" && cd "$copy" && tar -c -f - .
                exit
            fi
            exec tar -c $options -f - .
            """;

    /** Script that sets the variable {@code tar} to {@code gnu} if GNU tar is installed, else to {@code other}. */
    static final String DETECT_TAR = """
            tar=other
            case $(tar --version 2>/dev/null </dev/null) in *GNU*) tar=gnu ;; esac
            """;

    /**
     * Script that creates the link named by its argument. The target is read from standard input and may have any
     * bytes.
     */
    static final String LINK = """
            to=$(cat; echo .)
            exec ln -s -f -n -- "${to%.}" "$1"
            """;

    private static final int BUFFER_SIZE = 64 * 1024;

    // Blocks of zeros below this size are written, larger ones become holes.
    private static final int HOLE = 16 * 1024;

    // The limit for the first line of a stream, so that a faulty container cannot exhaust the memory.
    private static final int MAX_LINE = 8192;

    private static final byte[] ZEROS = new byte[BUFFER_SIZE];

    private final String from;
    private final String to;

    Transfer(String from, String to) {
        this.from = from;
        this.to = to;
    }

    /**
     * {@return the path, with a prefix if necessary, so that no program takes it for an option}
     *
     * @param path a path in the container
     * @param from the source, for messages
     * @param to the target, for messages
     * @throws TransferException if the path begins with a tilde, which only shells expand
     */
    static String checkedPath(String path, String from, String to) {
        TransferException.refuseTilde(path, from + " to " + to);
        return path.startsWith("/") ? path : "./" + path;
    }

    /**
     * {@return the absolute path of a local file as an argument for programs}
     *
     * @throws IOException if the path has bytes that the encoding of this JVM cannot represent
     */
    static String encodableName(Path file) throws IOException {
        String name = file.toAbsolutePath().toString();
        if (!Path.of(name).equals(file.toAbsolutePath())) {
            throw new IOException("the name of " + file
                    + " has bytes that are not text in this locale; rename it, or copy its parent directory");
        }
        return name;
    }

    /** Transfers the file or tree. */
    abstract void transfer() throws IOException, InterruptedException;

    /**
     * Runs the transfer.
     *
     * @throws TransferException if it fails; part of the target may have been written
     * @throws InterruptedException if interrupted; part of the target may have been written
     */
    final void run() throws InterruptedException {
        if (Thread.interrupted()) {
            throw interruption();
        }
        try {
            transfer();
        } catch (ClosedByInterruptException | InterruptedIOException e) {
            Thread.interrupted();
            throw interruption();
        } catch (IOException e) {
            // The message of a FileSystemException is often the path alone, and the class name states the problem.
            String kind = e instanceof FileSystemException
                    ? e.getClass().getSimpleName().replace("Exception", "") + ": "
                    : "";
            throw new TransferException(
                    "could not copy " + from + " to " + to + ": " + kind + e.getMessage()
                            + " (part of it may have been copied)",
                    e);
        }
    }

    private InterruptedException interruption() {
        return new InterruptedException("interrupted while copying " + from + " to " + to);
    }

    /** Reads a stream to its end in another thread, so that the process that writes to it never blocks. */
    static FutureTask<String> readAsync(String threadName, InputStream stream) {
        Callable<String> read = () -> new String(stream.readAllBytes(), UTF_8).strip();
        FutureTask<String> task = new FutureTask<>(read);
        Thread.ofPlatform().daemon().name("atex-podman-" + threadName).start(task);
        return task;
    }

    /**
     * {@return the next line of a stream} Reads byte by byte, since a buffering reader would consume the data after the
     * line.
     */
    static String readLine(InputStream stream) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b; (b = stream.read()) >= 0 && b != '\n' && line.size() < MAX_LINE; ) {
            line.write(b);
        }
        return line.toString(UTF_8);
    }

    private static String textOf(FutureTask<String> task) throws InterruptedException {
        try {
            return task.get();
        } catch (ExecutionException e) {
            return "";
        }
    }

    /**
     * Copies a stream into a file. Blocks of 16 KiB or more that contain only zeros become holes.
     *
     * @return the number of bytes copied, holes included
     */
    static long copy(InputStream from, SeekableByteChannel to) throws IOException {
        byte[] buffer = new byte[BUFFER_SIZE];
        long size = 0;
        long end = 0;
        for (int n; (n = from.read(buffer)) >= 0; size += n) {
            if (n < HOLE || Arrays.mismatch(buffer, 0, n, ZEROS, 0, n) >= 0) {
                write(to, size, buffer, n);
                end = size + n;
            }
        }
        if (end < size) { // the file ends with a hole: writing its last byte sets the size
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
        byte[] buffer = new byte[BUFFER_SIZE];
        for (int n; (n = from.read(buffer)) >= 0; ) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException();
            }
            to.write(buffer, 0, n);
        }
    }

    /**
     * Waits for the end of the command in the container.
     *
     * @throws IOException if it failed; the message is its error output
     */
    static void awaitSuccess(RunningCommand command, FutureTask<String> errors)
            throws IOException, InterruptedException {
        CommandEnd end = command.await();
        if (!end.succeeded()) {
            String message = textOf(errors).replace("\n", "; ");
            throw new IOException(message.isEmpty() ? "the command in the container ended with " + end : message);
        }
    }

    /** A program on this machine, such as tar; closing it kills the program. */
    static final class LocalProgram implements AutoCloseable {
        private final Process process;
        private final FutureTask<String> errors;

        LocalProgram(ProcessBuilder builder) throws IOException {
            builder.environment().put("LC_ALL", "C"); // so that tar does not convert names
            process = builder.start();
            errors = readAsync("tar", process.getErrorStream());
        }

        InputStream output() {
            return process.getInputStream();
        }

        OutputStream input() {
            return process.getOutputStream();
        }

        /**
         * Waits for the end of the program.
         *
         * @throws IOException if it failed; the message contains its error output
         */
        void awaitSuccess() throws IOException, InterruptedException {
            if (process.waitFor() != 0) {
                throw new IOException("on this machine: " + textOf(errors).replace("\n", "; "));
            }
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}
