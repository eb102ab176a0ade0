package org.atex.api;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A connection to one system: runs commands on it, and copies files to and from it.
 *
 * {@snippet :
 * try (RunningCommand tail = connection.start(Command.of("journalctl", "--follow"))) {
 *     connection.upload(Path.of("target/app.jar"), "/opt/app/app.jar");
 *     String version = connection.run(Command.of("uname", "-r")).orThrow().stdout().strip();
 * }
 * }
 *
 * <p>Lifecycle: a connection is established when its factory method returns it. After {@link #close()}, every other
 * method throws {@link IllegalStateException}. After a {@link ConnectionLostException}, only {@link #reconnect} and
 * {@code close} can succeed.
 *
 * <p>Thread safety: every method may be called from any thread. Any number of commands may run at the same time.
 *
 * <p>Interruption: every method that declares {@link InterruptedException} reacts to an interrupt within one second,
 * and ends everything that it started.
 *
 * <p>Any program may implement this interface. {@code ConnectionContract} in the testkit checks an implementation.
 */
public interface Connection extends AutoCloseable {
    /**
     * Starts a command. A program that cannot be executed is not an error of this method: the command ends with an exit
     * code of 125 to 127 and a line on its standard error.
     *
     * @param command the command
     * @return the running command, which the caller must close
     * @throws ConnectionLostException if the connection is lost
     * @throws TransferException if a local file that the command reads or writes cannot be opened
     * @throws InterruptedException if the thread is interrupted; no command is running then
     * @throws IllegalStateException if this connection is closed
     */
    RunningCommand start(Command command) throws InterruptedException;

    /**
     * Runs a command to its end and collects the output that it writes to pipes, at most 64 MiB from each stream.
     * Redirect a longer output to a file. Processes that the command left running are ended.
     *
     * @param command the command; its input must not be {@link Input#pipe()}
     * @return how the command ended, and its output; an exit code other than 0 is a result, not an error
     * @throws ConnectionLostException if the connection is lost
     * @throws TransferException if a local file that the command reads or writes cannot be opened
     * @throws CommandFailedException if the output exceeds the limit; the command was ended
     * @throws InterruptedException if the thread is interrupted; the command was ended
     * @throws IllegalArgumentException if the input of the command is a pipe
     * @throws IllegalStateException if this connection is closed
     */
    default CommandResult run(Command command) throws InterruptedException {
        return Capture.run(this, command);
    }

    /**
     * Copies a local file or directory tree to the system. Modes, modification times and symbolic links (as links) are
     * kept, and the names of files keep their bytes. Missing parent directories of the target are created. If the
     * target is an existing directory, the files are added to it; existing files are replaced.
     *
     * @param source a local file or directory
     * @param target the path of the copy on the system. A relative path is resolved like the default working directory
     *     of a command; a path that begins with {@code ~} is refused
     * @throws TransferException if a file cannot be read locally or written on the system
     * @throws ConnectionLostException if the connection is lost
     * @throws InterruptedException if the thread is interrupted; part of the target may have been written
     * @throws IllegalStateException if this connection is closed
     */
    void upload(Path source, String target) throws InterruptedException;

    /**
     * Copies a file or directory tree of the system to this machine, in the same way as {@link #upload}. No file is
     * written outside the target and no link is followed, even if the system sends malicious names.
     *
     * @param source a file or directory of the system. A relative path is resolved like the default working directory
     *     of a command; a path that begins with {@code ~} is refused
     * @param target the local path of the copy
     * @throws TransferException if a file cannot be read on the system or written locally
     * @throws ConnectionLostException if the connection is lost
     * @throws InterruptedException if the thread is interrupted; part of the target may have been written
     * @throws IllegalStateException if this connection is closed
     */
    void download(String source, Path target) throws InterruptedException;

    /**
     * Connects again, after a reboot of the system or a loss of the connection. Commands that still run over the old
     * connection are ended.
     *
     * @param within the time for which to retry
     * @throws ConnectionLostException if the system did not answer in time; the message has the reason of the last
     *     attempt
     * @throws InterruptedException if the thread is interrupted
     * @throws IllegalStateException if this connection is closed
     */
    void reconnect(Duration within) throws InterruptedException;

    /**
     * {@return whether the system is the machine on which this program runs; executors do not install packages there
     * and do not reboot it unless the user allows it}
     */
    default boolean isThisMachine() {
        return false;
    }

    /**
     * {@return the command with which a person opens a shell on this system, on the machine of this program; empty if
     * it is not known} It contains no secrets.
     */
    default List<String> loginCommand() {
        return List.of();
    }

    /**
     * Ends all commands, as {@link RunningCommand#close()} does, and closes the connection. Calling this method again
     * has no effect. It returns within a bounded time.
     */
    @Override
    void close();
}
