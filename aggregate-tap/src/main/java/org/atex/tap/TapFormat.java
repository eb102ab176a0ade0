package org.atex.tap;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.atex.artifacts.ReportFormat;
import org.atex.artifacts.ReportJournalReader;
import org.atex.artifacts.StoredAttempt;
import org.slf4j.LoggerFactory;

/** The format of a report in a file, whose variants are the versions of TAP. Thread-safe. */
final class TapFormat implements ReportFormat<StoredAttempt> {
    private static final String PREFIX = "TAP_";

    private final TapOptions settings;

    /** The reason if the run has not come to its end; else empty. */
    private volatile String bailOut = "";

    TapFormat(TapOptions settings) {
        this.settings = settings;
    }

    void setBailOut(String why) {
        bailOut = why;
    }

    @Override
    public String aggregator() {
        return TapAggregator.class.getSimpleName();
    }

    @Override
    public String options() {
        return TapOptions.class.getSimpleName();
    }

    @Override
    public String variant() {
        return PREFIX + settings.version();
    }

    @Override
    public boolean isVariant(String variant) {
        return variant.matches(PREFIX + "1[34]");
    }

    @Override
    public void warn(String message) {
        // Not a constant: without a provider, the first logger makes SLF4J print a warning.
        LoggerFactory.getLogger(TapAggregator.class).warn("{}", message);
    }

    @Override
    public Rendered render(TestRecord record, String name, Artifacts artifacts, Path scratch) throws IOException {
        return new StoredAttempt.Rendered(
                record, name, PointRenderer.render(record, name, settings, artifacts, scratch), null);
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
        PointWriter points = new PointWriter(out);
        points.version(Integer.parseInt(variant.substring(PREFIX.length())));
        for (List<List<StoredAttempt>> tests : platforms.values()) {
            for (List<StoredAttempt> attempts : tests) {
                StoredAttempt last = attempts.getLast();
                points.point(
                        PointRenderer.isOk(last.outcome()),
                        (part, to) -> last.copy(journal, part, 0, 0, to),
                        to -> earlier(attempts, journal, to));
            }
        }
        String why = bailOut;
        if (why.isEmpty()) {
            points.plan();
        } else {
            points.bailOut(why);
        }
    }

    private static void earlier(List<StoredAttempt> attempts, ReportJournalReader journal, OutputStream out)
            throws IOException {
        if (attempts.size() == 1) {
            return;
        }
        if (StoredAttempt.isFlaky(attempts)) {
            PointRenderer.write(out, "  flaky: true\n");
        }
        PointRenderer.write(out, "  earlier_attempts:\n");
        for (StoredAttempt attempt : attempts.subList(0, attempts.size() - 1)) {
            PointRenderer.write(out, "    - \"attempt " + attempt.number() + ", ");
            attempt.copy(journal, PointRenderer.SHORT, 0, 0, out);
            PointRenderer.write(out, "\"\n");
        }
    }

    @Override
    public ReportFormat<StoredAttempt> ofLeft() {
        TapFormat left = new TapFormat(settings);
        left.setBailOut("the program that ran the tests ended before the report was closed");
        return left;
    }
}
