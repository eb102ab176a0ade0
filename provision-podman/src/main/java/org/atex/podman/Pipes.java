package org.atex.podman;

import java.io.Closeable;
import java.util.concurrent.Executor;
import org.atex.api.Command;
import org.atex.api.TransferException;

/** The named pipes in the directory of a resident shell, which connect this program to processes in the container. */
interface Pipes extends Closeable {
    /**
     * {@return the streams of a command, not yet open}
     *
     * @param command the command
     * @param names its pipes
     * @param threads runs blocking reads and writes
     * @throws TransferException if a local file to which the command is redirected cannot be opened
     */
    CommandStreams streams(Command command, PipeNames names, Executor threads);
}
