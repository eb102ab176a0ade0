package org.atex.findings;

import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.Excerpt;
import org.atex.api.TestRecord;
import org.atex.artifacts.Excerpts;
import org.atex.artifacts.PastRun;
import org.jspecify.annotations.Nullable;

/** Reads excerpts and files from the directory of a kept run. Not thread-safe. */
final class KeptDetails {
    private record Attempt(String platform, String test, int number) {}

    private final PastRun run;
    private final int maxLastLines;
    private final Map<Attempt, TestRecord> attempts = new HashMap<>();

    KeptDetails(PastRun run, int maxLastLines) {
        this.run = run;
        this.maxLastLines = maxLastLines;
        run.attempts().forEach(record -> attempts.put(key(record), record));
    }

    private static Attempt key(TestRecord record) {
        return new Attempt(record.platform(), record.name(), record.attempt());
    }

    /** {@return the test with details, as far as the run has kept them} Those that it has already stay. */
    Ended addTo(Ended test) {
        Collection<TestRecord> all = test.attempts();
        if (all.isEmpty()) {
            return test;
        }
        TestRecord last = test.attempts().get(all.size() - 1);
        TestRecord failed = test.failedBefore();
        Excerpt excerpt = test.excerpt();
        Path files = test.files();
        if (test.isFailed() && excerpt.equals(Excerpt.none())) {
            excerpt = excerpt(last);
        }
        Excerpt earlier = test.earlier();
        if (failed != null && earlier.equals(Excerpt.none())) {
            earlier = excerpt(failed);
        }
        return test.with(excerpt, earlier, files == null ? files(last) : files);
    }

    private Artifacts artifacts(TestRecord record) {
        TestRecord kept = attempts.get(key(record));
        return kept == null ? Artifacts.none() : run.artifacts(kept);
    }

    private Excerpt excerpt(TestRecord record) {
        return Excerpts.read(artifacts(record), maxLastLines);
    }

    private @Nullable Path files(TestRecord record) {
        Artifacts artifacts = artifacts(record);
        return artifacts.isNone() ? null : artifacts.files();
    }
}
