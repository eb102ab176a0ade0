package org.atex.junitxml;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atex.api.TestRecord;
import org.atex.artifacts.ReportFormat;
import org.atex.artifacts.TempBuffer;

/** A rendered attempt: parts of XML, which may be large and are kept in buffers, and the counts of its subtests. */
final class RenderedAttempt implements ReportFormat.Rendered {
    private final TestRecord record;
    private final String name;
    private final Map<Attempt.Part, TempBuffer> parts = new EnumMap<>(Attempt.Part.class);
    private final CaseStatus status;
    private String type = "";
    private Counts subtests = Counts.NONE;

    RenderedAttempt(TestRecord record, String name, Path scratch, CaseStatus status) {
        this.record = record;
        this.name = name;
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

    @Override
    public byte[] describe(int number) throws IOException {
        return Attempt.describe(record, name, number, this);
    }

    @Override
    public List<TempBuffer> parts() {
        return List.copyOf(parts.values());
    }

    @Override
    public void close() throws IOException {
        for (TempBuffer buffer : parts.values()) {
            buffer.close();
        }
    }
}
