package org.atex.fmf;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ref.Cleaner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Directories, each packed once by {@code tar} and sent to any number of systems: whatever a file is called or like, tar
 * knows how to keep it. Small ones are kept in memory, the files of large ones are deleted with this object or when the program
 * ends.
 *
 * <p>Thread safety: from any thread.
 */
final class TreePacks {
    private static final Logger LOG = LoggerFactory.getLogger(TreePacks.class);
    private static final Cleaner CLEANER = Cleaner.create();

    /** No exit code of tar's. */
    private static final CommandEnd NO_TAR = new CommandEnd.Exited(119);

    /** Of tar's exit codes: a file changed while it was read, which the next upload will have. */
    private static final int CHANGED_MEANWHILE = 1;

    private static final int SMALL = 8 << 20;

    private static final String UNPACK = """
            command -v tar >/dev/null || exit 119
            mkdir -p -- "$1" && exec tar -x -o -p -f - -C "$1"
            """;

    private final List<String> excludes;
    private final Map<Path, CompletableFuture<Input>> packed = new ConcurrentHashMap<>();

    TreePacks(List<String> excludes) {
        this.excludes = excludes;
        Map<Path, CompletableFuture<Input>> files = packed; // not this, which would keep it
        CLEANER.register(this, () -> files.values().forEach(TreePacks::delete));
    }

    private static void delete(CompletableFuture<Input> file) {
        if (file.isDone() && !file.isCompletedExceptionally() && file.join() instanceof Input.FromFile large) {
            try {
                Files.deleteIfExists(large.path());
            } catch (IOException e) {
                LOG.debug("could not delete {}: {}", large.path(), e.getMessage());
            }
        }
    }

    /**
     * Sends a directory.
     *
     * @param directory the directory, here
     * @param connection the system
     * @param target the directory there, which is made
     */
    void send(Path directory, Connection connection, String target) throws InterruptedException {
        Command unpack =
                Command.bash(UNPACK, target).withStdin(packed(directory)).withStderr(Output.merge());
        CommandResult result = connection.run(unpack);
        if (result.end().equals(NO_TAR)) {
            connection.upload(directory, target); // which may have ways of its own, but knows no excludes
        } else if (!result.succeeded()) {
            throw new TransferException(
                    "could not unpack " + directory + " in " + target + " on " + connection + ": tar ended with "
                            + result.end() + " (is there room?): " + last(result.stdout()),
                    null);
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
            Input pack = pack(directory);
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

    private Input pack(Path directory) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("tar", "--create", "--format=posix", "--sparse"));
        line.addAll(List.of("--owner=0", "--group=0", "--numeric-owner", "--no-wildcards-match-slash"));
        excludes.forEach(exclude -> line.add("--exclude=" + exclude));
        line.addAll(List.of("--directory=" + directory, "."));
        Process tar = new ProcessBuilder(line).start();
        try {
            tar.getOutputStream().close();
            TailReader said = TailReader.start(tar.getErrorStream(), 500);
            Input pack = store(tar.getInputStream());
            int code = tar.waitFor();
            if (code == CHANGED_MEANWHILE) {
                LOG.warn(
                        "{} changed while it was packed: {}",
                        directory,
                        said.textAtEnd().strip());
            } else if (code != 0) {
                throw new IOException("tar ended with exit code " + code + ": "
                        + said.textAtEnd().strip());
            }
            return pack;
        } finally {
            tar.destroyForcibly();
        }
    }

    private static Input store(InputStream from) throws IOException {
        byte[] start = from.readNBytes(SMALL + 1);
        if (start.length <= SMALL) {
            return Input.bytes(start);
        }
        Path file = Files.createTempFile("atex-tree", ".tar");
        file.toFile().deleteOnExit();
        try (OutputStream to = Files.newOutputStream(file)) {
            to.write(start);
            from.transferTo(to);
            return Input.file(file);
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }
}
