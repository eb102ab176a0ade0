package org.atex.junitxml;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.artifacts.ResultReader;
import org.atex.artifacts.SafePath;
import org.atex.artifacts.Spool;
import org.jspecify.annotations.Nullable;

/** Renders one attempt to the pieces that a report is put together of; all of it, or an exception. */
final class CaseRenderer {
    private static final String OUTPUT = "output.txt";
    private static final int MOST_NAMED = 100;
    private static final int LONGEST_MESSAGE = 1000;
    private static final int ENOUGH_TO_TELL = 4096;

    private final JUnitXmlOptions options;
    private final TestRecord record;
    private final String name;
    private final Artifacts artifacts;
    private final CaseNames names;
    private final Case rendered;
    private final OutputText outputText;
    private @Nullable ReportedResult own;
    private int bad;

    private CaseRenderer(JUnitXmlOptions options, Subject subject, Case rendered) {
        this.options = options;
        this.record = subject.record();
        this.name = subject.name();
        this.artifacts = subject.artifacts();
        this.rendered = rendered;
        names = new CaseNames(record.platform(), name, options.profile() == Profile.SUREFIRE);
        outputText = new OutputText(options);
    }

    /** What is rendered: an attempt, under which name, and what it left. */
    record Subject(TestRecord record, String name, Artifacts artifacts) {}

    static Case render(JUnitXmlOptions options, Subject subject, Path scratch) throws IOException {
        Case rendered = new Case(scratch, Kind.of(subject.record().end().outcome()));
        try {
            new CaseRenderer(options, subject, rendered).render();
            return rendered;
        } catch (IOException | RuntimeException e) {
            rendered.close();
            throw e;
        }
    }

    private void render() throws IOException {
        Spool text = rendered.piece(Attempt.Piece.TEXT);
        OutputStream nameOut = rendered.piece(Attempt.Piece.NAME);
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
        XmlText.attribute(rendered.piece(Attempt.Piece.MESSAGE), message);
        if (bad > MOST_NAMED) {
            XmlText.text(text, "and " + (bad - MOST_NAMED) + " more\n");
        }
        if (text.size() == 0) {
            // Some readers show only the text.
            XmlText.text(text, message + "\n");
        }
        addOutput();
    }

    private void add(ReportedResult result) throws IOException {
        if (result.name() == null) {
            attachments(rendered.piece(Attempt.Piece.OUTPUT), result);
            // The last one about the test itself is what it came to.
            own = result;
            note(result);
            return;
        }
        Kind kind = kind(result.status());
        if (kind.isBad() && ++bad <= MOST_NAMED) {
            note(result);
        }
        if (options.subtests() == Subtests.CASES) {
            rendered.addSubtest(kind);
            subtest(result, result.name(), kind);
        } else {
            attachments(rendered.piece(Attempt.Piece.OUTPUT), result);
        }
    }

    private static Kind kind(@Nullable Status status) {
        return status == null ? Kind.PASSED : Kind.of(Outcome.of(status));
    }

    /** A line of the text: which part, how it went, and why. */
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
        XmlText.text(rendered.piece(Attempt.Piece.TEXT), line.append('\n').toString());
    }

    private void subtest(ReportedResult result, String subtest, Kind kind) throws IOException {
        OutputStream to = rendered.piece(Attempt.Piece.SUBTESTS);
        raw(to, "<testcase");
        attribute(to, "name", names.subtest(subtest));
        attribute(to, "classname", names.subtestClassname());
        source(to);
        raw(to, " time=\"0.000\">");
        Path output = log(subtest, result.files());
        if (kind != Kind.PASSED) {
            String note = result.note();
            String word =
                    result.status() == null ? kind.element() : result.status().word();
            raw(to, "<" + kind.element());
            attribute(to, "message", firstLine(note == null ? word : note));
            if (kind.isBad()) {
                attribute(to, "type", word);
            }
            raw(to, ">");
            // Some readers show only the text.
            XmlText.text(to, kind.isBad() ? (note == null ? word : note) + "\n" : "");
            if (kind.isBad() && options.profile() == Profile.PORTABLE && output != null) {
                outputText.write(to, output);
            }
            raw(to, "</" + kind.element() + ">");
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

    /** No schema allows these. */
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
            // Readers know no way to say a name with one of these.
            boolean canBeSaid = path.chars().noneMatch(c -> c == '[' || c == ']' || c == '|' || c < ' ');
            if (canBeSaid) {
                XmlText.trusted(to, "[[ATTACHMENT|" + path + "]]\n");
            } else {
                XmlText.text(to, "attachment: " + path + "\n");
            }
        }
    }

    private void addOutput() throws IOException {
        boolean portable = options.profile() == Profile.PORTABLE;
        Path output = portable && !rendered.kind().isBad() ? null : log(null, own == null ? List.of() : own.files());
        if (output != null) {
            outputText.write(rendered.piece(portable ? Attempt.Piece.TEXT : Attempt.Piece.OUTPUT), output);
        }
    }

    /** {@return what a test, or a part of it, wrote: the usual file, or the first of its files that is text} */
    private @Nullable Path log(@Nullable String result, List<String> files) throws IOException {
        Path usual = result == null || files.contains(OUTPUT) ? file(result, OUTPUT) : null;
        if (usual != null) {
            return usual;
        }
        for (String name : files) {
            Path file = file(result, name);
            if (file != null && isText(file)) {
                return file;
            }
        }
        return null;
    }

    /** Pictures, archives and programs all have a zero byte near their beginning. */
    private static boolean isText(Path file) throws IOException {
        try (InputStream in = new FileInputStream(file.toFile())) {
            for (byte b : in.readNBytes(ENOUGH_TO_TELL)) {
                if (b == 0) {
                    return false;
                }
            }
            return true;
        }
    }

    /** {@return a file that is there and is one: a link may lead out of what the test left} */
    private @Nullable Path file(@Nullable String result, String file) throws IOException {
        if (artifacts.isNone()) {
            return null;
        }
        Path path = artifacts.files().resolve(SafePath.ofFile(result, file));
        if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            return null;
        }
        Path home = artifacts.directory().toRealPath().resolve("files");
        return path.toRealPath().startsWith(home) ? path : null;
    }

    private String type() {
        Status status = own == null ? null : own.status();
        return switch (record.end().outcome()) {
            case TIMED_OUT -> "timeout";
            case LOST, SETUP_FAILED -> "infrastructure";
            case FAILED -> status != null && kind(status) == Kind.FAILURE ? status.word() : "fail";
            case ERROR -> status != null && kind(status) == Kind.ERROR ? status.word() : "error";
            case PASSED, SKIPPED, CANCELLED, NOT_RUN -> "";
        };
    }

    private String message() {
        String note = record.end().note();
        if (note == null && own != null) {
            note = own.note();
        }
        if (note != null && !note.isBlank()) {
            return firstLine(note);
        }
        Integer exitCode = record.end().exitCode();
        if (rendered.kind().isBad() && exitCode != null && exitCode != 0) {
            return "exit code " + exitCode;
        }
        return switch (record.end().outcome()) {
            case PASSED -> "passed";
            case FAILED -> bad > 0 ? bad + " of its results failed" : "failed";
            case ERROR -> "could not do its work";
            case TIMED_OUT -> "its time limit passed";
            case SKIPPED -> "skipped";
            case LOST -> "the system was lost";
            case SETUP_FAILED -> "what it requires could not be set up";
            case CANCELLED -> "cancelled";
            case NOT_RUN -> "not run";
        };
    }

    private static String firstLine(String note) {
        return note.length() <= LONGEST_MESSAGE ? note : note.substring(0, LONGEST_MESSAGE) + " …";
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
