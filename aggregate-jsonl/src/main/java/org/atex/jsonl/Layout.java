package org.atex.jsonl;

import java.io.IOException;
import java.io.InputStream;
import java.util.function.BiConsumer;
import org.atex.api.ReportedResult;
import org.atex.artifacts.Spool;
import org.jspecify.annotations.Nullable;

/** How results look in the file. */
interface Layout {
    /** {@return what each test's text begins with} */
    String begin();

    /** {@return what each test's text ends in, and nothing else does: how a torn end is told} */
    String end();

    /** {@return a writer of one test's results, which may need another spool until it ends} */
    Page page(Spool to, Spool scratch, Heading heading);

    /** Reads back which platforms and tests a file holds. */
    void names(InputStream file, BiConsumer<String, String> platformAndTest) throws IOException;

    /** What is common to the results of one test: whose they are, and under which names its files were stored. */
    record Heading(String platform, String test, Listing listing) {}

    /** One test's results, in the order in which they were reported; the runner's own is the last. */
    interface Page {
        /** Adds a result, with the status to write if it has none. */
        void add(ReportedResult result, @Nullable String status) throws IOException;

        void end() throws IOException;
    }
}
