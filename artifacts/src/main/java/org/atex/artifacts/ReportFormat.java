package org.atex.artifacts;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;

/**
 * The format of a {@link JournaledReport}.
 *
 * <p>Thread safety: implementations are thread-safe. The report renders attempts in parallel.
 *
 * @param <A> the data of an attempt that are kept in memory
 */
public interface ReportFormat<A extends ReportAttempt> {
    /** {@return the simple name of the class of the aggregator, for messages} */
    String aggregator();

    /** {@return the simple name of the class of its options, for messages} */
    String options();

    /** {@return the variant of the format, of letters, digits and {@code _}: a report is continued in the same variant} */
    String variant();

    /**
     * {@return whether the format has a variant}
     *
     * @param variant the variant of an existing journal
     */
    boolean isVariant(String variant);

    /**
     * Logs a warning.
     *
     * @param message the message
     */
    void warn(String message);

    /**
     * {@return a rendered attempt, which the caller closes}
     *
     * @param record the attempt
     * @param name the name of the test in the report
     * @param artifacts its artifacts, which are not changed
     * @param scratch a directory for temporary files
     * @throws IOException if they cannot be read
     * @throws BrokenResultsException if the results of the test are invalid
     */
    Rendered render(TestRecord record, String name, Artifacts artifacts, Path scratch) throws IOException;

    /**
     * {@return the data of an attempt in the journal}
     *
     * @param description the bytes of {@link Rendered#describe}
     * @param position the position of the first part in the journal
     * @param shared maps equal strings to one instance
     * @throws IOException if the bytes are invalid
     */
    A read(byte[] description, long position, UnaryOperator<String> shared) throws IOException;

    /**
     * Writes the complete report.
     *
     * @param variant the variant of the report
     * @param out the stream
     * @param platforms for each platform, the attempts at each test
     * @param journal copies parts of the attempts
     * @throws IOException if it cannot be written
     */
    void write(String variant, OutputStream out, Map<String, List<List<A>>> platforms, ReportJournalReader journal)
            throws IOException;

    /** {@return the format for the report of a run that did not close it} By default, it is the same. */
    default ReportFormat<A> ofLeft() {
        return this;
    }

    /** An attempt before it is in the journal. Not thread-safe. */
    interface Rendered extends AutoCloseable {
        /**
         * {@return the data of the attempt that are kept in memory, including the sizes of the parts}
         *
         * @param number the number of the attempt over all runs in the report; 0 if it never started
         * @throws IOException if they cannot be written
         */
        byte[] describe(int number) throws IOException;

        /** {@return the parts that are kept in the journal only} */
        List<TempBuffer> parts();

        /**
         * Called when the attempt is in the journal, before {@link #close()}. Files that belong to it are kept from now
         * on.
         */
        default void stored() {}

        @Override
        void close() throws IOException;
    }
}
