package org.atex.findings;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

/**
 * Formats findings as JSON of ASCII characters, one failed test in a line. Commands of CI services in it are no commands
 * any more when somebody prints the file.
 */
final class JsonFindings {
    private static final JsonFactory FACTORY =
            JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private static final int VERSION = 1;
    private static final int NAME = 1000;
    private static final int TEXT = 2000;
    private static final int BRIEF = 200;
    /** The longest path of common systems has 4,096 bytes, which are too many for the head. */
    private static final int PATH = 500;

    private static final int MAX_ATTEMPTS = 20;
    private static final int MAX_NAMES_OF_REASON = 50;

    private final Findings findings;

    JsonFindings(Findings findings) {
        this.findings = findings;
    }

    String text(int maxBytes) {
        long head = text(new Sections()).getBytes(UTF_8).length;
        Shares shares = new Shares(maxBytes - head);
        long eighth = shares.left() / 8;
        Sections sections = new Sections();
        sections.problems = shares.take(findings.problems(), eighth, this::problem);
        sections.notRun = shares.take(findings.notRun(), eighth, this::notRun);
        sections.flaky = shares.take(findings.flaky(), eighth, this::flaky);
        sections.again = shares.take(findings.again().tests(), eighth, name -> string(cut(name, NAME)));
        List<FailedTest> failed = findings.failed();
        long most = shares.left() / 4 * 3;
        sections.failed = shares.take(failed, most, test -> {
            String full = failed(test, false);
            // One test with much text must not take the place of the details of all others.
            return full.length() > most / 4 ? failed(test, true) : full;
        });
        sections.brief = shares.take(
                failed.subList(sections.failed.texts().size(), failed.size()),
                shares.left(),
                test -> failed(test, true));
        return text(sections);
    }

    private static final class Sections {
        // The numbers of omitted things need space in the head, too.
        private static final Shares.Fit NONE = new Shares.Fit(List.of(), Integer.MAX_VALUE);

        private Shares.Fit problems = NONE;
        private Shares.Fit notRun = NONE;
        private Shares.Fit flaky = NONE;
        private Shares.Fit again = NONE;
        private Shares.Fit failed = NONE;
        private Shares.Fit brief = NONE;
    }

    private String text(Sections sections) {
        StringBuilder all = new StringBuilder("{\n");
        member(all, "version", Integer.toString(VERSION));
        member(all, "run", object(this::run));
        member(all, "verdict", string(findings.verdict().name()));
        member(all, "exitCode", Integer.toString(findings.verdict().exitCode()));
        member(all, "ended", Boolean.toString(findings.hasEnded()));
        member(all, "tests", Integer.toString(findings.tests()));
        member(all, "counts", object(this::counts));
        member(all, "omitted", object(json -> {
            json.writeNumberProperty("failed", sections.brief.omitted());
            json.writeNumberProperty("flaky", sections.flaky.omitted());
            json.writeNumberProperty("notRun", sections.notRun.omitted());
            json.writeNumberProperty("problems", sections.problems.omitted());
            json.writeNumberProperty("again", sections.again.omitted());
        }));
        StringBuilder failed = new StringBuilder(String.join(",\n", sections.failed.texts()));
        if (!sections.brief.texts().isEmpty()) {
            failed.append(failed.isEmpty() ? "" : ",\n").append(String.join(",\n", sections.brief.texts()));
        }
        member(all, "failed", "[\n" + failed + "]");
        member(all, "flaky", "[\n" + String.join(",\n", sections.flaky.texts()) + "]");
        member(all, "notRun", "[\n" + String.join(",\n", sections.notRun.texts()) + "]");
        member(all, "problems", "[\n" + String.join(",\n", sections.problems.texts()) + "]");
        all.append("\"again\": {\"count\": ")
                .append(findings.again().tests().size())
                .append(", \"java\": ")
                .append(string(findings.again().java()))
                .append(", \"tests\": [")
                .append(String.join(",", sections.again.texts()))
                .append("]}\n}\n");
        return all.toString();
    }

    private static void member(StringBuilder all, String key, String value) {
        all.append('"').append(key).append("\": ").append(value).append(",\n");
    }

    private void run(JsonGenerator json) {
        json.writeStringProperty("id", cut(findings.run(), BRIEF));
        json.writeStringProperty("platform", cut(findings.platform(), BRIEF));
        json.writeStringProperty("started", findings.started().toString());
        json.writeNumberProperty("seconds", findings.took().toMillis() / 1000.0);
        put(json, "directory", findings.directory());
    }

    private void counts(JsonGenerator json) {
        for (Map.Entry<Outcome, Integer> count : findings.counts().entrySet()) {
            json.writeNumberProperty(word(count.getKey()), count.getValue());
        }
        json.writeNumberProperty("flaky", findings.flaky().size());
        json.writeNumberProperty("known", findings.known());
    }

    private static String word(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT);
    }

    private String failed(FailedTest test, boolean isBrief) {
        return object(json -> {
            json.writeStringProperty("test", cut(test.name(), isBrief ? BRIEF : NAME));
            json.writeStringProperty("platform", cut(test.platform(), BRIEF));
            json.writeStringProperty("outcome", word(test.end().outcome()));
            json.writeStringProperty("reason", cut(test.reason(), isBrief ? BRIEF : TEXT));
            if (isBrief) {
                json.writeBooleanProperty("brief", true);
                return;
            }
            Integer exitCode = test.end().exitCode();
            if (exitCode != null) {
                json.writeNumberProperty("exitCode", exitCode);
            }
            if (test.known() != null) {
                json.writeStringProperty("known", cut(test.known().toString(), TEXT));
            }
            source(json, findings.definedIn(test.test()));
            SystemInfo system = test.system();
            if (system != null) {
                json.writeStringProperty("system", cut(system.name(), BRIEF));
                json.writeStringProperty("host", cut(system.host(), BRIEF));
            }
            since(json, test.since());
            put(json, "files", test.files());
            attempts(json, test.attempts());
            excerpt(json, test.excerpt());
        });
    }

    private static void source(JsonGenerator json, @Nullable TestSource source) {
        if (source != null) {
            json.writeStringProperty("file", cut(source.file(), PATH));
            if (source.line() > 0) {
                json.writeNumberProperty("line", source.line());
            }
        }
    }

    private static void since(JsonGenerator json, @Nullable FailingSince since) {
        if (since == null) {
            return;
        }
        json.writeObjectPropertyStart("since");
        json.writeBooleanProperty("new", since.isNew());
        json.writeStringProperty("run", cut(since.run(), BRIEF));
        json.writeStringProperty("started", since.started().toString());
        json.writeNumberProperty("runs", since.runs());
        if (since.lastPassed() != null) {
            json.writeStringProperty("lastPassed", since.lastPassed().toString());
        }
        json.writeEndObject();
    }

    private static void attempts(JsonGenerator json, List<TestRecord> attempts) {
        json.writeArrayPropertyStart("attempts");
        for (TestRecord record : attempts.subList(Math.max(0, attempts.size() - MAX_ATTEMPTS), attempts.size())) {
            json.writeStartObject();
            json.writeNumberProperty("attempt", record.attempt());
            json.writeStringProperty("outcome", word(record.end().outcome()));
            String note = record.end().note();
            if (note != null) {
                json.writeStringProperty("reason", cut(note, BRIEF));
            }
            SystemInfo system = record.system();
            if (system != null) {
                json.writeStringProperty("system", cut(system.name(), BRIEF));
            }
            json.writeStringProperty("started", record.started().toString());
            json.writeNumberProperty("seconds", record.took().toMillis() / 1000.0);
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void excerpt(JsonGenerator json, Excerpt excerpt) {
        json.writeArrayPropertyStart("parts");
        for (ReportedResult part : excerpt.parts()) {
            Status status = part.status();
            json.writeStartObject();
            json.writeStringProperty("name", cut(part.name() == null ? "" : part.name(), BRIEF));
            json.writeStringProperty("status", status == null ? "" : cut(status.word(), BRIEF));
            if (part.note() != null) {
                json.writeStringProperty("note", cut(part.note(), TEXT));
            }
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayPropertyStart("lastLines");
        for (String line : Texts.last(excerpt.lastLines(), findings.options().maxLastLines())) {
            json.writeString(cut(line, TEXT));
        }
        json.writeEndArray();
    }

    private String flaky(FlakyTest test) {
        return object(json -> {
            json.writeStringProperty("test", cut(test.name(), NAME));
            json.writeStringProperty("platform", cut(test.platform(), BRIEF));
            source(json, findings.definedIn(test.test()));
            put(json, "files", test.files());
            attempts(json, test.attempts());
            excerpt(json, test.excerpt());
        });
    }

    private String notRun(NotRun reason) {
        List<String> names = reason.tests();
        return object(json -> {
            json.writeStringProperty("reason", cut(reason.why(), TEXT));
            json.writeStringProperty("outcome", word(reason.outcome()));
            json.writeNumberProperty("count", names.size());
            json.writeArrayPropertyStart("tests");
            names.stream().limit(MAX_NAMES_OF_REASON).forEach(name -> json.writeString(cut(name, BRIEF)));
            json.writeEndArray();
        });
    }

    private String problem(Problem problem) {
        return object(json -> {
            json.writeStringProperty("message", cut(problem.message(), TEXT));
            json.writeStringProperty("verdict", problem.verdict().name());
        });
    }

    private static void put(JsonGenerator json, String key, @Nullable Path path) {
        if (path != null) {
            json.writeStringProperty(key, cut(path.toString(), PATH));
        }
    }

    private static String cut(String text, int limit) {
        return Texts.cut(text, limit);
    }

    private static String object(Consumer<JsonGenerator> members) {
        return json(json -> {
            json.writeStartObject();
            members.accept(json);
            json.writeEndObject();
        });
    }

    private static String string(String text) {
        return json(json -> json.writeString(text));
    }

    private static String json(Consumer<JsonGenerator> content) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
            content.accept(json);
        }
        // These are marks of commands of CI services, at any place in a line.
        return text.toString().replace("##", "#\\u0023");
    }
}
