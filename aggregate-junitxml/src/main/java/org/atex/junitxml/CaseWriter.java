package org.atex.junitxml;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.atex.junitxml.Attempt.Piece;

/**
 * Puts a case together of the attempts at it. A test that passed in the end has what went wrong before as
 * {@code flakyFailure} or {@code flakyError}; one that never did has its first failure as such, and the others as
 * {@code rerunFailure} or {@code rerunError}. The elements come in the one order that Surefire's schema allows.
 */
final class CaseWriter {
    private final Xml xml;
    private final Pieces pieces;
    private final Profile profile;

    CaseWriter(Xml xml, Pieces pieces, Profile profile) {
        this.xml = xml;
        this.pieces = pieces;
        this.profile = profile;
    }

    void write(Attempt[] attempts) throws IOException {
        Attempt last = attempts[attempts.length - 1];
        xml.raw("<testcase");
        pieces.copy(last, Piece.NAME, xml.out());
        xml.attribute("time", Times.seconds(last.took()));
        if (profile == Profile.RICH) {
            xml.attribute("timestamp", Times.stamp(last.started()) + "Z");
        }
        xml.raw(">");
        if (profile == Profile.RICH) {
            properties(last, attempts.length);
        }
        if (profile == Profile.PORTABLE) {
            outcome(last);
            output(last);
        } else {
            allOutcomes(attempts, last);
        }
        xml.raw("</testcase>\n");
        pieces.copy(last, Piece.SUBTESTS, xml.out());
    }

    private void allOutcomes(Attempt[] attempts, Attempt last) throws IOException {
        Attempt main = profile.shown(attempts);
        List<Attempt> others = Stream.of(attempts)
                .filter(one -> one.kind().isBad() && one != main)
                .toList();
        String prefix = last.kind() == Kind.PASSED ? "flaky" : "rerun";
        if (main.kind() == Kind.FAILURE) {
            outcome(main);
        }
        again(others, Kind.FAILURE, prefix + "Failure");
        if (main.kind() != Kind.FAILURE) {
            outcome(main);
        }
        again(others, Kind.ERROR, prefix + "Error");
        output(main);
    }

    private void output(Attempt attempt) throws IOException {
        if (attempt.length(Piece.OUTPUT) > 0) {
            piece("system-out", attempt, Piece.OUTPUT);
        }
    }

    private void outcome(Attempt attempt) throws IOException {
        Kind kind = attempt.kind();
        if (kind == Kind.PASSED) {
            return;
        }
        xml.raw("<" + kind.element());
        message(attempt);
        xml.raw(">");
        if (kind.isBad()) {
            pieces.copy(attempt, Piece.TEXT, xml.out());
        }
        xml.raw("</" + kind.element() + ">");
    }

    private void again(List<Attempt> attempts, Kind kind, String element) throws IOException {
        for (Attempt attempt : attempts) {
            if (attempt.kind() == kind) {
                xml.raw("<" + element);
                message(attempt);
                xml.raw(">");
                piece("stackTrace", attempt, Piece.TEXT);
                output(attempt);
                xml.raw("</" + element + ">");
            }
        }
    }

    private void message(Attempt attempt) throws IOException {
        xml.raw(" message=\"");
        pieces.copy(attempt, Piece.MESSAGE, xml.out());
        xml.raw("\"");
        if (attempt.kind().isBad()) {
            xml.attribute("type", attempt.type());
        }
    }

    private void piece(String element, Attempt attempt, Piece piece) throws IOException {
        xml.raw("<" + element + ">");
        pieces.copy(attempt, piece, xml.out());
        xml.raw("</" + element + ">");
    }

    private void properties(Attempt attempt, int attempts) throws IOException {
        xml.raw("<properties>");
        property("attempts", Integer.toString(attempts));
        for (String tag : attempt.tags()) {
            property("tag", tag);
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
