package org.atex.ctrf;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.atex.artifacts.ReportJournalReader;
import org.atex.artifacts.StoredAttempt;
import tools.jackson.core.JsonGenerator;

/** Writes the complete report. */
final class Document {
    /** The version of the specification whose schema the tests use. */
    private static final String SPECIFICATION = "0.0.0";

    private final OutputStream out;
    private final ReportJournalReader journal;
    private final Map<CtrfStatus, Integer> counts = new EnumMap<>(CtrfStatus.class);
    private int tests;
    private int flaky;
    private long first = Long.MAX_VALUE;
    private long end = Long.MIN_VALUE;

    Document(OutputStream out, ReportJournalReader journal) {
        this.out = out;
        this.journal = journal;
    }

    void write(Map<String, List<List<StoredAttempt>>> platforms, Map<String, Object> environment) throws IOException {
        Instant now = Instant.now();
        raw("{\"reportFormat\":\"CTRF\",\"specVersion\":\"" + SPECIFICATION + "\",\"timestamp\":\"" + now
                + "\",\"generatedBy\":\"ATEX\",\"results\":{\"tool\":{\"name\":\"ATEX\"},\n\"tests\":[");
        for (List<List<StoredAttempt>> suite : platforms.values()) {
            for (List<StoredAttempt> attempts : suite) {
                raw(tests == 0 ? "\n" : ",\n");
                write(attempts);
                count(attempts);
            }
        }
        raw("],\n\"summary\":");
        Json.object(out, json -> summary(json, platforms.size(), now.toEpochMilli()));
        if (!environment.isEmpty()) {
            raw(",\n\"environment\":");
            Json.object(out, json -> environment(json, environment));
        }
        raw("}}\n");
    }

    private void write(List<StoredAttempt> attempts) throws IOException {
        StoredAttempt last = attempts.getLast();
        // Two objects without their braces between become one.
        last.copy(journal, Rendering.TEST, 0, 1, out);
        raw(",");
        last.copy(journal, Rendering.ATTEMPT, 1, 1, out);
        int retries = attempts.size() - 1;
        raw(",\"retries\":" + retries + ",\"flaky\":" + StoredAttempt.isFlaky(attempts));
        if (retries > 0) {
            raw(",\"retryAttempts\":[");
            for (int i = 0; i < retries; i++) {
                // The schema counts from 1, and an attempt that never started has the number 0.
                raw((i == 0 ? "" : ",") + "{\"attempt\":" + (i + 1) + ",");
                attempts.get(i).copy(journal, Rendering.ATTEMPT, 1, 0, out);
            }
            raw("]");
        }
        raw("}");
    }

    private void count(List<StoredAttempt> attempts) {
        StoredAttempt last = attempts.getLast();
        tests++;
        counts.merge(CtrfStatus.of(last.outcome(), last.isKnown()), 1, Integer::sum);
        if (StoredAttempt.isFlaky(attempts)) {
            flaky++;
        }
        for (StoredAttempt attempt : attempts) {
            // Attempts that never started do not count: their record may be much later than the last test.
            if (attempt.number() > 0) {
                first = Math.min(first, attempt.started().toEpochMilli());
                end = Math.max(end, attempt.ended().toEpochMilli());
            }
        }
    }

    private void summary(JsonGenerator json, int suites, long now) {
        json.writeNumberProperty("tests", tests);
        for (CtrfStatus status : CtrfStatus.values()) {
            json.writeNumberProperty(status.word(), counts.getOrDefault(status, 0));
        }
        json.writeNumberProperty("flaky", flaky);
        json.writeNumberProperty("suites", suites);
        long start = first > end ? now : first;
        long stop = first > end ? now : end;
        json.writeNumberProperty("start", start);
        json.writeNumberProperty("stop", stop);
        json.writeNumberProperty("duration", stop - start);
    }

    private static void environment(JsonGenerator json, Map<String, Object> environment) {
        environment.forEach((name, value) -> {
            if (Environment.isField(name)) {
                property(json, name, value);
            }
        });
        json.writeObjectPropertyStart("extra");
        environment.forEach((name, value) -> {
            if (!Environment.isField(name)) {
                property(json, name, value);
            }
        });
        json.writeEndObject();
    }

    private static void property(JsonGenerator json, String name, Object value) {
        switch (value) {
            case Long number -> json.writeNumberProperty(name, number);
            case Boolean bool -> json.writeBooleanProperty(name, bool);
            default -> Json.text(json, name, value.toString());
        }
    }

    private void raw(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
    }
}
