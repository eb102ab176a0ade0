package org.atex.artifacts;

import java.io.IOException;
import java.io.StreamCorruptedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** A report that its writer did not close: a journal, and a report that may lack the latest results. */
final class UnclosedReport<A extends ReportAttempt> {
    private final ReportFormat<A> format;
    private final Path report;
    private final Path journal;

    UnclosedReport(ReportFormat<A> format, Path report) {
        this.format = format;
        this.report = report;
        this.journal = ReportJournal.beside(report);
    }

    /** Completes the report from the journal, renames it, and deletes the journal, so that the next run can start. */
    void rename() throws IOException {
        if (!exists(journal)) {
            return;
        }
        ReportAttempts<A> attempts = new ReportAttempts<>();
        String problem = ReportJournal.isBlank(journal) ? "" : complete(attempts);
        if (!problem.isEmpty()) {
            Path numbered = numbered();
            format.warn(report + " was not closed by the run that wrote it, and could not be completed: " + problem
                    + "; the results that could be read are kept in " + numbered + ", the journal in "
                    + ReportJournal.beside(numbered));
            move(report, numbered);
            move(journal, ReportJournal.beside(numbered));
            return;
        }
        if (attempts.size() > 0) {
            Path numbered = numbered();
            format.warn(report + " was not closed by the run that wrote it: it was completed with all ingested results"
                    + " and renamed to " + numbered + "; use " + format.options()
                    + ".withResume() to continue it instead");
            move(report, numbered);
        } else {
            Files.deleteIfExists(report);
        }
        Files.delete(journal);
    }

    /** {@return the reason if the report could not be completed, else an empty text} */
    private String complete(ReportAttempts<A> attempts) {
        try {
            String variant = ReportJournal.variant(format, journal);
            String problem = read(attempts);
            ReportFile.write(format.ofLeft(), variant, report, attempts.snapshot());
            return problem;
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /**
     * Reads the journal; if it is corrupt, up to the corrupt entry.
     *
     * @return the reason, or an empty text
     */
    private String read(ReportAttempts<A> attempts) throws IOException {
        try {
            ReportJournal.Contents unused = ReportJournal.read(format, journal, attempts::add);
            return "";
        } catch (StreamCorruptedException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static void move(Path from, Path to) throws IOException {
        if (exists(from)) {
            Files.move(from, to);
        }
    }

    /** {@return a free path; the number comes last, so that a search for {@code *.xml} does not find the file} */
    private Path numbered() {
        for (int i = 1; ; i++) {
            Path numbered = report.resolveSibling(report.getFileName() + "." + i);
            if (!exists(numbered) && !exists(ReportJournal.beside(numbered))) {
                return numbered;
            }
        }
    }

    private static boolean exists(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }
}
