package org.atex.junitxml;

import java.io.IOException;
import java.io.StreamCorruptedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A report that its writer did not close: a journal, and a report that may lack the latest results. */
final class UnclosedReport {
    private final Path report;
    private final Path journal;

    UnclosedReport(Path report) {
        this.report = report;
        this.journal = Journal.beside(report);
    }

    /** Completes the report from the journal, renames it, and deletes the journal, so that the next run can start. */
    void rename() throws IOException {
        if (!exists(journal)) {
            return;
        }
        Report attempts = new Report();
        String problem = Journal.isBlank(journal) ? "" : complete(attempts);
        if (!problem.isEmpty()) {
            Path numbered = numbered();
            log().warn(
                            "{} was not closed by the run that wrote it, and could not be completed: {}; the results"
                                    + " that could be read are kept in {}, the journal in {}",
                            report,
                            problem,
                            numbered,
                            Journal.beside(numbered));
            move(report, numbered);
            move(journal, Journal.beside(numbered));
            return;
        }
        if (attempts.size() > 0) {
            Path numbered = numbered();
            log().warn(
                            "{} was not closed by the run that wrote it: it was completed with all ingested results"
                                    + " and renamed to {}; use JUnitXmlOptions.withResume() to continue it instead",
                            report,
                            numbered);
            move(report, numbered);
        } else {
            Files.deleteIfExists(report);
        }
        Files.delete(journal);
    }

    /** {@return the reason if the report could not be completed, else an empty text} */
    private String complete(Report attempts) {
        try {
            Profile profile = Journal.profile(journal);
            String problem = read(attempts);
            new Renderer(report, journal, profile).render(attempts.snapshot());
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
    private String read(Report attempts) throws IOException {
        try {
            Journal.Contents unused = Journal.read(journal, attempts::add);
            return "";
        } catch (StreamCorruptedException e) {
            return String.valueOf(e.getMessage());
        }
    }

    // Not a constant: without a provider, the first logger makes SLF4J print a warning.
    private static Logger log() {
        return LoggerFactory.getLogger(JUnitXmlAggregator.class);
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
            if (!exists(numbered) && !exists(Journal.beside(numbered))) {
                return numbered;
            }
        }
    }

    private static boolean exists(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }
}
