package org.atex.artifacts;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/** Writes a report to a temporary file and moves it into place atomically, so readers see no partial file. */
final class ReportFile {
    private ReportFile() {}

    static <A extends ReportAttempt> void write(
            ReportFormat<A> format, String variant, Path report, Map<String, List<List<A>>> platforms)
            throws IOException {
        // A hidden name without the suffix of the report, so that readers do not find the temporary file.
        Path temporary = report.resolveSibling("." + report.getFileName() + ".tmp");
        try {
            try (OutputStream out = new BufferedOutputStream(new FileOutputStream(temporary.toFile()), 64 << 10);
                    ReportJournalReader reader = new ReportJournalReader(ReportJournal.beside(report))) {
                format.write(variant, out, platforms, reader);
            }
            Files.move(temporary, report, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException f) {
                e.addSuppressed(f);
            }
            throw e;
        }
    }
}
