package org.atex.junitxml;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.atex.junitxml.Attempt.Part;

/**
 * Writes the complete report to a temporary file and moves it into place atomically, so readers see no partial file.
 */
final class Renderer {
    private final Path report;
    private final Path journal;
    private final Profile profile;

    Renderer(Path report, Path journal, Profile profile) {
        this.report = report;
        this.journal = journal;
        this.profile = profile;
    }

    void render(Map<String, List<Attempt[]>> platforms) throws IOException {
        // A hidden name without the suffix .xml, so that readers do not find the temporary file.
        Path temporary = report.resolveSibling("." + report.getFileName() + ".tmp");
        try {
            try (OutputStream out = new BufferedOutputStream(new FileOutputStream(temporary.toFile()), 64 << 10);
                    JournalReader reader = new JournalReader(journal)) {
                document(new XmlWriter(out), reader, platforms);
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

    private void document(XmlWriter xml, JournalReader reader, Map<String, List<Attempt[]>> platforms)
            throws IOException {
        xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        if (profile == Profile.SUREFIRE) {
            String name = platforms.size() == 1 ? platforms.keySet().iterator().next() : "tests";
            suite(xml, reader, Suite.of(CaseNames.notBlank(name), all(platforms.values()), profile), 0);
            return;
        }
        List<Suite> suites = new ArrayList<>();
        platforms.forEach((platform, tests) -> suites.add(Suite.of(CaseNames.notBlank(platform), tests, profile)));
        xml.raw("<testsuites");
        if (profile == Profile.RICH) {
            totals(xml, Suite.of("tests", all(platforms.values()), profile));
        }
        xml.raw(">\n");
        for (int id = 0; id < suites.size(); id++) {
            suite(xml, reader, suites.get(id), id);
        }
        xml.raw("</testsuites>\n");
    }

    private static List<Attempt[]> all(Collection<List<Attempt[]>> platforms) {
        return platforms.stream().flatMap(List::stream).toList();
    }

    private void totals(XmlWriter xml, Suite suite) throws IOException {
        xml.attribute("name", suite.name());
        xml.attribute("tests", suite.counts().tests());
        xml.attribute("failures", suite.counts().failures());
        xml.attribute("errors", suite.counts().errors());
        xml.attribute("skipped", suite.counts().skipped());
        xml.attribute("time", Times.seconds(suite.took()));
        if (profile != Profile.SUREFIRE) {
            xml.attribute("timestamp", Times.stamp(suite.started()) + (profile == Profile.RICH ? "Z" : ""));
        }
    }

    private void suite(XmlWriter xml, JournalReader reader, Suite suite, int id) throws IOException {
        xml.raw("<testsuite");
        totals(xml, suite);
        if (profile != Profile.SUREFIRE) {
            xml.attribute("hostname", suite.host());
            xml.attribute("id", id);
            xml.attribute("package", suite.name());
        }
        xml.raw(">\n");
        xml.raw("<properties>\n");
        if (profile == Profile.PORTABLE) {
            earlierAttempts(xml, reader, suite);
        }
        xml.raw("</properties>\n");
        CaseWriter cases = new CaseWriter(xml, reader, profile);
        for (Attempt[] attempts : suite.tests()) {
            cases.write(attempts);
        }
        if (profile == Profile.PORTABLE) {
            // JUnit.xsd requires these elements.
            xml.raw("<system-out/>\n<system-err/>\n");
        }
        xml.raw("</testsuite>\n");
    }

    /**
     * Writes earlier attempts as properties, the only element for them that both schemas of the portable profile allow.
     */
    private static void earlierAttempts(XmlWriter xml, JournalReader reader, Suite suite) throws IOException {
        for (Attempt[] attempts : suite.tests()) {
            for (int i = 0; i < attempts.length - 1; i++) {
                xml.raw("<property");
                xml.attribute("name", "attempt " + attempts[i].number() + " at " + attempts[i].name());
                xml.raw(" value=\""
                        + (attempts[i].status().isBad() ? attempts[i].status().element() + ": " : ""));
                reader.copy(attempts[i], Part.MESSAGE, xml.out());
                xml.raw("\"/>\n");
            }
        }
    }
}
