package org.atex.testkit;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import org.atex.api.Command;

/**
 * A process of a command on a {@link FakeConnection}, as its {@link FakeProgram} sees it. Thread-safe, except for the
 * streams.
 */
public interface FakeProcess {
    /** {@return the command that started this process} */
    Command command();

    /** {@return the number of this process, unique on its connection} */
    long pid();

    /** {@return standard input} */
    InputStream stdin();

    /** {@return standard output} */
    OutputStream stdout();

    /** {@return standard error} */
    OutputStream stderr();

    /**
     * {@return the local path of a file of the fake system}
     *
     * @param path the path on the fake system
     */
    Path file(String path);

    /**
     * Starts a child process, which shares the streams and may outlive this process.
     *
     * @param child the program of the child
     * @return the number of the child
     */
    long spawn(FakeProgram child);
}
