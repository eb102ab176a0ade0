package org.atex.api;

/**
 * The way in which a command ended on its system: by an exit code or by a signal. A lost connection is reported as a
 * {@link ConnectionLostException} instead. Immutable.
 *
 * {@snippet :
 * String text = switch (end) {
 *     case CommandEnd.Exited exited -> "exit code " + exited.code();
 *     case CommandEnd.Signalled signalled -> "signal " + signalled.signal();
 * };
 * }
 */
public sealed interface CommandEnd {
    /** {@return whether the command exited with code 0} */
    default boolean succeeded() {
        return this instanceof Exited exited && exited.code() == 0;
    }

    /** {@return the exit code as a shell reports it: for a signal, 128 and the number of the signal} */
    int shellCode();

    /**
     * The command exited.
     *
     * @param code the exit code, 0 to 255
     */
    record Exited(int code) implements CommandEnd {
        @Override
        public int shellCode() {
            return code;
        }

        @Override
        public String toString() {
            return "exit code " + code;
        }
    }

    /**
     * A signal ended the command.
     *
     * @param signal the name of the signal without {@code SIG}, such as {@code KILL}
     */
    record Signalled(String signal) implements CommandEnd {
        @Override
        public int shellCode() {
            return 128 + Signals.number(signal);
        }

        @Override
        public String toString() {
            return "signal " + signal;
        }
    }
}
