package org.atex.fmf;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;

/**
 * Copies of trees that systems keep between runs, so that an upload sends only changes. Each copy has a snapshot file,
 * in which {@code tar --listed-incremental} records the state of the tree at the last upload. Without it, and after any
 * failure, the whole tree is sent.
 *
 * <p>Thread-safe. A copy is locked during an upload; a concurrent upload of the same tree to the same system does not
 * use the copy.
 */
final class KeptTrees {
    /**
     * Locks the copy and prints its path and its snapshot. The lock is held until the end of standard input, also if
     * the connection is lost.
     */
    private static final String LOCK = """
            umask 077
            kept=/var/tmp/atex-kept.$(id -u)
            mkdir -p "$kept" && [[ -O $kept && ! -L $kept ]] || exit 1
            kept=$kept/$1
            mkdir -p "$kept/tree" && exec {lock}>"$kept/lock" && flock -n "$lock" || exit 1
            command -v tar >/dev/null || exit 1
            printf '%s\\n' "$kept"
            [[ -r $kept/snapshot ]] && base64 -w 0 "$kept/snapshot"
            printf '\\n'
            exec cat
            """;

    /**
     * Adds changes to the copy, or replaces it. The snapshot is removed first, so that an interrupted upload is
     * followed by a complete one. GNU tar extracts deletions only with {@code --listed-incremental}.
     */
    private static final String UNPACK = """
            rm -f -- "$1/snapshot"
            [[ $2 == all ]] && { rm -rf -- "$1/tree" && mkdir -- "$1/tree" || exit; }
            tar -x -o -p --listed-incremental=/dev/null -f - -C "$1/tree"
            """;

    /** Copies the tree to its target, then stores the new snapshot. */
    private static final String COPY = """
            mkdir -p -- "$2" && cp -a --reflink=auto -- "$1/tree/." "$2" && mv -f -- "$1/snapshot.new" "$1/snapshot"
            """;

    private final List<String> excludes;

    KeptTrees(List<String> excludes) {
        this.excludes = excludes;
    }

    /**
     * {@return whether the tree was sent; false if the copy is locked, or if the system lacks {@code tar} or cannot
     * keep copies}
     *
     * @param directory the tree on this machine
     * @param connection a connection to the system
     * @param target the directory on the system
     */
    boolean send(Path directory, Connection connection, String target) throws InterruptedException {
        String key = UUID.nameUUIDFromBytes((directory.toAbsolutePath() + "\0" + excludes).getBytes(UTF_8))
                .toString();
        Command lock = Command.bash(LOCK, key).withStdin(Input.pipe()).withStderr(Output.discard());
        try (RunningCommand holder = connection.start(lock)) {
            BufferedReader answer = new BufferedReader(new InputStreamReader(holder.stdout(), UTF_8));
            String kept = answer.readLine();
            String snapshot = answer.readLine();
            if (kept == null || snapshot == null) {
                return false;
            }
            update(directory, connection, kept, snapshot);
            run(connection, Command.bash(COPY, kept, target));
            return true;
        } catch (InterruptedIOException e) {
            Thread.interrupted(); // The status is reported by the exception.
            throw new InterruptedException("interrupted while sending " + directory);
        } catch (IOException e) {
            throw new TransferException("could not send " + directory + " to " + connection + ": " + e.getMessage(), e);
        }
    }

    private void update(Path directory, Connection connection, String kept, String snapshot)
            throws IOException, InterruptedException {
        Path file = Files.createTempFile("atex-tree", ".snapshot");
        try {
            Files.write(file, Base64.getDecoder().decode(snapshot));
            // tar reads the old snapshot from the file and writes the new one to it.
            Input pack = Tar.pack(directory, excludes, file);
            try {
                String mode = snapshot.isEmpty() ? "all" : "changes";
                run(connection, Command.bash(UNPACK, kept, mode).withStdin(pack));
                connection.upload(file, kept + "/snapshot.new");
            } finally {
                Tar.delete(pack);
            }
        } catch (IllegalArgumentException e) {
            throw new IOException("its snapshot of the last upload is damaged: remove " + kept + " on the system", e);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static void run(Connection connection, Command command) throws IOException, InterruptedException {
        CommandResult result = connection.run(command.withStderr(Output.merge()));
        if (!result.succeeded()) {
            throw new IOException("its copy on the system failed: " + result.end() + " (is there disk space?): "
                    + result.stdout().strip());
        }
    }
}
