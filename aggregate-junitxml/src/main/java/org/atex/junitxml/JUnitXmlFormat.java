package org.atex.junitxml;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.atex.artifacts.ReportFormat;
import org.atex.artifacts.ReportJournalReader;
import org.slf4j.LoggerFactory;

/** The format of the report, whose variants are the profiles. Thread-safe. */
record JUnitXmlFormat(JUnitXmlOptions settings) implements ReportFormat<Attempt> {
    @Override
    public String aggregator() {
        return JUnitXmlAggregator.class.getSimpleName();
    }

    @Override
    public String options() {
        return JUnitXmlOptions.class.getSimpleName();
    }

    @Override
    public String variant() {
        return settings.profile().name();
    }

    @Override
    public boolean isVariant(String variant) {
        return Arrays.stream(Profile.values())
                .anyMatch(profile -> profile.name().equals(variant));
    }

    @Override
    public void warn(String message) {
        // Not a constant: without a provider, the first logger makes SLF4J print a warning.
        LoggerFactory.getLogger(JUnitXmlAggregator.class).warn("{}", message);
    }

    @Override
    public Rendered render(TestRecord record, String name, Artifacts artifacts, Path scratch) throws IOException {
        return CaseRenderer.render(settings, new CaseRenderer.Subject(record, name, artifacts), scratch);
    }

    @Override
    public Attempt read(byte[] description, long position, UnaryOperator<String> shared) throws IOException {
        return new Attempt(description, position, shared);
    }

    @Override
    public void write(
            String variant, OutputStream out, Map<String, List<List<Attempt>>> platforms, ReportJournalReader journal)
            throws IOException {
        new Renderer(new XmlWriter(out), journal, Profile.valueOf(variant)).document(platforms);
    }
}
