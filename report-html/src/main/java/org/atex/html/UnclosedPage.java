package org.atex.html;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.atex.artifacts.ReportFiles;
import org.slf4j.LoggerFactory;

/** A page that its writer did not close: a journal, and a page that may lack the latest entries. */
final class UnclosedPage {
    private final Path page;
    private final Path journal;

    UnclosedPage(Path page) {
        this.page = page;
        this.journal = HtmlReport.journalOf(page);
    }

    /** Completes the page from the journal, renames all its files, and deletes the journal. */
    void rename() throws IOException {
        if (Files.notExists(journal)) {
            return;
        }
        Path numbered = numbered();
        Path files = ReportFiles.beside(page);
        if (Files.size(journal) == 0) {
            Files.deleteIfExists(page);
        } else {
            // Written under its new name: links lead to the renamed directory of files.
            write(numbered);
            if (Files.exists(files, LinkOption.NOFOLLOW_LINKS)) {
                Files.move(files, ReportFiles.beside(numbered));
            }
            Files.deleteIfExists(page);
            // Not a constant: without a provider, the first logger makes SLF4J print a warning.
            LoggerFactory.getLogger(HtmlReport.class)
                    .warn(
                            "{} was not closed by the run that wrote it: it was completed with all ingested results"
                                    + " and renamed to {}",
                            page,
                            numbered);
        }
        Files.delete(journal);
    }

    /** Writes a page with all entries of the journal. */
    void write(Path target) throws IOException {
        LeftEntries entries = LeftEntries.read(journal);
        try (InputStream in = new FileInputStream(journal.toFile())) {
            String now = HtmlReport.now(target, "Test report", false).end();
            Page.read().write(target, in, entries.length(), now);
        }
    }

    private Path numbered() {
        String name = page.getFileName().toString();
        int dot = name.lastIndexOf('.');
        String stem = dot > 0 ? name.substring(0, dot) : name;
        for (int i = 1; ; i++) {
            Path numbered = page.resolveSibling(stem + "." + i + name.substring(stem.length()));
            if (!exists(numbered) && !exists(ReportFiles.beside(numbered))) {
                return numbered;
            }
        }
    }

    private static boolean exists(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }
}
