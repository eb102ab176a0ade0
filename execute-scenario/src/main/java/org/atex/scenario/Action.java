package org.atex.scenario;

import org.atex.api.Command;
import org.atex.api.Input;

/**
 * The code of an event, which runs in this program and uses the system through {@link Occurrence#connection()}.
 *
 * <p>Thread safety: each occurrence has a thread of its own. Implementations must be thread-safe if occurrences overlap
 * or the scenario runs on several systems at once.
 */
@FunctionalInterface
public interface Action {
    /**
     * Runs one occurrence of the event.
     *
     * @param occurrence the occurrence
     * @throws Exception if the occurrence fails
     */
    void run(Occurrence occurrence) throws Exception;

    /**
     * {@return an action that runs a command on the system} It fails if the command does not exit with code 0. Its output
     * is kept, see {@code README.md} of the module.
     *
     * @param command the command; its outputs are redirected
     * @throws IllegalArgumentException if the input of the command is {@link Input#pipe()}
     */
    static Action command(Command command) {
        return new CommandAction(command, false);
    }

    /**
     * {@return an action that runs a command until the end of the scenario} When the switch is pulled, the command is
     * killed, which is not a failure. The action fails if the command ends earlier, with any exit code.
     *
     * @param command the command; its outputs are redirected
     * @throws IllegalArgumentException if the input of the command is {@link Input#pipe()}
     */
    static Action background(Command command) {
        return new CommandAction(command, true);
    }
}
