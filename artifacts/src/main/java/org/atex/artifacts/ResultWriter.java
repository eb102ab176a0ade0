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
 * Appends results to a {@code results} file without buffering: when {@link #write} returns, the line survives a crash
 * of this program, but not of the machine, as it is not synced. A line that cannot be written completely is removed
 * again.
 *
 * <p>Lifecycle: open from the return of {@link #append} until {@link #close()}. Does not react to interrupts.
 *
 * <p>Thread safety: not thread-safe.
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
     * {@return a writer that appends to a file; it is created if necessary}
     *
     * @param results the file; there must be no other writer
     * @throws IOException if it cannot be opened
     */
    public static ResultWriter append(Path results) throws IOException {
        // Not a FileChannel: an interrupt of the writing thread closes the channel.
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
     * Appends one line. Unpaired surrogates in text are written as U+FFFD.
     *
     * @param result the result
     * @throws IllegalArgumentException if an additional value has a type that JSON does not support; nothing is written
     * @throws IOException if the line cannot be written; the file is unchanged
     */
    public void write(ReportedResult result) throws IOException {
        byte[] bytes = line(result);
        try {
            file.write(bytes);
            end += bytes.length;
        } catch (IOException e) {
            // A part of the line may have been written, for example if the disk became full.
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
