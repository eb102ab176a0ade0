package org.atex.junitxml;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.atex.artifacts.ReportJournalReader;
import org.atex.junitxml.Attempt.Part;

/** Writes the complete report. */
record Renderer(XmlWriter xml, ReportJournalReader reader, Profile profile) {
    void document(Map<String, List<List<Attempt>>> platforms) throws IOException {
        xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        if (profile == Profile.SUREFIRE) {
            String name = platforms.size() == 1 ? platforms.keySet().iterator().next() : "tests";
            suite(Suite.of(CaseNames.notBlank(name), all(platforms.values()), profile), 0);
            return;
        }
        List<Suite> suites = new ArrayList<>();
        platforms.forEach((platform, tests) -> suites.add(Suite.of(CaseNames.notBlank(platform), tests, profile)));
        xml.raw("<testsuites");
        if (profile == Profile.RICH) {
            totals(Suite.of("tests", all(platforms.values()), profile));
        }
        xml.raw(">\n");
        for (int id = 0; id < suites.size(); id++) {
            suite(suites.get(id), id);
        }
        xml.raw("</testsuites>\n");
    }

    private static List<List<Attempt>> all(Collection<List<List<Attempt>>> platforms) {
        return platforms.stream().flatMap(List::stream).toList();
    }

    private void totals(Suite suite) throws IOException {
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

    private void suite(Suite suite, int id) throws IOException {
        xml.raw("<testsuite");
        totals(suite);
        if (profile != Profile.SUREFIRE) {
            xml.attribute("hostname", suite.host());
            xml.attribute("id", id);
            xml.attribute("package", suite.name());
        }
        xml.raw(">\n");
        xml.raw("<properties>\n");
        if (profile == Profile.PORTABLE) {
            earlierAttempts(suite);
        }
        xml.raw("</properties>\n");
        CaseWriter cases = new CaseWriter(xml, reader, profile);
        for (List<Attempt> attempts : suite.tests()) {
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
    private void earlierAttempts(Suite suite) throws IOException {
        for (List<Attempt> attempts : suite.tests()) {
            for (int i = 0; i < attempts.size() - 1; i++) {
                xml.raw("<property");
                xml.attribute(
                        "name",
                        "attempt " + attempts.get(i).number() + " at "
                                + attempts.get(i).name());
                xml.raw(" value=\""
                        + (attempts.get(i).status().isBad()
                                ? attempts.get(i).status().element() + ": "
                                : ""));
                attempts.get(i).copy(reader, Part.MESSAGE, xml.out());
                xml.raw("\"/>\n");
            }
        }
    }
}
