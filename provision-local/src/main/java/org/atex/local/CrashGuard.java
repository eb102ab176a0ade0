package org.atex.local;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A shell process that kills the commands of a launcher, daemons included, if this program crashes or is killed. It
 * finds their processes by their marks. Without {@code /proc} there is no such process.
 *
 * <p>Thread safety: safe for use from any thread.
 */
final class CrashGuard implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CrashGuard.class);
    private static final long EXIT_TIMEOUT_SECONDS = 5;

    // "read" returns when this program ends, since its end of the pipe is closed then. A process has no environment for
    // a moment during execve, and a process that was just forked has the mark only after execve. Therefore the search
    // is repeated until it has found nothing 5 times within half a second. Processes are searched by first digit, since
    // the names of all of them may exceed the limit of a command line.
    //
    // A process that is just opening a named pipe waits without end for the other end, which was this program's.
    // Opening both ends wakes it. It gets the mark when it has opened all its pipes, one after the other.
    private static final String SCRIPT = """
            trap '' HUP INT QUIT TERM PIPE
            read -r line
            rounds=0
            clean=0
            while [ $rounds -lt 300 ] && [ $clean -lt 5 ]; do
                for pipe in "$2"/p*; do
                    if [ -p "$pipe" ]; then : <>"$pipe"; fi
                done
                found=
                for digit in 1 2 3 4 5 6 7 8 9; do
                    for file in $(grep -lsF -e "$1" /proc/$digit*/environ); do
                        file=${file#/proc/}
                        found="$found ${file%%/*}"
                    done
                done
                clean=$((clean + 1))
                [ -z "$found" ] || clean=0
                if [ -n "$found" ]; then kill -9 $found; else sleep 0.1; fi
                rounds=$((rounds + 1))
            done 2>/dev/null
            [ -z "$2" ] || rm -rf -- "$2"
            """;

    private final @Nullable Process shell;

    /**
     * Starts the process.
     *
     * @param markPrefix the common prefix of the marks of all commands
     * @param directory a temporary directory to remove, or null
     */
    CrashGuard(String markPrefix, @Nullable Path directory) {
        shell = Proc.isAvailable() ? start(markPrefix, directory == null ? "" : directory.toString()) : null;
    }

    private static @Nullable Process start(String markPrefix, String directory) {
        try {
            return new ProcessBuilder("sh", "-c", SCRIPT, "atex-guard", markPrefix, directory)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            LOG.warn("could not start the guard process: commands would keep running if this program is killed", e);
            return null;
        }
    }

    /** Kills the process. The commands must have been ended before. */
    @Override
    public void close() {
        if (shell != null) {
            UninterruptibleSection.run(() -> shell.destroyForcibly().waitFor(EXIT_TIMEOUT_SECONDS, TimeUnit.SECONDS));
        }
    }
}
