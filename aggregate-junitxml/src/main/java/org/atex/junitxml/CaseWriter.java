package org.atex.junitxml;

import java.io.IOException;
import java.util.List;
import org.atex.artifacts.ReportJournalReader;
import org.atex.junitxml.Attempt.Part;

/**
 * Writes a {@code testcase} element for all attempts at a test. If the last attempt passed, earlier failures are
 * written as {@code flakyFailure} or {@code flakyError}. If all attempts failed, the first is written as {@code
 * failure} or {@code error}, the others as {@code rerunFailure} or {@code rerunError}. The elements are in the order
 * that Surefire's schema requires.
 */
final class CaseWriter {
    private final XmlWriter xml;
    private final ReportJournalReader journal;
    private final Profile profile;

    CaseWriter(XmlWriter xml, ReportJournalReader journal, Profile profile) {
        this.xml = xml;
        this.journal = journal;
        this.profile = profile;
    }

    void write(List<Attempt> attempts) throws IOException {
        Attempt last = attempts.getLast();
        xml.raw("<testcase");
        last.copy(journal, Part.NAME, xml.out());
        xml.attribute("time", Times.seconds(last.took()));
        if (profile == Profile.RICH) {
            xml.attribute("timestamp", Times.stamp(last.started()) + "Z");
        }
        xml.raw(">");
        if (profile == Profile.RICH) {
            properties(last, attempts.size());
        }
        if (profile == Profile.PORTABLE) {
            outcome(last);
            output(last);
        } else {
            allOutcomes(attempts, last);
        }
        xml.raw("</testcase>\n");
        last.copy(journal, Part.SUBTESTS, xml.out());
    }

    private void allOutcomes(List<Attempt> attempts, Attempt last) throws IOException {
        Attempt main = profile.shown(attempts);
        List<Attempt> others = attempts.stream()
                .filter(one -> one.status().isBad() && one != main)
                .toList();
        String prefix = last.status() == CaseStatus.PASSED ? "flaky" : "rerun";
        if (main.status() == CaseStatus.FAILURE) {
            outcome(main);
        }
        reruns(others, CaseStatus.FAILURE, prefix + "Failure");
        if (main.status() != CaseStatus.FAILURE) {
            outcome(main);
        }
        reruns(others, CaseStatus.ERROR, prefix + "Error");
        output(main);
    }

    private void output(Attempt attempt) throws IOException {
        if (attempt.length(Part.OUTPUT) > 0) {
            part("system-out", attempt, Part.OUTPUT);
        }
    }

    private void outcome(Attempt attempt) throws IOException {
        CaseStatus status = attempt.status();
        if (status == CaseStatus.PASSED) {
            return;
        }
        xml.raw("<" + status.element());
        message(attempt);
        xml.raw(">");
        if (status.isBad()) {
            attempt.copy(journal, Part.TEXT, xml.out());
        }
        xml.raw("</" + status.element() + ">");
    }

    private void reruns(List<Attempt> attempts, CaseStatus status, String element) throws IOException {
        for (Attempt attempt : attempts) {
            if (attempt.status() == status) {
                xml.raw("<" + element);
                message(attempt);
                xml.raw(">");
                part("stackTrace", attempt, Part.TEXT);
                output(attempt);
                xml.raw("</" + element + ">");
            }
        }
    }

    private void message(Attempt attempt) throws IOException {
        xml.raw(" message=\"");
        attempt.copy(journal, Part.MESSAGE, xml.out());
        xml.raw("\"");
        if (attempt.status().isBad()) {
            xml.attribute("type", attempt.type());
        }
    }

    private void part(String element, Attempt attempt, Part part) throws IOException {
        xml.raw("<" + element + ">");
        attempt.copy(journal, part, xml.out());
        xml.raw("</" + element + ">");
    }

    private void properties(Attempt attempt, int attempts) throws IOException {
        xml.raw("<properties>");
        property("attempts", Integer.toString(attempts));
        for (Property property : attempt.properties()) {
            property(property.name(), property.value());
        }
        if (!attempt.system().isEmpty()) {
            property("system", attempt.system());
            property("slot", Integer.toString(attempt.slot()));
        }
        xml.raw("</properties>");
    }

    private void property(String name, String value) throws IOException {
        xml.raw("<property");
        xml.attribute("name", name);
        xml.attribute("value", value);
        xml.raw("/>");
    }
}
