package org.atex.ssh;

import java.util.concurrent.CompletableFuture;
import org.atex.api.CommandEnd;
import org.jspecify.annotations.Nullable;

/** Describes why the standard input of a command could not be written. */
final class StdinFailure {
    /** The exit code of shells for a program that the kernel refuses to start. */
    private static final CommandEnd NOT_STARTED = new CommandEnd.Exited(126);

    private StdinFailure() {}

    /**
     * {@return the reason: the end of the command if it has ended, otherwise the failure itself}
     *
     * @param failure the failure of the write
     * @param end the end of the command
     */
    static String describe(@Nullable Throwable failure, CompletableFuture<CommandEnd> end) {
        if (!end.isDone() || end.isCompletedExceptionally()) {
            return String.valueOf(failure);
        }
        CommandEnd ended = end.join();
        return "it has ended with " + ended
                + (ended.equals(NOT_STARTED)
                        ? " (the program could not be started, see stderr: is it executable, and are its arguments and"
                                + " variables shorter than the kernel's limit of 128 KiB each?)"
                        : "");
    }
}
