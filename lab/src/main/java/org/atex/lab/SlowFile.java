package org.atex.lab;

import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.testkit.Call;

/** A named pipe that is read late, in place of a file on a slow disk. */
public final class SlowFile {
    private static final int BYTES = 128 * 1024;

    private SlowFile() {}

    /**
     * Checks that the end of a command is reported while its output is still being written, and that {@code close} waits
     * for the rest. For connections that write files themselves.
     *
     * @param connection the connection
     * @param directory an existing directory
     * @throws Exception if the check fails
     */
    public static void assertClosedWhenWritten(Connection connection, Path directory) throws Exception {
        Path pipe = directory.resolve("slow");
        if (new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() != 0) {
            throw new AssertionError("could not create the named pipe " + pipe);
        }
        // Open for writing as well, since an open for reading waits for a writer.
        try (RandomAccessFile disk = new RandomAccessFile(pipe.toFile(), "rw");
                RunningCommand command = connection.start(Command.of("head", "-c", Integer.toString(BYTES), "/dev/zero")
                        .withStdout(Output.file(pipe)))) {
            CommandEnd end = command.await();
            if (!end.equals(new CommandEnd.Exited(0))) {
                throw new AssertionError("'" + command + "' ended with " + end);
            }
            Call<Boolean> closing = Call.to(command::close).awaitBlocked();

            disk.readFully(new byte[BYTES]);
            closing.result();
        }
    }
}
