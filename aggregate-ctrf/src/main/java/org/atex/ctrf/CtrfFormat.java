package org.atex.ctrf;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.atex.artifacts.ReportFiles;
import org.atex.artifacts.ReportFormat;
import org.atex.artifacts.ReportJournalReader;
import org.atex.artifacts.StoredAttempt;
import org.slf4j.LoggerFactory;

/** The format of the report, which has one variant. Thread-safe. */
final class CtrfFormat implements ReportFormat<StoredAttempt> {
    private static final String VARIANT = "CTRF";

    private final CtrfOptions settings;
    private final ReportFiles files;

    CtrfFormat(Path report, CtrfOptions settings) {
        this.settings = settings;
        files = new ReportFiles(ReportFiles.beside(report.toAbsolutePath().normalize()));
    }

    @Override
    public String aggregator() {
        return CtrfAggregator.class.getSimpleName();
    }

    @Override
    public String options() {
        return CtrfOptions.class.getSimpleName();
    }

    @Override
    public String variant() {
        return VARIANT;
    }

    @Override
    public boolean isVariant(String variant) {
        return variant.equals(VARIANT);
    }

    @Override
    public void warn(String message) {
        // Not a constant: without a provider, the first logger makes SLF4J print a warning.
        LoggerFactory.getLogger(CtrfAggregator.class).warn("{}", message);
    }

    @Override
    public Rendered render(TestRecord record, String name, Artifacts artifacts, Path scratch) throws IOException {
        return Rendering.of(record, name, settings, files.next(), artifacts, scratch);
    }

    @Override
    public StoredAttempt read(byte[] description, long position, UnaryOperator<String> shared) throws IOException {
        return StoredAttempt.read(description, position, shared);
    }

    @Override
    public void write(
            String variant,
            OutputStream out,
            Map<String, List<List<StoredAttempt>>> platforms,
            ReportJournalReader journal)
            throws IOException {
        new Document(out, journal).write(platforms, settings.environment());
    }
}
