package org.atex.local;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A shell that outlives this program: if that dies with commands still running, killed or crashed, it ends them, daemons
 * included, by their marks.
 *
 * <p>Thread safety: from any thread.
 */
final class Guard implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Guard.class);
    private static final long PATIENCE_SECONDS = 5;

    /**
     * Its input ends when this program does. A process that is just becoming another program has no environment for a
     * moment, and one that was just being started becomes a command only then: so it takes several looks, for half a second,
     * that find nothing. All processes at once may not fit into a command line.
     */
    private static final String SCRIPT = """
            trap '' HUP INT QUIT TERM PIPE
            read -r line
            looks=0
            clean=0
            while [ $looks -lt 300 ] && [ $clean -lt 5 ]; do
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
                looks=$((looks + 1))
            done 2>/dev/null
            """;

    private final @Nullable Process shell;

    /**
     * Starts one.
     *
     * @param marks what the marks of all commands begin with
     */
    Guard(String marks) {
        shell = Proc.isThere() ? start(marks) : null;
    }

    private static @Nullable Process start(String marks) {
        try {
            return new ProcessBuilder("sh", "-c", SCRIPT, "atex-guard", marks)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            LOG.warn("commands would go on if this program were killed: no shell could be started to end them", e);
            return null;
        }
    }

    /** Ends it; the commands are to be ended before. */
    @Override
    public void close() {
        if (shell == null) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            shell.destroyForcibly().waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
