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
 * Copies of trees that systems keep from run to run, so that the next upload sends only what changed. With each is what
 * {@code tar} remembers of how the tree was then; without that, or where anything else is in doubt, all of the tree is sent.
 *
 * <p>Thread safety: from any thread. Two uploads of one tree to one system at once do not use the same copy.
 */
final class KeptTrees {
    /** Holds the copy for as long as its input is open, and says so. */
    private static final String HOLD = """
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

    private static final String UNPACK = """
            rm -f -- "$1/snapshot"
            [[ $2 == all ]] && { rm -rf -- "$1/tree" && mkdir -- "$1/tree" || exit; }
            tar -x -o -p --listed-incremental=/dev/null -f - -C "$1/tree"
            """;

    private static final String COPY = """
            mkdir -p -- "$2" && cp -a --reflink=auto -- "$1/tree/." "$2" && mv -f -- "$1/snapshot.new" "$1/snapshot"
            """;

    private final List<String> excludes;

    KeptTrees(List<String> excludes) {
        this.excludes = excludes;
    }

    /** {@return whether it was sent; if not, the copy is in use, or the system cannot keep any} */
    boolean send(Path directory, Connection connection, String target) throws InterruptedException {
        String key = UUID.nameUUIDFromBytes((directory.toAbsolutePath() + "\0" + excludes).getBytes(UTF_8))
                .toString();
        Command hold = Command.bash(HOLD, key).withStdin(Input.pipe()).withStderr(Output.discard());
        try (RunningCommand holding = connection.start(hold)) {
            BufferedReader answer = new BufferedReader(new InputStreamReader(holding.stdout(), UTF_8));
            String kept = answer.readLine();
            String snapshot = answer.readLine();
            if (kept == null || snapshot == null) {
                return false;
            }
            update(directory, connection, kept, snapshot);
            run(connection, Command.bash(COPY, kept, target));
            return true;
        } catch (InterruptedIOException e) {
            Thread.interrupted(); // what was pending is thrown
            throw new InterruptedException("interrupted while " + directory + " was sent");
        } catch (IOException e) {
            throw new TransferException("could not send " + directory + " to " + connection + ": " + e.getMessage(), e);
        }
    }

    private void update(Path directory, Connection connection, String kept, String snapshot)
            throws IOException, InterruptedException {
        Path file = Files.createTempFile("atex-tree", ".snapshot");
        try {
            Files.write(file, Base64.getDecoder().decode(snapshot));
            Input pack = Tar.pack(directory, excludes, file);
            try {
                String what = snapshot.isEmpty() ? "all" : "changes";
                run(connection, Command.bash(UNPACK, kept, what).withStdin(pack));
                connection.upload(file, kept + "/snapshot.new");
            } finally {
                Tar.delete(pack);
            }
        } catch (IllegalArgumentException e) {
            throw new IOException("what the system remembers of the last time is broken: remove " + kept + " there", e);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static void run(Connection connection, Command command) throws IOException, InterruptedException {
        CommandResult result = connection.run(command.withStderr(Output.merge()));
        if (!result.succeeded()) {
            throw new IOException("its copy there: " + result.end() + " (is there room?): "
                    + result.stdout().strip());
        }
    }
}
