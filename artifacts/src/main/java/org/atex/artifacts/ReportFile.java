package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Writes the file of a report. */
final class ReportFile {
    private ReportFile() {}

    static <A extends ReportAttempt> void write(
            ReportFormat<A> format, String variant, Path report, Map<String, List<List<A>>> platforms)
            throws IOException {
        WholeFile.write(report, out -> {
            try (ReportJournalReader reader = new ReportJournalReader(ReportJournal.beside(report))) {
                format.write(variant, out, platforms, reader);
            }
        });
    }
}
