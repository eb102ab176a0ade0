package org.atex.tap;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.atex.api.Artifacts;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.artifacts.AttemptNotes;
import org.atex.artifacts.Excerpts;
import org.atex.artifacts.PlainText;
import org.atex.artifacts.ResultReader;
import org.atex.artifacts.TempBuffer;
import org.jspecify.annotations.Nullable;

/** Renders one attempt as the parts of a test point. Not thread-safe. */
final class PointRenderer {
    /** The subtest with the parts of the test; empty if it has none. */
    static final int SUBTEST = 0;

    /** The description. */
    static final int DESCRIPTION = 1;

    /** The directive, which begins with a space; empty if there is none. */
    static final int DIRECTIVE = 2;

    /** The lines of the diagnostic block. */
    static final int DIAGNOSTIC = 3;

    /** One line about the attempt, with YAML escapes, for the diagnostic block of a later attempt. */
    static final int SHORT = 4;

    private static final int PARTS = 5;

    private final TestRecord record;
    private final TapOptions options;
    private final Artifacts artifacts;
    private final AttemptNotes notes;
    private final List<TempBuffer> parts = new ArrayList<>();
    private int subtests;

    private PointRenderer(TestRecord record, TapOptions options, Artifacts artifacts, Path scratch) {
        this.record = record;
        this.options = options;
        this.artifacts = artifacts;
        notes = new AttemptNotes(record);
        for (int i = 0; i < PARTS; i++) {
            parts.add(new TempBuffer(scratch));
        }
    }

    /** {@return whether a test point with this outcome is {@code ok}} */
    static boolean isOk(Outcome outcome) {
        return outcome == Outcome.PASSED || outcome == Outcome.SKIPPED;
    }

    /** {@return the parts, which the caller closes} */
    static List<TempBuffer> render(
            TestRecord record, String name, TapOptions options, Artifacts artifacts, Path scratch) throws IOException {
        PointRenderer renderer = new PointRenderer(record, options, artifacts, scratch);
        try {
            renderer.render(name);
            return renderer.parts;
        } catch (IOException | RuntimeException e) {
            for (TempBuffer part : renderer.parts) {
                part.close();
            }
            throw e;
        }
    }

    private void render(String name) throws IOException {
        String description = TapText.description((record.platform().isBlank() ? "" : record.platform() + ": ") + name);
        subtest(description);
        write(DESCRIPTION, description);
        write(DIRECTIVE, directive());
        diagnostic();
        String outcome = word(record.end().outcome());
        String message = notes.message();
        String text = TapText.quoted(PlainText.line(outcome + (message.isEmpty() ? "" : ": " + message)));
        write(SHORT, text.substring(1, text.length() - 1));
    }

    private void subtest(String description) throws IOException {
        OutputStream out = parts.get(SUBTEST);
        try (ResultReader results = ResultReader.of(artifacts)) {
            for (ReportedResult result = results.next(); result != null; result = results.next()) {
                notes.add(result);
                if (result.name() != null) {
                    if (++subtests == 1) {
                        write(out, "# Subtest: " + description + "\n");
                    }
                    part(out, result, result.name());
                }
            }
        }
        if (subtests > 0) {
            write(out, "    1.." + subtests + "\n");
        }
    }

    private void part(OutputStream out, ReportedResult result, String name) throws IOException {
        Status status = result.status();
        Outcome outcome = status == null ? Outcome.PASSED : Outcome.of(status);
        String note = result.note();
        write(out, "    " + (isOk(outcome) ? "ok " : "not ok ") + subtests + " - " + TapText.description(name));
        if (outcome == Outcome.SKIPPED) {
            write(out, " # SKIP" + (note == null ? "" : " " + TapText.description(note)));
        } else if (!isOk(outcome)
                && (record.known() != null || isOk(record.end().outcome()))) {
            // A failed part would make the whole test fail.
            write(out, " # TODO the test " + (record.known() == null ? "passed" : "is known to fail"));
        }
        write(out, "\n");
        if (note != null || status != null && !isOk(outcome)) {
            write(out, "      ---\n");
            write(out, "      message: " + TapText.quoted(note == null ? word(status) : note) + "\n");
            if (status != null) {
                write(out, "      status: " + TapText.quoted(status.word()) + "\n");
            }
            write(out, "      ...\n");
        }
    }

    private static String word(@Nullable Status status) {
        return status == null ? "" : status.word();
    }

    private static String word(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private String directive() {
        if (record.known() != null) {
            return " # TODO " + TapText.description(record.known().toString());
        }
        if (record.end().outcome() == Outcome.SKIPPED) {
            String message = notes.message();
            return " # SKIP" + (message.isBlank() ? "" : " " + TapText.description(message));
        }
        return "";
    }

    private void diagnostic() throws IOException {
        Outcome outcome = record.end().outcome();
        String message = notes.message();
        if (!message.isEmpty()) {
            value("message", message);
        }
        if (!isOk(outcome)) {
            value("severity", record.known() == null ? "fail" : "todo");
        }
        value("outcome", word(outcome));
        if (record.attempt() > 0) {
            write(DIAGNOSTIC, "  duration_ms: " + record.took().toMillis() + "\n");
            value("started", record.started().toString());
        }
        SystemInfo system = record.system();
        if (system != null) {
            value("system", system.name());
            value("host", system.host());
            write(DIAGNOSTIC, "  slot: " + record.slot() + "\n");
        }
        TestSource source = record.test().source();
        if (source != null) {
            write(DIAGNOSTIC, "  at:\n    file: " + TapText.quoted(options.sources() + source.file()) + "\n");
            write(DIAGNOSTIC, source.line() == 0 ? "" : "    line: " + source.line() + "\n");
        }
        values("tags", record.test().tags().stream().sorted().toList());
        values("details", notes.details());
        Excerpt excerpt = isOk(outcome) ? Excerpt.none() : Excerpts.read(artifacts, options.lastLines());
        values("output", excerpt.lastLines());
    }

    private void value(String key, String value) throws IOException {
        write(DIAGNOSTIC, "  " + key + ": " + TapText.quoted(value) + "\n");
    }

    private void values(String key, List<String> values) throws IOException {
        if (!values.isEmpty()) {
            write(DIAGNOSTIC, "  " + key + ":\n");
            for (String value : values) {
                write(DIAGNOSTIC, "    - " + TapText.quoted(value) + "\n");
            }
        }
    }

    private void write(int part, String text) throws IOException {
        write(parts.get(part), text);
    }

    static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
    }
}
