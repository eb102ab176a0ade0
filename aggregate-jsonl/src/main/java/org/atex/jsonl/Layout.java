package org.atex.jsonl;

import java.io.IOException;
import java.io.InputStream;
import java.util.function.BiConsumer;
import org.atex.api.ReportedResult;
import org.atex.artifacts.TempBuffer;

/** The format of results in the file: JSON Lines or YAML. */
interface Layout {
    /** {@return the beginning of the text of each test, in ASCII} */
    String begin();

    /**
     * {@return a text that ends each unit of the format and occurs nowhere else, so that an incomplete end is detected}
     */
    String end();

    /**
     * {@return a writer for the results of one test}
     *
     * @param to the buffer for the text
     * @param scratch an empty buffer that the writer may use
     * @param heading the data common to all results of the test
     */
    TestWriter writer(TempBuffer to, TempBuffer scratch, Heading heading);

    /** Reads the platforms and test names in a file, and passes each pair to the consumer. */
    void names(InputStream file, BiConsumer<String, String> platformAndTest) throws IOException;

    /** The data common to all results of one test: its platform, its name, and the stored names of its files. */
    record Heading(String platform, String test, FileListing listing) {}

    /** Writes the results of one test, in the order in which they were reported; the runner's result is the last. */
    interface TestWriter {
        /** Adds a result. */
        void add(ReportedResult result) throws IOException;

        void end() throws IOException;
    }
}
