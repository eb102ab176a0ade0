package org.atex.html;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.atex.api.RunEvent;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.artifacts.BrokenResultsException;
import org.atex.artifacts.PastRun;
import org.atex.artifacts.ReportFiles;

/** Makes entries of a kept run. */
final class PastEntries {
    private final PastRun run;
    private final HtmlOptions options;
    private final ReportFiles store;
    private final Entries entries;
    private final List<String> problems = new ArrayList<>();

    PastEntries(PastRun run, HtmlOptions options, ReportFiles store, Entries.Sink sink) {
        this.run = run;
        this.options = options;
        this.store = store;
        this.entries = new Entries(sink, new EarlierRuns(options));
    }

    void add() throws IOException {
        String platform = run.attempts().stream()
                .map(TestRecord::platform)
                .findFirst()
                .orElse(RunEvent.RunStarted.DEFAULT_PLATFORM);
        entries.add(platform, run.tests());
        entries.add(Line.of(EntryKind.RUN)
                .put("r", run.id())
                .put("t", run.started().toEpochMilli())
                .put("p", platform)
                .put("c", run.tests().size()));
        Instant end = run.lastEnd();
        Verdict verdict = run.notRun().isEmpty() ? Verdict.PASSED : Verdict.INCOMPLETE;
        AtomicLong budget = new AtomicLong(options.maxTextBytes());
        run.problems().forEach(this::problem);
        for (TestRecord record : run.attempts()) {
            entries.add(record, details(record, budget));
        }
        for (TestRecord record : run.ends().values()) {
            verdict = verdict.and(record.verdict());
        }
        entries.add(Line.of(EntryKind.END)
                .put("r", run.id())
                .put("t", end.toEpochMilli())
                .put("d", end.toEpochMilli() - run.started().toEpochMilli())
                .put("v", verdict.name())
                .putObjects("p", problems));
    }

    private AttemptDetails details(TestRecord record, AtomicLong budget) throws IOException {
        try (ReportFiles.OfAttempt files = store.next()) {
            AttemptDetails details = AttemptDetails.read(record, run.artifacts(record), options, budget, files);
            files.keep();
            return details;
        } catch (BrokenResultsException e) {
            problem("the results of " + record.name() + ", attempt " + record.attempt() + ", are not shown: "
                    + e.getMessage());
            return AttemptDetails.none();
        }
    }

    private void problem(String what) {
        problems.add(Line.empty()
                .put("n", Entries.cut(what))
                .put("v", Verdict.PASSED.name())
                .end());
    }
}
