package org.atex.ci;

import java.util.List;
import org.atex.artifacts.CiCommands;
import org.atex.findings.FailedTest;
import org.atex.findings.Findings;
import org.atex.support.Plural;

/**
 * Formats failed tests as sections of a log of GitLab CI, which are collapsed at first. A name of a section consists of
 * letters, digits and underscores, and is unique in a job.
 */
final class LogSections {
    private static final int MAX_SECTIONS = 100;
    /** By default, a log of GitLab ends after 4 MiB. */
    private static final int MAX_CHARACTERS = 256 << 10;

    private static final String ERASE = "\u001b[0K";

    private final Findings findings;

    LogSections(Findings findings) {
        this.findings = findings;
    }

    String text() {
        StringBuilder text = new StringBuilder();
        List<FailedTest> failed = findings.failed();
        int shown = 0;
        while (shown < Math.min(failed.size(), MAX_SECTIONS) && text.length() < MAX_CHARACTERS) {
            shown++;
            append(text, failed.get(shown - 1), shown);
        }
        if (shown < failed.size()) {
            text.append(Plural.of(failed.size() - shown, "failed test"))
                    .append(" more are in the results of the run\n");
        }
        return text.toString();
    }

    private void append(StringBuilder text, FailedTest test, int number) {
        long time = findings.started().plus(findings.took()).getEpochSecond();
        String run = findings.run().replaceAll("[^a-zA-Z0-9]", "");
        String name = "atex_" + run.substring(0, Math.min(run.length(), 32)) + "_" + number;
        text.append(ERASE + "section_start:" + time + ":" + name + "[collapsed=true]\r" + ERASE);
        line(text, Lines.head(test));
        if (test.files() != null) {
            line(text, "files: " + Lines.text(test.files().toString()));
        }
        Lines.of(test.excerpt()).forEach(line -> line(text, line));
        text.append(ERASE + "section_end:" + time + ":" + name + "\r" + ERASE + "\n");
    }

    private static void line(StringBuilder text, String line) {
        text.append(CiCommands.escape(line)).append('\n');
    }
}
