package org.atex.local;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.local.LauncherProgram.Redirections;

/**
 * The named pipes that connect this program to commands which it has not started itself. They are in a directory that
 * only the user of this program can enter.
 *
 * <p>Thread safety: safe for use from any thread.
 */
final class NamedPipes implements AutoCloseable {
    // Java cannot create named pipes. Another program must be started for that, so it creates several at once.
    private static final int AT_ONCE = 64;

    private static final int CLOSE_ATTEMPTS = 10;

    /** Creating and deleting a file takes a hundredth of the time that it may take on a disk. */
    private static final Path MEMORY = Path.of("/dev/shm");

    private static final String PREFIX = "atex-local-";

    private final Path directory;
    private final AtomicLong count = new AtomicLong();
    private final Queue<Path> unused = new ConcurrentLinkedQueue<>();

    private NamedPipes(Path directory) {
        this.directory = directory;
    }

    /**
     * Creates a temporary directory for the pipes.
     *
     * @throws IOException if it cannot be created
     */
    static NamedPipes create() throws IOException {
        return new NamedPipes(
                isWritableMemory() ? Files.createTempDirectory(MEMORY, PREFIX) : Files.createTempDirectory(PREFIX));
    }

    private static boolean isWritableMemory() throws IOException {
        return Files.isWritable(MEMORY) && Files.getFileStore(MEMORY).type().equals("tmpfs");
    }

    /** {@return the directory that contains nothing but the pipes} */
    Path directory() {
        return directory;
    }

    /**
     * {@return the paths of pipes that no process uses}
     *
     * @param shell creates them if necessary; it must be ready
     * @param number the number of pipes
     * @throws IOException if they cannot be created
     */
    List<Path> take(LauncherShell shell, int number) throws IOException, InterruptedException {
        List<Path> taken = new ArrayList<>();
        while (taken.size() < number) {
            Path pipe = unused.poll();
            if (pipe != null) {
                taken.add(pipe);
            } else if (!create(shell)) {
                // A program that cleans the temporary directory may have removed the directory.
                Files.createDirectory(
                        directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                if (!create(shell)) {
                    throw new IOException("could not create named pipes in " + directory);
                }
            }
        }
        return taken;
    }

    private boolean create(LauncherShell shell) throws IOException, InterruptedException {
        List<Path> pipes = Stream.generate(() -> directory.resolve("p" + count.incrementAndGet()))
                .limit(AT_ONCE)
                .toList();
        List<String> line = new ArrayList<>(List.of("mkfifo", "-m", "600", "--"));
        pipes.forEach(pipe -> line.add(pipe.toString()));
        try {
            if (shell.send(Command.of(line), Redirections.NONE, "").ended.get() != 0) {
                return false;
            }
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
        unused.addAll(pipes);
        return true;
    }

    /** Forgets the unused pipes, after one of them turned out to be missing. */
    void clear() {
        unused.clear();
    }

    /** Removes all pipes and the directory. No command may use them. */
    @Override
    public void close() {
        unused.clear();
        for (int attempt = 1; attempt <= CLOSE_ATTEMPTS; attempt++) {
            try (Stream<Path> pipes = Files.list(directory)) {
                for (Path pipe : pipes.toList()) {
                    Files.deleteIfExists(pipe);
                }
                Files.deleteIfExists(directory);
                return;
            } catch (DirectoryNotEmptyException e) {
                // A shell that was interrupted is still creating pipes.
            } catch (IOException e) {
                return; // another program has removed them, or keeps them; they contain no data
            }
        }
    }
}
