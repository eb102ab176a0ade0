package org.atex.api;

/** How a command ended on its system. A lost connection is not an end: see {@link ConnectionLostException}. */
public sealed interface CommandEnd {
    /** {@return whether it exited with 0} */
    default boolean succeeded() {
        return this instanceof Exited exited && exited.code() == 0;
    }

    /** {@return the exit code as a shell would give it: 128 and the signal's number for a signal} */
    int shellCode();

    /**
     * It ended by itself.
     *
     * @param code its exit code, 0 to 255
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
     * A signal ended it.
     *
     * @param signal the signal's name without {@code SIG}, such as {@code KILL}
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
