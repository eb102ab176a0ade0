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
 * Directories, each packed once and sent to any number of systems. Small ones are kept in memory; the files of large
 * ones are deleted with this object, or when the program ends.
 *
 * <p>Thread safety: from any thread.
 */
final class TreePacks {
    /** No exit code of tar's. */
    private static final CommandEnd NO_TAR = new CommandEnd.Exited(119);

    private static final String UNPACK = """
            command -v tar >/dev/null || exit 119
            mkdir -p -- "$1" && exec tar -x -o -p -f - -C "$1"
            """;

    private final List<String> excludes;
    private final @Nullable KeptTrees kept;
    private final Map<Path, CompletableFuture<Input>> packed = new ConcurrentHashMap<>();

    /**
     * Makes one that has packed nothing.
     *
     * @param excludes names to leave out
     * @param kept whether systems keep copies, and get only what changed
     */
    TreePacks(List<String> excludes, boolean kept) {
        this.excludes = excludes;
        this.kept = kept ? new KeptTrees(excludes) : null;
    }

    /**
     * Sends a directory.
     *
     * @param directory the directory, here
     * @param connection the system
     * @param target the directory there, which is made
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
                            + result.end() + " (is there room?): " + last(result.stdout()),
                    null);
        }
    }

    /** A connection has ways without tar, but knows no excludes. */
    private void uploadCopy(Path directory, Connection connection, String target) throws InterruptedException {
        try {
            Path copy = Tar.unpack(packed(directory));
            try {
                connection.upload(copy, target);
            } finally {
                LocalDirectories.delete(copy);
            }
        } catch (IOException e) {
            throw new TransferException("could not copy " + directory + " to send it: " + e.getMessage(), e);
        }
    }

    private static String last(String text) {
        String stripped = text.strip();
        return stripped.substring(Math.max(0, stripped.length() - 500));
    }

    private Input packed(Path directory) throws InterruptedException {
        while (true) {
            CompletableFuture<Input> mine = new CompletableFuture<>();
            CompletableFuture<Input> first = packed.putIfAbsent(directory, mine);
            if (first == null) {
                return packFirst(directory, mine);
            }
            try {
                return first.get();
            } catch (ExecutionException e) {
                packed.remove(directory, first); // whoever packed it was told why; try it ourselves
            }
        }
    }

    private Input packFirst(Path directory, CompletableFuture<Input> promise) throws InterruptedException {
        try {
            Input pack = Tar.pack(directory, excludes, null);
            if (pack instanceof Input.FromFile) {
                Cleaner.create().register(this, () -> Tar.delete(pack));
            }
            promise.complete(pack);
            return pack;
        } catch (IOException e) {
            throw new TransferException("could not pack " + directory + ": " + e.getMessage(), e);
        } finally {
            if (!promise.isDone()) {
                promise.completeExceptionally(new IllegalStateException("packing failed"));
                packed.remove(directory, promise);
            }
        }
    }
}
