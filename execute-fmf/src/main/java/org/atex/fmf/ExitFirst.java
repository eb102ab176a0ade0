package org.atex.fmf;

import java.util.concurrent.atomic.AtomicReference;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/**
 * Skips tests after one that failed, if their plan says {@code exit-first}. Thread-safe; the executors of one factory share
 * it.
 */
final class ExitFirst {
    private final boolean wanted;
    private final AtomicReference<@Nullable String> failed = new AtomicReference<>();

    ExitFirst(FmfPlan plan) {
        this.wanted = plan.exitFirst();
    }

    /** {@return how a test ends that is not to be run, or null; the test that failed may be run again} */
    @Nullable
    TestEnd skipped(FmfTest test) {
        String first = failed.get();
        return first == null || first.equals(test.name())
                ? null
                : TestEnd.of(Outcome.SKIPPED, "the plan says exit-first, and " + first + " failed");
    }

    /**
     * Remembers the first test that fails.
     *
     * @param test a test
     * @param end how it ended
     * @param warned whether that was no more than a warning, which is no failure here
     */
    void ended(FmfTest test, TestEnd end, boolean warned) {
        boolean failure = switch (end.outcome()) {
            case FAILED, ERROR, TIMED_OUT, SETUP_FAILED -> true;
            default -> false;
        };
        if (wanted && failure && !warned) {
            failed.compareAndSet(null, test.name());
        }
    }
}
