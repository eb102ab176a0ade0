package org.atex.fmf;

import java.io.IOException;
import java.lang.ref.Cleaner;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;

/**
 * Packs directories, each of them once, and sends them to any number of systems. Small packs are kept in memory. The
 * files of large ones are deleted when this object is garbage-collected or the program ends.
 *
 * <p>Thread-safe.
 */
final class TreePacks {
    /** The exit code of the script if there is no {@code tar}; tar itself does not use it. */
    private static final CommandEnd NO_TAR = new CommandEnd.Exited(119);

    private static final String UNPACK = """
            command -v tar >/dev/null || exit 119
            mkdir -p -- "$1" && exec tar -x -o -p -f - -C "$1"
            """;

    private final List<String> excludes;
    private final @Nullable KeptTrees kept;
    private final Map<Path, CompletableFuture<Input>> packed = new ConcurrentHashMap<>();

    /**
     * Creates an object without packs.
     *
     * @param excludes the names of files and directories to leave out
     * @param kept whether systems keep copies, so that only changes are sent
     */
    TreePacks(List<String> excludes, boolean kept) {
        this.excludes = excludes;
        this.kept = kept ? new KeptTrees(excludes) : null;
    }

    /**
     * Sends a directory. Blocks until it is complete.
     *
     * @param directory the directory on this machine
     * @param connection a connection to the system
     * @param target the directory on the system; created if necessary
     * @throws TransferException if the directory cannot be packed, sent or unpacked
     */
    void send(Path directory, Connection connection, String target) throws InterruptedException {
        if (kept != null && kept.send(directory, connection, target)) {
            return;
        }
        Command unpack =
                Command.bash(UNPACK, target).withStdin(packed(directory)).withStderr(Output.merge());
        CommandResult result = connection.run(unpack);
        if (result.end().equals(NO_TAR)) {
            uploadCopy(directory, connection, target);
        } else if (!result.succeeded()) {
            throw new TransferException(
                    "could not unpack " + directory + " in " + target + " on " + connection + ": tar ended with "
                            + result.end() + " (is there disk space?): " + last(result.stdout()),
                    null);
        }
    }

    /**
     * Sends a directory to a system without {@code tar}. The connection can copy it in another way but cannot leave out
     * files, so that a copy without them is made first.
     */
    private void uploadCopy(Path directory, Connection connection, String target) throws InterruptedException {
        try {
            Path copy = Tar.unpack(packed(directory));
            try {
                connection.upload(copy, target);
            } finally {
                LocalDirectories.delete(copy);
            }
        } catch (IOException e) {
            throw new TransferException("could not prepare " + directory + " for sending: " + e.getMessage(), e);
        }
    }

    private static String last(String text) {
        String stripped = text.strip();
        return stripped.substring(Math.max(0, stripped.length() - 500));
    }

    private Input packed(Path directory) throws InterruptedException {
        while (true) {
            CompletableFuture<Input> own = new CompletableFuture<>();
            // The first thread packs; the others wait for it.
            CompletableFuture<Input> first = packed.putIfAbsent(directory, own);
            if (first == null) {
                return packAndComplete(directory, own);
            }
            try {
                return first.get();
            } catch (ExecutionException e) {
                // The thread that packed it has thrown the reason. This thread tries again itself.
                packed.remove(directory, first);
            }
        }
    }

    private Input packAndComplete(Path directory, CompletableFuture<Input> future) throws InterruptedException {
        try {
            Input pack = Tar.pack(directory, excludes, null);
            if (pack instanceof Input.FromFile) {
                // The action must not refer to this object: it would never become unreachable.
                Cleaner.create().register(this, () -> Tar.delete(pack));
            }
            future.complete(pack);
            return pack;
        } catch (IOException e) {
            throw new TransferException("could not pack " + directory + ": " + e.getMessage(), e);
        } finally {
            if (!future.isDone()) {
                future.completeExceptionally(new IllegalStateException("packing failed"));
                packed.remove(directory, future);
            }
        }
    }
}
