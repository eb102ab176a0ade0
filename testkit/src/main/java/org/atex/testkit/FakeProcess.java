package org.atex.testkit;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import org.atex.api.Command;

/** What a {@link FakeProgram} gets. Thread-safe, but for the streams. */
public interface FakeProcess {
    /** {@return the command that it is} */
    Command command();

    /** {@return its number, unique on its connection} */
    long pid();

    /** {@return what it reads} */
    InputStream stdin();

    /** {@return where its output goes} */
    OutputStream stdout();

    /** {@return where its errors go} */
    OutputStream stderr();

    /**
     * {@return where a file of the fake system really is}
     *
     * @param path its path on that system
     */
    Path file(String path);

    /**
     * Starts another process, which lives on when this one has ended, and shares its streams.
     *
     * @param child what it does
     * @return its number
     */
    long spawn(FakeProgram child);
}
