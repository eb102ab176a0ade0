package org.atex.junitxml;

import java.io.IOException;
import java.io.StreamCorruptedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a writer left that did not close its report: a journal, and a report that may be behind it. */
final class LeftReport {
    private final Path report;
    private final Path journal;

    LeftReport(Path report) {
        this.report = report;
        this.journal = Journal.beside(report);
    }

    /** Completes the report from the journal, renames it, and deletes the journal, so that the next run can begin. */
    void putAside() throws IOException {
        if (!isThere(journal)) {
            return;
        }
        Report attempts = new Report();
        String problem = Journal.isBlank(journal) ? "" : complete(attempts);
        if (!problem.isEmpty()) {
            Path aside = aside();
            log().warn(
                            "{} is of a run that did not close it, and could not be completed: {}; what could be read is kept in {},"
                                    + " and all there is in {}",
                            report,
                            problem,
                            aside,
                            Journal.beside(aside));
            move(report, aside);
            move(journal, Journal.beside(aside));
            return;
        }
        if (attempts.size() > 0) {
            Path aside = aside();
            log().warn(
                            "{} is of a run that did not close it: it is complete, with all that was ingested, and kept in {};"
                                    + " JUnitXmlOptions.withResume() would have continued it",
                            report,
                            aside);
            move(report, aside);
        } else {
            Files.deleteIfExists(report);
        }
        Files.delete(journal);
    }

    /** {@return what hindered it, or nothing} */
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

    /** Of a journal that is broken, what comes before that place is worth a report all the same. */
    private String read(Report attempts) throws IOException {
        try {
            Journal.Contents unused = Journal.read(journal, attempts::add);
            return "";
        } catch (StreamCorruptedException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Only when there is something to say: without a provider, SLF4J says something itself. */
    private static Logger log() {
        return LoggerFactory.getLogger(JUnitXmlAggregator.class);
    }

    private static void move(Path from, Path to) throws IOException {
        if (isThere(from)) {
            Files.move(from, to);
        }
    }

    /** {@return where nothing is: out of the way of whoever looks for files that end in {@code .xml}} */
    private Path aside() {
        for (int i = 1; ; i++) {
            Path aside = report.resolveSibling(report.getFileName() + "." + i);
            if (!isThere(aside) && !isThere(Journal.beside(aside))) {
                return aside;
            }
        }
    }

    private static boolean isThere(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }
}
