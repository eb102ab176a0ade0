package org.atex.allure;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.ReportedResult;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.atex.artifacts.ResultReader;
import org.atex.artifacts.TempBuffer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.json.JsonFactory;

/**
 * Renders one attempt as JSON: first {@link #read}, then {@link #writeTo}. Steps and attachments are kept in buffers in
 * between, as the status and the message of the test are known only after the last result. Not thread-safe.
 */
final class Rendering implements AutoCloseable {
    private static final JsonFactory JSON =
            JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build();

    /** Maximum length of a message in characters: Allure groups failures by their messages. */
    private static final int MAX_MESSAGE = 1000;

    /** Maximum number of subtests listed in the trace. */
    private static final int MAX_LISTED = 100;

    private final AttemptId id;
    private final TestRecord record;
    private final TestDetails details;
    private final EarlierAttempts earlier;
    private final Attachments files;
    private final TempBuffer steps;
    private final TempBuffer attachments;
    private final List<String> badSteps = new ArrayList<>();
    private int bad;
    private @Nullable ReportedResult own;

    Rendering(AttemptId id, TestRecord record, TestDetails details, EarlierAttempts earlier, Attachments files) {
        this.id = id;
        this.record = record;
        this.details = details;
        this.earlier = earlier;
        this.files = files;
        steps = files.buffer();
        attachments = files.buffer();
    }

    /** Writes JSON. */
    @FunctionalInterface
    private interface Content {
        void writeTo(JsonGenerator json) throws IOException;
    }

    private static void write(OutputStream out, Content content) throws IOException {
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
            content.writeTo(json);
        } catch (JacksonIOException e) {
            throw e.getCause();
        }
    }

    /**
     * Reads the results of the test, and stores its files.
     *
     * @throws org.atex.artifacts.BrokenResultsException if the results are invalid
     */
    void read(Artifacts artifacts) throws IOException {
        write(steps, json -> {
            json.writeStartArray();
            try (ResultReader results = ResultReader.of(artifacts)) {
                for (ReportedResult result = results.next(); result != null; result = results.next()) {
                    if (result.name() != null) {
                        step(json, result);
                        continue;
                    }
                    // Of several results of the test itself, the last one is the final result.
                    if (own != null) {
                        step(json, own);
                    }
                    own = result;
                }
            }
            json.writeEndArray();
        });
        write(attachments, json -> files.writeWithRest(json, own == null ? List.of() : own.files()));
    }

    void writeTo(OutputStream out) throws IOException {
        write(out, json -> {
            json.writeStartObject();
            text(json, "uuid", id.uuid().toString());
            text(json, "historyId", id.test());
            text(json, "testCaseId", id.test());
            text(json, "name", id.name());
            text(json, "fullName", record.platform() + ":" + id.name());
            text(json, "description", details.description());
            labels(json);
            links(json);
            parameters(json);
            text(json, "status", Words.status(record.end().outcome()));
            statusDetails(json);
            text(json, "stage", "finished");
            times(json);
            raw(json, out, "steps", steps);
            raw(json, out, "attachments", attachments);
            json.writeEndObject();
        });
    }

    @Override
    public void close() throws IOException {
        try (steps;
                attachments) {
            // Closes both.
        }
    }

    private void step(JsonGenerator json, ReportedResult result) throws IOException {
        String status = Words.status(result.status());
        json.writeStartObject();
        text(json, "name", result.name() == null ? id.name() : result.name());
        text(json, "status", status);
        String message = stepMessage(result);
        if (!message.isEmpty()) {
            json.writeObjectPropertyStart("statusDetails");
            text(json, "message", message);
            json.writeEndObject();
        }
        text(json, "stage", "finished");
        files.write(json, result.name(), result.files());
        json.writeEndObject();
        if (Words.isBad(result.status()) && ++bad <= MAX_LISTED) {
            badSteps.add(Words.cut(Words.line(result), MAX_MESSAGE));
        }
    }

    /** {@return the note, after the word of the test if the status of the step does not say the same} */
    private static String stepMessage(ReportedResult result) {
        String note = result.note() == null ? "" : result.note();
        String word = result.status() == null ? "" : result.status().word();
        return switch (word) {
            case "", "pass", "fail", "skip" -> note;
            default -> note.isEmpty() ? word : word + ": " + note;
        };
    }

    private void labels(JsonGenerator json) {
        PlainTest test = record.test();
        json.writeArrayPropertyStart("labels");
        label(json, "framework", "atex");
        label(json, "parentSuite", record.platform());
        int slash = id.name().lastIndexOf('/');
        String above = id.name().substring(0, Math.max(slash, 0)).replaceFirst("^/+", "");
        if (!above.isEmpty()) {
            label(json, "suite", above);
        }
        SystemInfo system = record.system();
        if (system != null) {
            label(json, "host", system.name());
            label(json, "thread", "slot " + record.slot());
        }
        test.tags().stream().sorted().forEach(tag -> label(json, "tag", tag));
        test.components().stream().sorted().forEach(component -> label(json, "feature", component));
        if (test.group() != null) {
            label(json, "epic", test.group());
        }
        details.labels().forEach(label -> label(json, label.name(), label.value()));
        json.writeEndArray();
    }

    private static void label(JsonGenerator json, String name, String value) {
        json.writeStartObject();
        text(json, "name", name);
        text(json, "value", value);
        json.writeEndObject();
    }

    private void links(JsonGenerator json) {
        json.writeArrayPropertyStart("links");
        for (TestDetails.Link link : details.links()) {
            json.writeStartObject();
            text(json, "type", link.type());
            text(json, "name", link.name());
            text(json, "url", link.url().toString());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void parameters(JsonGenerator json) {
        json.writeArrayPropertyStart("parameters");
        parameter(json, "platform", record.platform());
        SystemInfo system = record.system();
        if (system != null) {
            parameter(json, "system", system.name());
            if (!system.host().equals(system.name())) {
                parameter(json, "host", system.host());
            }
        }
        if (record.attempt() > 0) {
            AttemptCause cause = record.cause();
            parameter(json, "attempt", record.attempt() + (cause == AttemptCause.FIRST ? "" : " (" + cause + ")"));
        }
        if (record.test().source() != null) {
            parameter(json, "source", record.test().source().toString());
        }
        json.writeEndArray();
    }

    /** Writes a parameter that does not distinguish tests: the same test on another system has the same history. */
    private static void parameter(JsonGenerator json, String name, String value) {
        json.writeStartObject();
        text(json, "name", name);
        text(json, "value", value);
        json.writeBooleanProperty("excluded", true);
        json.writeEndObject();
    }

    private void statusDetails(JsonGenerator json) {
        int failedBefore = earlier.failedBefore(record);
        String message = Words.message(record, own, bad, failedBefore);
        json.writeObjectPropertyStart("statusDetails");
        if (record.known() != null) {
            json.writeBooleanProperty("known", true);
            json.writeBooleanProperty("muted", true);
        }
        if (failedBefore > 0 && record.end().outcome() == Outcome.PASSED) {
            json.writeBooleanProperty("flaky", true);
        }
        if (!message.isEmpty()) {
            text(json, "message", Words.cut(message, MAX_MESSAGE));
        }
        String trace = trace(message);
        if (!trace.isEmpty()) {
            text(json, "trace", trace);
        }
        json.writeEndObject();
    }

    /** {@return what does not fit into the message; empty if there is nothing} */
    private String trace(String message) {
        List<String> lines = new ArrayList<>();
        if (message.length() > MAX_MESSAGE) {
            lines.add(message);
        }
        if (own != null && own.note() != null && !message.contains(own.note())) {
            lines.add(Words.line(own));
        }
        lines.addAll(badSteps);
        if (bad > badSteps.size()) {
            lines.add("and " + (bad - badSteps.size()) + " more");
        }
        for (String name : files.refused()) {
            lines.add("file not stored, as it is missing, unreadable or not a regular file: "
                    + Words.cut(name, MAX_MESSAGE));
        }
        return String.join("\n", lines);
    }

    /** Writes start and stop. A test that never started has none, so that it does not replace earlier results. */
    private void times(JsonGenerator json) {
        if (record.attempt() > 0) {
            long start = earlier.start(record);
            json.writeNumberProperty("start", start);
            json.writeNumberProperty("stop", start + record.took().toMillis());
        }
    }

    private static void text(JsonGenerator json, String name, @Nullable String value) {
        if (value != null) {
            json.writeStringProperty(name, Words.wellFormed(value));
        }
    }

    /** Writes a property whose value is JSON in a buffer. */
    private static void raw(JsonGenerator json, OutputStream out, String name, TempBuffer value) throws IOException {
        json.writeName(name);
        json.writeRawValue("");
        json.flush();
        value.writeTo(out);
    }
}
