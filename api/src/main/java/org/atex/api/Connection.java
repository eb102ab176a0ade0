package org.atex.api;

import java.nio.file.Path;
import java.time.Duration;

/**
 * A live channel to one system: runs commands on it, moves files to and from it.
 *
 * <p>Lifecycle: connected when its factory returns it; after {@link #close()} every other method throws
 * {@link IllegalStateException}. After {@link ConnectionLostException} only {@link #reconnect} and {@code close} are of
 * use.
 *
 * <p>Thread safety: every method may be called from any thread, any number of commands may run at once.
 *
 * <p>Interruption: every method that declares it answers within a second, and leaves nothing running that it started.
 *
 * <p>Anyone may implement it; {@code ConnectionContract} in the test kit says whether it is done right.
 */
public interface Connection extends AutoCloseable {
    /**
     * Starts a command. A program that cannot be run is started all the same, for the system to say so: it ends with an
     * exit code of 125 to 127 and a line on its errors.
     *
     * @param command what to run
     * @return the running command, which the caller must close
     * @throws ConnectionLostException if the system cannot be reached any more
     * @throws TransferException if a file of this machine that it reads or writes cannot be opened
     * @throws InterruptedException if interrupted; nothing was started or what was is ended
     */
    RunningCommand start(Command command) throws InterruptedException;

    /**
     * Runs a command to its end and keeps what it writes to its pipes, 64 MiB for each at the most: redirect what may be
     * longer to a file. Whatever the command left running is ended.
     *
     * @param command what to run; its input must not be {@link Input#pipe()}
     * @return how it ended and what it wrote; a non-zero exit code is a result, not an error
     * @throws ConnectionLostException if the system cannot be reached any more
     * @throws CommandFailedException if it writes more than can be kept; it was ended
     * @throws InterruptedException if interrupted; the command was ended
     */
    default CommandResult run(Command command) throws InterruptedException {
        return Capture.run(this, command);
    }

    /**
     * Copies a file or a tree of this machine to the system. Modes, symbolic links (as links) and modification times
     * are kept, and so are names of whatever bytes. Missing directories above the target are made; a directory that is there is
     * added to, a file replaced.
     *
     * @param source a file or directory of this machine
     * @param target the path that the copy will have there; a relative one starts where commands do, and one that begins with
     *     {@code ~} is refused
     * @throws TransferException if something cannot be read here or written there
     * @throws ConnectionLostException if the system cannot be reached any more
     * @throws InterruptedException if interrupted; part of the target may have been written
     */
    void upload(Path source, String target) throws InterruptedException;

    /**
     * Copies a file or a tree of the system to this machine, as {@link #upload} does the other way round. Whatever the
     * system says, nothing is written outside the target, and no link is followed.
     *
     * @param source a file or directory of the system; a relative path starts where commands do, and one that begins with
     *     {@code ~} is refused
     * @param target the path that the copy will have here
     * @throws TransferException if something cannot be read there or written here
     * @throws ConnectionLostException if the system cannot be reached any more
     * @throws InterruptedException if interrupted; part of the target may have been written
     */
    void download(String source, Path target) throws InterruptedException;

    /**
     * Connects again, after the system rebooted or the link broke. What still runs over the old link is ended.
     *
     * @param within how long to go on trying
     * @throws ConnectionLostException if the system did not answer in time; the message has the last reason
     * @throws InterruptedException if interrupted
     */
    void reconnect(Duration within) throws InterruptedException;

    /**
     * {@return whether the system is the machine that this program runs on, which is not to be thrown away: executors then
     * install nothing there and do not reboot it, unless the user allows it}
     */
    default boolean isThisMachine() {
        return false;
    }

    /** Ends all commands, as {@link RunningCommand#close()} does, and the link. Idempotent; bounded in time. */
    @Override
    void close();
}
