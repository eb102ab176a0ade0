package org.atex.api;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The final state of one planned test: its end and all its attempts.
 *
 * <p>Thread safety: this class is immutable; each {@code with…} method returns a changed copy. Two summaries are equal
 * if all their properties are equal.
 */
public final class TestSummary {
    private final PlainTest test;
    private final TestEnd end;
    private final List<TestRecord> attempts;
    private final Excerpt excerpt;
    private final @Nullable Path files;

    private TestSummary(PlainTest test, TestEnd end, List<TestRecord> attempts, Excerpt excerpt, @Nullable Path files) {
        this.test = test;
        this.end = end;
        this.attempts = List.copyOf(attempts);
        this.excerpt = excerpt;
        this.files = files;
    }

    /**
     * {@return a summary without an excerpt and files}
     *
     * @param test the test; its properties are copied
     * @param end the end of the last attempt, or the reason why the test never started
     * @param attempts all attempts, in order; empty if the test never started
     */
    public static TestSummary of(TestCase test, TestEnd end, List<TestRecord> attempts) {
        return new TestSummary(PlainTest.copyOf(test), end, attempts, Excerpt.none(), null);
    }

    /** {@return the name of the test} */
    public String name() {
        return test.name();
    }

    /** {@return the properties of the test} */
    public PlainTest test() {
        return test;
    }

    /** {@return the end of the last attempt, or the reason why the test never started} */
    public TestEnd end() {
        return end;
    }

    /** {@return all attempts, in order; empty if the test never started} */
    public List<TestRecord> attempts() {
        return attempts;
    }

    /** {@return the failed parts and the end of the output of the last attempt; empty if it passed} */
    public Excerpt excerpt() {
        return excerpt;
    }

    /** {@return the directory that holds the files of the last attempt, or null if it is not known} */
    public @Nullable Path files() {
        return files;
    }

    /**
     * {@return whether the test passed after an attempt that had failed} Attempts that were lost, or that ran on a host
     * which was then put in quarantine, say nothing about the test.
     */
    public boolean flaky() {
        if (end.outcome() != Outcome.PASSED) {
            return false;
        }
        for (int i = 0; i + 1 < attempts.size(); i++) {
            if (attempts.get(i).end().outcome().verdict() == Verdict.FAILED
                    && attempts.get(i + 1).cause() != AttemptCause.HOST_QUARANTINED) {
                return true;
            }
        }
        return false;
    }

    /** {@return the rule because of which its failure does not count, or null} */
    public @Nullable KnownFailure known() {
        return attempts.isEmpty() ? null : attempts.get(attempts.size() - 1).known();
    }

    /** {@return the best verdict that a run with this test can have} */
    public Verdict verdict() {
        return known() == null ? end.outcome().verdict() : Verdict.PASSED;
    }

    /**
     * {@return a copy of this summary with another excerpt}
     *
     * @param value the failed parts and the end of the output
     */
    public TestSummary withExcerpt(Excerpt value) {
        return new TestSummary(test, end, attempts, value, files);
    }

    /**
     * {@return a copy of this summary with another directory of files}
     *
     * @param directory the directory, or null if it is not known
     */
    public TestSummary withFiles(@Nullable Path directory) {
        return new TestSummary(test, end, attempts, excerpt, directory);
    }

    private List<@Nullable Object> properties() {
        return Arrays.asList(test, end, attempts, excerpt, files);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TestSummary summary && properties().equals(summary.properties());
    }

    @Override
    public int hashCode() {
        return properties().hashCode();
    }

    /** {@return the test, the outcome and the reason, for messages} */
    @Override
    public String toString() {
        return name() + " " + end.outcome() + (end.note() == null ? "" : " (" + end.note() + ")");
    }
}
