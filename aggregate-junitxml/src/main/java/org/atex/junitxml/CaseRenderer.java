package org.atex.junitxml;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import org.atex.api.Artifacts;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.artifacts.ArtifactFiles;
import org.atex.artifacts.ResultReader;
import org.atex.artifacts.SafePath;
import org.atex.artifacts.TempBuffer;
import org.jspecify.annotations.Nullable;

/** Renders one attempt to the parts from which a report is assembled. */
final class CaseRenderer {
    private static final String OUTPUT = "output.txt";

    /** Maximum number of failed subtests listed in the text of a failure. */
    private static final int MAX_LISTED = 100;

    /** Maximum length of the attribute {@code message}, in characters. */
    private static final int MAX_MESSAGE = 1000;

    private final JUnitXmlOptions options;
    private final TestRecord record;
    private final String name;
    private final Artifacts artifacts;
    private final CaseNames names;
    private final RenderedAttempt rendered;
    private final OutputText outputText;
    private @Nullable ReportedResult own;
    private int bad;

    private CaseRenderer(JUnitXmlOptions options, Subject subject, RenderedAttempt rendered) {
        this.options = options;
        this.record = subject.record();
        this.name = subject.name();
        this.artifacts = subject.artifacts();
        this.rendered = rendered;
        names = new CaseNames(record.platform(), name, options.profile() == Profile.SUREFIRE);
        outputText = new OutputText(options);
    }

    /** The attempt to render: its record, its name in the report, and its artifacts. */
    record Subject(TestRecord record, String name, Artifacts artifacts) {}

    /**
     * {@return the rendered attempt; the caller closes it}
     *
     * @throws org.atex.artifacts.BrokenResultsException if the results of the test are invalid
     */
    static RenderedAttempt render(JUnitXmlOptions options, Subject subject, Path scratch) throws IOException {
        RenderedAttempt rendered = new RenderedAttempt(
                subject.record(),
                subject.name(),
                scratch,
                // Readers of the report would count a failure or an error.
                subject.record().known() == null
                        ? CaseStatus.of(subject.record().end().outcome())
                        : CaseStatus.SKIPPED);
        try {
            new CaseRenderer(options, subject, rendered).render();
            return rendered;
        } catch (IOException | RuntimeException e) {
            rendered.close();
            throw e;
        }
    }

    private void render() throws IOException {
        TempBuffer text = rendered.part(Attempt.Part.TEXT);
        OutputStream nameOut = rendered.part(Attempt.Part.NAME);
        attribute(nameOut, "name", name);
        attribute(nameOut, "classname", names.classname());
        source(nameOut);
        try (ResultReader results = ResultReader.of(artifacts)) {
            for (ReportedResult result = results.next(); result != null; result = results.next()) {
                add(result);
            }
        }
        rendered.setType(type());
        String message = message();
        XmlText.attribute(rendered.part(Attempt.Part.MESSAGE), message);
        if (bad > MAX_LISTED) {
            XmlText.text(text, "and " + (bad - MAX_LISTED) + " more\n");
        }
        if (text.size() == 0) {
            // Some readers show the text but not the attribute "message".
            XmlText.text(text, message + "\n");
        }
        addOutput();
    }

    private void add(ReportedResult result) throws IOException {
        if (result.name() == null) {
            attachments(rendered.part(Attempt.Part.OUTPUT), result);
            // Of several results of the test itself, the last one is the final result.
            own = result;
            note(result);
            return;
        }
        CaseStatus status = statusOf(result.status());
        if (status.isBad() && ++bad <= MAX_LISTED) {
            note(result);
        }
        if (options.subtests() == Subtests.CASES) {
            CaseStatus counted = status.isBad() && record.known() != null ? CaseStatus.SKIPPED : status;
            rendered.addSubtest(counted);
            subtest(result, result.name(), counted);
        } else {
            attachments(rendered.part(Attempt.Part.OUTPUT), result);
        }
    }

    private static CaseStatus statusOf(@Nullable Status status) {
        return status == null ? CaseStatus.PASSED : CaseStatus.of(Outcome.of(status));
    }

    /** Adds a line to the text: the status, the name of the subtest, and the note. */
    private void note(ReportedResult result) throws IOException {
        if (result.name() == null && result.note() == null) {
            return;
        }
        StringBuilder line = new StringBuilder();
        line.append(result.status() == null ? "result" : result.status().word());
        if (result.name() != null) {
            line.append(' ').append(result.name());
        }
        if (result.note() != null) {
            line.append(": ").append(result.note());
        }
        XmlText.text(rendered.part(Attempt.Part.TEXT), line.append('\n').toString());
    }

    private void subtest(ReportedResult result, String subtest, CaseStatus status) throws IOException {
        OutputStream to = rendered.part(Attempt.Part.SUBTESTS);
        raw(to, "<testcase");
        attribute(to, "name", names.subtest(subtest));
        attribute(to, "classname", names.subtestClassname());
        source(to);
        raw(to, " time=\"0.000\">");
        Path output = log(subtest, result.files());
        if (status != CaseStatus.PASSED) {
            String note = result.note();
            String word =
                    result.status() == null ? status.element() : result.status().word();
            raw(to, "<" + status.element());
            attribute(to, "message", firstLine(note == null ? word : note));
            if (status.isBad()) {
                attribute(to, "type", word);
            }
            raw(to, ">");
            // Some readers show the text but not the attribute "message".
            XmlText.text(to, status.isBad() ? (note == null ? word : note) + "\n" : "");
            if (status.isBad() && options.profile() == Profile.PORTABLE && output != null) {
                outputText.write(to, output);
            }
            raw(to, "</" + status.element() + ">");
        }
        Path shown = options.profile() == Profile.PORTABLE ? null : output;
        if (shown != null || hasAttachments(result)) {
            raw(to, "<system-out>");
            attachments(to, result);
            if (shown != null) {
                outputText.write(to, shown);
            }
            raw(to, "</system-out>");
        }
        raw(to, "</testcase>\n");
    }

    /** Writes the attributes {@code file} and {@code line}, in the rich profile only: no schema allows them. */
    private void source(OutputStream to) throws IOException {
        TestSource source = record.test().source();
        if (source == null || options.profile() != Profile.RICH) {
            return;
        }
        attribute(to, "file", options.sources() + source.file());
        if (source.line() > 0) {
            attribute(to, "line", Integer.toString(source.line()));
        }
    }

    private boolean hasAttachments(ReportedResult result) {
        return options.attachments() != null && !result.files().isEmpty();
    }

    private void attachments(OutputStream to, ReportedResult result) throws IOException {
        String base = options.attachments();
        if (base == null) {
            return;
        }
        String test = base + SafePath.ofPart(record.platform()) + "/" + SafePath.ofTest(name) + "/";
        for (String file : result.files()) {
            String path = test + SafePath.ofFile(result.name(), file);
            // The syntax of attachments has no escapes for these characters.
            boolean representable = path.chars().noneMatch(c -> c == '[' || c == ']' || c == '|' || c < ' ');
            if (representable) {
                XmlText.trusted(to, "[[ATTACHMENT|" + path + "]]\n");
            } else {
                XmlText.text(to, "attachment: " + path + "\n");
            }
        }
    }

    private void addOutput() throws IOException {
        boolean portable = options.profile() == Profile.PORTABLE;
        Path output = portable && !rendered.status().isBad() ? null : log(null, own == null ? List.of() : own.files());
        if (output != null) {
            outputText.write(rendered.part(portable ? Attempt.Part.TEXT : Attempt.Part.OUTPUT), output);
        }
    }

    /**
     * {@return the output of a test or subtest: {@code output.txt}, or the first of its files that is text; or null}
     */
    private @Nullable Path log(@Nullable String result, List<String> files) throws IOException {
        Path usual = result == null || files.contains(OUTPUT) ? file(result, OUTPUT) : null;
        if (usual != null) {
            return usual;
        }
        for (String name : files) {
            Path file = file(result, name);
            if (file != null && ArtifactFiles.isText(file)) {
                return file;
            }
        }
        return null;
    }

    /** {@return a regular file inside the artifacts, or null: symbolic links may lead out of the artifacts} */
    private @Nullable Path file(@Nullable String result, String file) throws IOException {
        if (artifacts.isNone()) {
            return null;
        }
        Path path = artifacts.files().resolve(SafePath.ofFile(result, file));
        return ArtifactFiles.isRegular(artifacts, path) ? path : null;
    }

    private String type() {
        if (record.known() != null) {
            return "";
        }
        Status status = own == null ? null : own.status();
        return switch (record.end().outcome()) {
            case TIMED_OUT -> "timeout";
            case LOST, SETUP_FAILED -> "infrastructure";
            case FAILED -> status != null && statusOf(status) == CaseStatus.FAILURE ? status.word() : "fail";
            case ERROR -> status != null && statusOf(status) == CaseStatus.ERROR ? status.word() : "error";
            case PASSED, SKIPPED, CANCELLED, NOT_RUN -> "";
        };
    }

    private String message() {
        KnownFailure known = record.known();
        return known == null ? ownMessage() : firstLine(known + "; " + ownMessage());
    }

    private String ownMessage() {
        String note = record.end().note();
        if (note == null && own != null) {
            note = own.note();
        }
        if (note != null && !note.isBlank()) {
            return firstLine(note);
        }
        Integer exitCode = record.end().exitCode();
        if (rendered.status().isBad() && exitCode != null && exitCode != 0) {
            return "exit code " + exitCode;
        }
        return switch (record.end().outcome()) {
            case PASSED -> "passed";
            case FAILED -> bad > 0 ? "failed results: " + bad : "failed";
            case ERROR -> "error";
            case TIMED_OUT -> "time limit exceeded";
            case SKIPPED -> "skipped";
            case LOST -> "the system was lost";
            case SETUP_FAILED -> "setup failed";
            case CANCELLED -> "cancelled";
            case NOT_RUN -> "not run";
        };
    }

    private static String firstLine(String note) {
        return note.length() <= MAX_MESSAGE ? note : note.substring(0, MAX_MESSAGE) + " …";
    }

    private static void attribute(OutputStream to, String key, String value) throws IOException {
        raw(to, " " + key + "=\"");
        XmlText.attribute(to, value);
        raw(to, "\"");
    }

    private static void raw(OutputStream to, String text) throws IOException {
        to.write(XmlText.ascii(text));
    }
}
