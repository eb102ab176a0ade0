package org.atex.html;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.StreamCorruptedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Set;
import org.atex.artifacts.ReportFiles;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** A page that its writer did not close: a journal, and a page that may lack the latest entries. */
final class UnclosedPage {
    private static final JsonFactory JSON = new JsonFactory();

    /** The keys that {@link Page} and the script need. A journal of this module has no other first key. */
    private static final Set<String> KINDS = Set.of("t", "y", "a", "r", "z", "e");

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
        long length = check();
        try (InputStream in = new FileInputStream(journal.toFile())) {
            String now = HtmlReport.now(target, "Test report", false).end();
            Page.read().write(target, in, length, now);
        }
    }

    /**
     * Checks that all lines are entries, as their text becomes part of a page.
     *
     * @return the length of all complete lines in bytes
     */
    private long check() throws IOException {
        long length = 0;
        long line = 0;
        long size = Files.size(journal);
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(new FileInputStream(journal.toFile()), US_ASCII))) {
            for (String text = lines.readLine(); text != null; text = lines.readLine()) {
                line++;
                // A killed program may leave a last line without its end.
                if (length + text.length() >= size) {
                    break;
                }
                if (!isEntry(text)) {
                    throw new StreamCorruptedException(
                            "line " + line + " of " + journal + " is not an entry of a page");
                }
                length += text.length() + 1L;
            }
        }
        return length;
    }

    private static boolean isEntry(String text) {
        if (text.indexOf('<') >= 0 || text.indexOf('\ufffd') >= 0 || text.indexOf('\r') >= 0) {
            return false;
        }
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text)) {
            parser.nextToken();
            boolean isKnown = "k".equals(parser.nextName()) && KINDS.contains(parser.nextStringValue());
            parser.skipChildren();
            while (parser.nextToken() != null) {
                // Reads all, as JSON that ends too early is an error.
            }
            return isKnown;
        } catch (JacksonException e) {
            return false;
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
