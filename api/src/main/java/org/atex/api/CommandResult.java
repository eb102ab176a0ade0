package org.atex.api;

import java.nio.charset.StandardCharsets;

/** How a command ended and what it wrote where its output was a pipe. Immutable. */
public final class CommandResult {
    private static final int SHOWN = 2000;

    private final Command command;
    private final CommandEnd end;
    private final byte[] stdout;
    private final byte[] stderr;

    /**
     * Makes one.
     *
     * @param command what ran
     * @param end how it ended
     * @param stdout what it wrote to its output; copied
     * @param stderr what it wrote to its errors; copied
     */
    public CommandResult(Command command, CommandEnd end, byte[] stdout, byte[] stderr) {
        this.command = command;
        this.end = end;
        this.stdout = stdout.clone();
        this.stderr = stderr.clone();
    }

    /** {@return how it ended} */
    public CommandEnd end() {
        return end;
    }

    /** {@return whether it exited with 0} */
    public boolean succeeded() {
        return end.succeeded();
    }

    /** {@return its output as UTF-8 text, bytes that are none replaced} */
    public String stdout() {
        return new String(stdout, StandardCharsets.UTF_8);
    }

    /** {@return its errors as UTF-8 text, bytes that are none replaced} */
    public String stderr() {
        return new String(stderr, StandardCharsets.UTF_8);
    }

    /** {@return the bytes of its output} */
    public byte[] stdoutBytes() {
        return stdout.clone();
    }

    /** {@return the bytes of its errors} */
    public byte[] stderrBytes() {
        return stderr.clone();
    }

    /**
     * Insists on success.
     *
     * @return this
     * @throws CommandFailedException if it did not exit with 0; the message has the last of what it said
     */
    public CommandResult orThrow() {
        if (succeeded()) {
            return this;
        }
        String said = (stderr() + (stderr.length == 0 ? stdout() : "")).strip();
        String tail = said.length() > SHOWN ? "…" + said.substring(said.length() - SHOWN) : said;
        throw new CommandFailedException(
                "'" + command + "' ended with " + end + (tail.isEmpty() ? " and said nothing" : ": " + tail));
    }

    @Override
    public String toString() {
        return "'" + command + "': " + end;
    }
}
