package org.atex.findings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.atex.api.Excerpt;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.api.RunSummary;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.atex.api.Verdict;
import org.atex.artifacts.PastRun;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Makes findings of the events of a run, during the run and at its end. Pass it to the builder of the run as a listener.
 *
 * <p>At the end of the run, the findings are those of its summary: problems and tests of a resumed run are included, with
 * the files that the first aggregator has stored. During the run, tests that have not ended are not in any list.
 *
 * <p>An instance serves one run at a time. Memory use grows with the number of tests; excerpts are kept of tests that did
 * not pass.
 *
 * <p>Thread-safe.
 */
public final class FindingsCollector implements RunListener {
    private final FindingsOptions options;
    private final ReentrantLock lock = new ReentrantLock();

    // All below is guarded by the lock.
    private RunEvent.@Nullable RunStarted start;
    private Instant now = Instant.EPOCH;
    private @Nullable RunSummary summary;
    private final Map<String, List<TestRecord>> attempts = new LinkedHashMap<>();
    private final Map<String, Excerpt> excerpts = new HashMap<>();
    private final Map<String, Excerpt> earlier = new HashMap<>();
    private final Map<String, Path> files = new HashMap<>();

    private FindingsCollector(FindingsOptions options) {
        this.options = options;
    }

    /**
     * {@return a collector without findings}
     *
     * @param options the options
     */
    public static FindingsCollector of(FindingsOptions options) {
        return new FindingsCollector(options);
    }

    @Override
    public void on(RunEvent event) {
        lock.lock();
        try {
            now = event.at();
            switch (event) {
                case RunEvent.RunStarted started -> start(started);
                case RunEvent.TestFinished finished -> finished(finished.record(), finished.excerpt());
                case RunEvent.Ingested ingested -> {
                    if (ingested.files() != null && ingested.record().last()) {
                        files.put(ingested.record().name(), ingested.files());
                    }
                }
                case RunEvent.RunEnded ended -> summary = ended.summary();
                default -> {}
            }
        } finally {
            lock.unlock();
        }
    }

    private void start(RunEvent.RunStarted started) {
        start = started;
        summary = null;
        attempts.clear();
        excerpts.clear();
        earlier.clear();
        files.clear();
    }

    private void finished(TestRecord record, Excerpt excerpt) {
        List<TestRecord> all = attempts.computeIfAbsent(record.name(), name -> new ArrayList<>(1));
        // An attempt is told again if it is the last one after all.
        all.removeIf(other -> other.attempt() == record.attempt());
        all.add(record);
        Excerpt before = excerpts.remove(record.name());
        if (before != null) {
            earlier.put(record.name(), before);
        }
        if (!excerpt.equals(Excerpt.none())) {
            excerpts.put(record.name(), excerpt);
        }
    }

    /** {@return the findings until now; empty before a run has started} */
    public Optional<Findings> findings() {
        RunFacts facts;
        lock.lock();
        try {
            if (start == null) {
                return Optional.empty();
            }
            facts = facts(start);
        } finally {
            lock.unlock();
        }
        // Without the lock, as it may read files.
        return Optional.of(new Findings(facts, options));
    }

    private RunFacts facts(RunEvent.RunStarted started) {
        List<Ended> tests = new ArrayList<>();
        Verdict verdict = Verdict.PASSED;
        RunSummary end = summary;
        if (end != null) {
            verdict = end.verdict();
            end.tests().forEach(test -> tests.add(ended(test, started.platform())));
        } else {
            for (List<TestRecord> all : attempts.values()) {
                TestRecord last = all.get(all.size() - 1);
                if (last.last()) {
                    tests.add(ended(all, last));
                    verdict = verdict.and(last.verdict());
                }
            }
        }
        return new RunFacts(
                started.stamp().run(),
                started.platform(),
                directory(started.stamp().run()),
                started.at(),
                end == null ? Duration.between(started.at(), now) : end.took(),
                end != null,
                verdict,
                end == null ? started.plan().size() : end.tests().size(),
                List.copyOf(tests),
                end == null ? List.of() : end.problems(),
                end == null ? UnaryOperator.identity() : details(started.stamp().run()));
    }

    private Ended ended(TestSummary test, String platform) {
        List<TestRecord> all = test.attempts();
        return new Ended(
                test.test(),
                all.isEmpty() ? platform : all.get(all.size() - 1).platform(),
                test.end(),
                all,
                test.excerpt(),
                earlier.getOrDefault(test.name(), Excerpt.none()),
                test.files());
    }

    private Ended ended(List<TestRecord> all, TestRecord last) {
        return new Ended(
                last.test(),
                last.platform(),
                last.end(),
                all.stream().filter(record -> record.attempt() > 0).toList(),
                excerpts.getOrDefault(last.name(), Excerpt.none()),
                earlier.getOrDefault(last.name(), Excerpt.none()),
                files.get(last.name()));
    }

    private @Nullable Path directory(String run) {
        Path runs = options.runs();
        // The class Spool of the module artifacts describes the names of directories.
        return runs == null ? null : runs.resolve("run-" + run);
    }

    /** {@return adds the excerpts of attempts that a killed program had run} They are not in the events. */
    private UnaryOperator<Ended> details(String run) {
        Path directory = directory(run);
        if (directory == null || Files.notExists(directory)) {
            return UnaryOperator.identity();
        }
        try {
            return new KeptDetails(PastRun.read(directory), options.maxLastLines())::addTo;
        } catch (IOException e) {
            // Not a constant: without a provider, the first logger makes SLF4J print a warning.
            LoggerFactory.getLogger(FindingsCollector.class)
                    .warn("could not read the run in {} for its findings: {}", directory, e.toString());
            return UnaryOperator.identity();
        }
    }
}
