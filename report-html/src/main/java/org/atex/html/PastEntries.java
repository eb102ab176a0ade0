package org.atex.html;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.PlainTest;
import org.atex.api.RunEvent;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.artifacts.PastRun;

/** Makes entries of a kept run. */
final class PastEntries {
    private final PastRun run;
    private final Entries entries;

    PastEntries(PastRun run, Entries.Sink sink) {
        this.run = run;
        this.entries = new Entries(sink);
    }

    void add() throws IOException {
        String platform = run.attempts().stream()
                .map(TestRecord::platform)
                .findFirst()
                .orElse(RunEvent.RunStarted.DEFAULT_PLATFORM);
        for (PlainTest test : run.tests()) {
            entries.add(platform, test);
        }
        entries.add(Line.of("r")
                .put("r", run.id())
                .put("t", run.started().toEpochMilli())
                .put("p", platform)
                .put("c", run.tests().size()));
        Instant end = run.started();
        Verdict verdict = run.notRun().isEmpty() ? Verdict.PASSED : Verdict.INCOMPLETE;
        for (TestRecord record : run.attempts()) {
            entries.add(record, AttemptDetails.none());
            Instant over = record.started().plus(record.took());
            end = over.isAfter(end) ? over : end;
        }
        for (TestRecord record : run.ends().values()) {
            verdict = verdict.and(record.verdict());
        }
        List<String> problems = new ArrayList<>();
        for (String problem : run.problems()) {
            problems.add(Line.empty()
                    .put("n", Entries.cut(problem))
                    .put("v", Verdict.PASSED.name())
                    .end());
        }
        entries.add(Line.of("z")
                .put("r", run.id())
                .put("t", end.toEpochMilli())
                .put("d", end.toEpochMilli() - run.started().toEpochMilli())
                .put("v", verdict.name())
                .putObjects("p", problems));
    }
}
