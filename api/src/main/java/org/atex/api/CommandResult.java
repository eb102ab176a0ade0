package org.atex.api;

import java.nio.charset.StandardCharsets;

/**
 * The end of a command and the output that it wrote to pipes. A stream that was redirected is empty here.
 *
 * <p>Thread safety: this class is immutable; arrays are copied.
 */
public final class CommandResult {
    /** The number of characters of the output that a message quotes. */
    private static final int QUOTED = 2000;

    private final Command command;
    private final CommandEnd end;
    private final byte[] stdout;
    private final byte[] stderr;

    /**
     * Creates a result.
     *
     * @param command the command that ran
     * @param end how the command ended
     * @param stdout the bytes of its standard output; copied
     * @param stderr the bytes of its standard error; copied
     */
    public CommandResult(Command command, CommandEnd end, byte[] stdout, byte[] stderr) {
        this.command = command;
        this.end = end;
        this.stdout = stdout.clone();
        this.stderr = stderr.clone();
    }

    /** {@return how the command ended} */
    public CommandEnd end() {
        return end;
    }

    /** {@return whether the command exited with code 0} */
    public boolean succeeded() {
        return end.succeeded();
    }

    /** {@return standard output decoded as UTF-8; malformed bytes are replaced} */
    public String stdout() {
        return new String(stdout, StandardCharsets.UTF_8);
    }

    /** {@return standard error decoded as UTF-8; malformed bytes are replaced} */
    public String stderr() {
        return new String(stderr, StandardCharsets.UTF_8);
    }

    /** {@return a copy of the bytes of standard output} */
    public byte[] stdoutBytes() {
        return stdout.clone();
    }

    /** {@return a copy of the bytes of standard error} */
    public byte[] stderrBytes() {
        return stderr.clone();
    }

    /**
     * Throws an exception unless the command succeeded.
     *
     * @return this result
     * @throws CommandFailedException if the command did not exit with code 0; the message quotes up to 2,000 characters
     *     from the end of standard error, or of standard output if standard error is empty
     */
    public CommandResult orThrow() {
        if (succeeded()) {
            return this;
        }
        String output = (stderr.length == 0 ? stdout() : stderr()).strip();
        String tail = output.length() > QUOTED ? "…" + output.substring(output.length() - QUOTED) : output;
        throw new CommandFailedException(
                "'" + command + "' ended with " + end + (tail.isEmpty() ? ", without output" : ": " + tail));
    }

    @Override
    public String toString() {
        return "'" + command + "': " + end;
    }
}
