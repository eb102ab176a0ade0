package org.atex.podman;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** The machine on which podman runs: this one, or one that a connection reaches. Thread-safe. */
sealed interface PodmanHost permits ThisMachine, ConnectedHost {
    /**
     * The end of a run of podman.
     *
     * @param code the exit code
     * @param output the standard output
     * @param errors the end of the error output
     */
    record End(int code, String output, String errors) {}

    /** {@return its name in messages: {@code this machine}, or the name of the host} */
    String name();

    /**
     * {@return a container for messages, with this host if it is another machine}
     *
     * @param container the name of the container
     */
    String describe(String container);

    /**
     * Runs podman and waits for its end. If interrupted or after the time limit, it is told to terminate, so that it
     * completes or reverts its current step.
     *
     * @param line the command line
     * @param name the command of podman for messages
     * @param within the time limit
     * @param progress receives each line of the error output in another thread
     * @return its end
     * @throws HostLostException if the connection to the host is lost
     * @throws IOException if podman cannot be run, or exceeds the time limit
     * @throws InterruptedException if interrupted
     */
    End run(List<String> line, String name, Duration within, Consumer<String> progress)
            throws IOException, InterruptedException;

    /**
     * {@return the streams of a shell in a container}
     *
     * @param line the command line that starts the shell with podman
     * @param threads runs blocking reads and writes
     * @throws HostLostException if the connection to the host is lost
     * @throws IOException if podman cannot be run
     * @throws InterruptedException if interrupted
     */
    ShellStreams startShell(List<String> line, Executor threads) throws IOException, InterruptedException;

    /**
     * {@return the named pipes of a shell}
     *
     * @param process the process id, on the host, of the first process of the container
     * @param directory the directory of the pipes in the container
     * @throws IOException if the directory cannot be opened
     * @throws InterruptedException if interrupted
     */
    Pipes openPipes(long process, Path directory) throws IOException, InterruptedException;

    /** {@return the third argument of {@code resident.sh} for a shell that {@code podman exec} starts} */
    String shellMode();

    /**
     * {@return whether a process of the host exists}
     *
     * @throws HostLostException if the connection to the host is lost
     */
    boolean isAlive(long process) throws IOException, InterruptedException;

    /** {@return the number of processors} */
    int processors() throws IOException, InterruptedException;

    /**
     * Connects to the host again if its connection is lost.
     *
     * @throws HostLostException if that is not possible in time
     */
    void reconnect(Duration within) throws IOException, InterruptedException;

    /** {@return the command line with which a person runs a program on the host; empty if it is not known} */
    List<String> loginLine(List<String> line);

    /** {@return the text that stands for this program in the labels of containers} */
    String owner();

    /** {@return whether the program that started a container has certainly ended} */
    boolean hasEnded(String owner);
}
