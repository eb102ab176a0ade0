package org.atex.ctrf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.atex.api.Artifacts;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.ReportedResult;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.artifacts.AttemptNotes;
import org.atex.artifacts.Excerpts;
import org.atex.artifacts.PlainText;
import org.atex.artifacts.ReportFiles;
import org.atex.artifacts.ReportFiles.StoredFile;
import org.atex.artifacts.ResultReader;
import org.atex.artifacts.StoredAttempt;
import org.atex.artifacts.TempBuffer;
import org.atex.artifacts.TextHash;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** Renders one attempt as two JSON objects, of which the report uses the properties. Not thread-safe. */
final class Rendering {
    /** The part with the properties that only a test has. */
    static final int TEST = 0;

    /** The part with the properties that each attempt has. */
    static final int ATTEMPT = 1;

    private static final int OWN_VERSION = 8;

    private final TestRecord record;
    private final String name;
    private final CtrfOptions options;
    private final ReportFiles.OfAttempt store;
    private final Artifacts artifacts;
    private final AttemptNotes notes;
    private final List<StoredFile> files = new ArrayList<>();

    private Rendering(
            TestRecord record, String name, CtrfOptions options, ReportFiles.OfAttempt store, Artifacts artifacts) {
        this.record = record;
        this.name = name;
        this.options = options;
        this.store = store;
        this.artifacts = artifacts;
        notes = new AttemptNotes(record);
    }

    static StoredAttempt.Rendered of(
            TestRecord record,
            String name,
            CtrfOptions options,
            ReportFiles.OfAttempt store,
            Artifacts artifacts,
            Path scratch)
            throws IOException {
        TempBuffer test = new TempBuffer(scratch);
        TempBuffer attempt = new TempBuffer(scratch);
        StoredAttempt.Rendered rendered = new StoredAttempt.Rendered(record, name, List.of(test, attempt), store);
        try {
            Rendering rendering = new Rendering(record, name, options, store, artifacts);
            Json.object(test, rendering::test);
            rendering.addRest();
            Json.object(attempt, rendering::attempt);
            return rendered;
        } catch (IOException | RuntimeException e) {
            rendered.close();
            throw e;
        }
    }

    private void test(JsonGenerator json) throws IOException {
        PlainTest test = record.test();
        // The length separates platform and test unambiguously: both may contain any character.
        byte[] hash = TextHash.sha256(record.platform().length() + ":" + record.platform() + name);
        Json.text(json, "id", uuid(hash).toString());
        Json.text(json, "testId", HexFormat.of().formatHex(hash));
        Json.text(json, "name", name);
        Json.texts(json, "suite", suite());
        Json.text(json, "rawStatus", record.end().outcome().name().toLowerCase(Locale.ROOT));
        Json.texts(json, "tags", test.tags().stream().sorted().toList());
        labels(json, test);
        TestSource source = test.source();
        if (source != null) {
            Json.text(json, "filePath", options.sources() + source.file());
            if (source.line() > 0) {
                json.writeNumberProperty("line", source.line());
            }
        }
        SystemInfo system = record.system();
        if (system != null) {
            Json.text(json, "threadId", system.name() + ", slot " + record.slot());
        }
        json.writeArrayPropertyStart("steps");
        try (ResultReader results = ResultReader.of(artifacts)) {
            for (ReportedResult result = results.next(); result != null; result = results.next()) {
                notes.add(result);
                addFiles(result);
                if (result.name() != null) {
                    step(json, result, result.name());
                }
            }
        }
        json.writeEndArray();
    }

    private static UUID uuid(byte[] hash) {
        ByteBuffer bytes = ByteBuffer.wrap(hash);
        long high = bytes.getLong() & ~0xf000L | OWN_VERSION << 12;
        long low = bytes.getLong() & 0x3fffffff_ffffffffL | 0x80000000_00000000L;
        return new UUID(high, low);
    }

    /** {@return the platform, and the path above the name of the test} */
    private List<String> suite() {
        List<String> suite = new ArrayList<>();
        suite.add(record.platform());
        String above = name.substring(0, Math.max(0, name.lastIndexOf('/')));
        Arrays.stream(above.split("/", -1)).filter(part -> !part.isEmpty()).forEach(suite::add);
        return suite;
    }

    private void labels(JsonGenerator json, PlainTest test) {
        json.writeObjectPropertyStart("labels");
        Json.text(json, "platform", record.platform());
        Json.texts(json, "component", test.components().stream().sorted().toList());
        Json.text(json, "group", test.group());
        if (record.known() != null) {
            Json.text(json, "knownFailure", record.known().reason());
            Json.text(json, "owner", record.known().owner());
        }
        json.writeEndObject();
    }

    private static void step(JsonGenerator json, ReportedResult result, String part) {
        json.writeStartObject();
        Json.text(json, "name", part);
        Json.text(json, "status", CtrfStatus.of(result.status()).word());
        if (result.note() != null || result.status() != null) {
            json.writeObjectPropertyStart("extra");
            Json.text(
                    json,
                    "status",
                    result.status() == null ? null : result.status().word());
            Json.text(json, "note", result.note() == null ? null : PlainText.lines(result.note()));
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    private void addFiles(ReportedResult result) throws IOException {
        if (options.files()) {
            for (String file : result.files()) {
                add(
                        result.name() == null ? file : result.name() + "/" + file,
                        store.store(artifacts, result.name(), file));
            }
        }
    }

    private void addRest() throws IOException {
        if (options.files()) {
            for (Path file : store.rest(artifacts)) {
                add(file.getFileName().toString(), store.store(artifacts, file));
            }
        }
    }

    private void add(String wanted, @Nullable StoredFile file) {
        if (file == null) {
            notes.addRefused(wanted);
        } else {
            files.add(file);
        }
    }

    private void attempt(JsonGenerator json) {
        Outcome outcome = record.end().outcome();
        Json.text(json, "status", CtrfStatus.of(outcome, record.known() != null).word());
        long took = record.took().toMillis();
        json.writeNumberProperty("duration", took);
        if (record.attempt() > 0) {
            long start = record.started().toEpochMilli();
            json.writeNumberProperty("start", start);
            json.writeNumberProperty("stop", start + took);
        }
        String message = notes.message();
        if (!message.isEmpty()) {
            Json.text(json, "message", message);
        }
        Excerpt excerpt = outcome == Outcome.PASSED ? Excerpt.none() : Excerpts.read(artifacts, options.lastLines());
        List<String> lines = excerpt.lastLines().stream().map(PlainText::lines).toList();
        trace(json, lines);
        Json.texts(json, "stdout", lines);
        attachments(json);
        extra(json);
    }

    /** Writes the failed parts and the last lines: most readers show the trace, and not the standard output. */
    private void trace(JsonGenerator json, List<String> lines) {
        List<String> trace = new ArrayList<>(notes.details());
        trace.addAll(lines);
        if (!trace.isEmpty()) {
            Json.text(json, "trace", String.join("\n", trace));
        }
    }

    private void attachments(JsonGenerator json) {
        if (files.isEmpty()) {
            return;
        }
        json.writeArrayPropertyStart("attachments");
        for (StoredFile file : files) {
            json.writeStartObject();
            Json.text(json, "name", file.name());
            Json.text(json, "contentType", file.mediaType());
            Json.text(json, "path", file.path());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void extra(JsonGenerator json) {
        json.writeObjectPropertyStart("extra");
        Json.text(json, "outcome", record.end().outcome().name().toLowerCase(Locale.ROOT));
        Json.text(json, "cause", record.cause().name().toLowerCase(Locale.ROOT));
        if (record.end().exitCode() != null) {
            json.writeNumberProperty("exitCode", record.end().exitCode());
        }
        SystemInfo system = record.system();
        if (system != null) {
            Json.text(json, "system", system.name());
            Json.text(json, "host", system.host());
            json.writeNumberProperty("slot", record.slot());
        }
        json.writeEndObject();
    }
}
