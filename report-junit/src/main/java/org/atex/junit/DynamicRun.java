package org.atex.junit;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.atex.api.Excerpt;
import org.atex.api.Orchestrator;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;

/**
 * Shows a run as dynamic tests of JUnit, so that build tools and development environments show each test of the run.
 *
 * {@snippet :
 * @TestFactory
 * Stream<DynamicTest> suite() {
 *     var systems = LocalProvisioner.withMaxSystems(2);
 *     var results = JsonLinesAggregator.open(Path.of("target/suite.jsonl"), Path.of("target/suite"));
 *     var junit = DynamicRun.create();
 *     var run = AdHocOrchestrator.builder(tests)
 *             .on(systems)
 *             .with(CommandExecutor.factory())
 *             .into(results)
 *             .listener(junit)
 *             .build();
 *     return junit.tests(run, results, systems);
 * }
 * }
 *
 * <p>The run goes on in a thread of its own. A dynamic test follows as soon as a test has ended and its results are
 * stored. It passes, is aborted if the test was skipped, did not run or failed in a known way, or fails with the reason,
 * the failed parts, the last lines of the output and the path of the files. The last dynamic test, {@link #RUN}, fails if
 * the run has a problem that no other dynamic test shows.
 *
 * <p>Lifecycle: for one run. JUnit closes the stream of tests after the last one, or when it stops early: this ends the
 * run, if it still goes on, and closes the resources.
 *
 * <p>Thread safety: thread-safe as a listener. The methods that configure it and the stream are for one thread.
 */
public final class DynamicRun implements RunListener {
    /** The name of the dynamic test that shows problems of the run itself. */
    public static final String RUN = "(the run)";

    private final Map<String, Excerpt> excerpts = new ConcurrentHashMap<>();
    private Function<TestRecord, String> names = TestRecord::name;
    private @Nullable Path sources;
    private volatile @Nullable RunThread thread;

    private DynamicRun() {}

    /** {@return a listener for one run} */
    public static DynamicRun create() {
        return new DynamicRun();
    }

    /**
     * Sets the names of the dynamic tests. By default, they have the names of the tests. JUnit measures the time of a
     * dynamic test, which starts after the test of the run has ended: names can show the time of the test.
     *
     * @param name makes a name of the last attempt at a test
     * @return this listener
     */
    public DynamicRun names(Function<TestRecord, String> name) {
        names = name;
        return this;
    }

    /**
     * Lets development environments open the file of a test.
     *
     * @param root the root of the tree that contains the files of the tests
     * @return this listener
     */
    public DynamicRun sources(Path root) {
        sources = root;
        return this;
    }

    @Override
    public void on(RunEvent event) {
        RunThread running = thread;
        switch (event) {
            case RunEvent.TestFinished finished ->
                excerpts.put(finished.record().name(), finished.excerpt());
            case RunEvent.Ingested stored
            when stored.record().last() && running != null -> {
                TestRecord record = stored.record();
                Excerpt excerpt = excerpts.remove(record.name());
                running.ended(new EndedTest(record, excerpt == null ? Excerpt.none() : excerpt, stored.files()));
            }
            default -> {}
        }
    }

    /**
     * {@return the dynamic tests of a run, in the order in which its tests end} The run starts when the first one is asked
     * for.
     *
     * @param run the orchestrator, which has this listener
     * @param resources closed after the run, in this order
     * @throws IllegalStateException if this method was called before
     */
    public Stream<DynamicTest> tests(Orchestrator run, AutoCloseable... resources) {
        if (thread != null) {
            throw new IllegalStateException("this listener shows another run already; create one for each run");
        }
        RunThread started = new RunThread(run, List.of(resources));
        thread = started;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(started, Spliterator.ORDERED), false)
                .map(this::dynamic)
                .onClose(started::close);
    }

    private DynamicTest dynamic(RunThread.Shown test) {
        return switch (test) {
            case EndedTest one -> DynamicTest.dynamicTest(names.apply(one.record()), one.source(sources), one::check);
            case EndedRun all -> DynamicTest.dynamicTest(RUN, all::check);
        };
    }
}
