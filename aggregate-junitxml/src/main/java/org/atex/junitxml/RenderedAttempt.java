package org.atex.junitxml;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.atex.artifacts.TempBuffer;

/** A rendered attempt: parts of XML, which may be large and are kept in buffers, and the counts of its subtests. */
final class RenderedAttempt implements AutoCloseable {
    private final Map<Attempt.Part, TempBuffer> parts = new EnumMap<>(Attempt.Part.class);
    private final CaseStatus status;
    private String type = "";
    private Counts subtests = Counts.NONE;

    RenderedAttempt(Path scratch, CaseStatus status) {
        this.status = status;
        for (Attempt.Part part : Attempt.Part.values()) {
            parts.put(part, new TempBuffer(scratch));
        }
    }

    CaseStatus status() {
        return status;
    }

    String type() {
        return type;
    }

    void setType(String word) {
        type = word;
    }

    Counts subtests() {
        return subtests;
    }

    void addSubtest(CaseStatus subtest) {
        subtests = subtests.plus(subtest);
    }

    TempBuffer part(Attempt.Part part) {
        return Objects.requireNonNull(parts.get(part));
    }

    TempBuffer[] parts() {
        return parts.values().toArray(new TempBuffer[0]);
    }

    @Override
    public void close() throws IOException {
        for (TempBuffer buffer : parts.values()) {
            buffer.close();
        }
    }
}
