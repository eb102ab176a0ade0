package org.atex.artifacts;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Map;
import org.atex.api.ReportedResult;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.ByteArrayBuilder;

/**
 * Adds results to a {@code results} file, each at once: when {@link #write} returns, the line survives the end of this
 * program (not that of the machine: it is not synced). A line that cannot be written whole is taken back.
 *
 * <p>Lifecycle: open when {@link #append} returns it, until {@link #close()}. It does not react to interrupts.
 *
 * <p>Thread safety: for one thread at a time.
 */
public final class ResultWriter implements AutoCloseable {
    private static final JsonFactory JSON = new JsonFactory();

    private final RandomAccessFile file;
    private long end;

    private ResultWriter(RandomAccessFile file, long end) {
        this.file = file;
        this.end = end;
    }

    /**
     * {@return a writer that adds to a file, which is made if need be}
     *
     * @param results the file; nobody else writes to it meanwhile
     * @throws IOException if it cannot be opened
     */
    public static ResultWriter append(Path results) throws IOException {
        // Not a FileChannel: that one is closed by an interrupt that is meant for somebody else.
        RandomAccessFile file = new RandomAccessFile(results.toFile(), "rw");
        try {
            long end = file.length();
            file.seek(end);
            return new ResultWriter(file, end);
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Adds one line. Half a surrogate pair in a text is written as U+FFFD.
     *
     * @param result what it says
     * @throws IllegalArgumentException if one of its further values is none that JSON knows; nothing is written
     * @throws IOException if it cannot be written; the file is as before
     */
    public void write(ReportedResult result) throws IOException {
        byte[] bytes = line(result);
        try {
            file.write(bytes);
            end += bytes.length;
        } catch (IOException e) {
            file.setLength(end);
            file.seek(end);
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    private static byte[] line(ReportedResult result) {
        ByteArrayBuilder bytes = new ByteArrayBuilder();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
            json.writeStartObject();
            writeString(
                    json,
                    "status",
                    result.status() == null ? null : result.status().word());
            writeString(json, "name", result.name());
            writeString(json, "note", result.note());
            if (!result.files().isEmpty()) {
                json.writeName("files");
                JsonValues.write(json, result.files());
            }
            for (Map.Entry<String, @Nullable Object> entry : result.more().entrySet()) {
                json.writeName(JsonValues.wellFormed(entry.getKey()));
                JsonValues.write(json, entry.getValue());
            }
            json.writeEndObject();
        }
        bytes.append('\n');
        return bytes.toByteArray();
    }

    private static void writeString(JsonGenerator json, String key, @Nullable String value) {
        if (value != null) {
            json.writeName(key);
            json.writeString(JsonValues.wellFormed(value));
        }
    }
}
