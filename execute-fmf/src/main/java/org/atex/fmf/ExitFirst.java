package org.atex.fmf;

import java.util.concurrent.atomic.AtomicReference;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/**
 * Skips all tests after the first failure if the plan has {@code exit-first}. Thread-safe; shared by the executors of a
 * factory.
 */
final class ExitFirst {
    private final boolean enabled;
    private final AtomicReference<@Nullable String> failed = new AtomicReference<>();

    ExitFirst(FmfPlan plan) {
        this.enabled = plan.exitFirst();
    }

    /** {@return the end of a test that is to be skipped; null to run it. The test that failed may be run again} */
    @Nullable
    TestEnd skipped(FmfTest test) {
        String first = failed.get();
        return first == null || first.equals(test.name())
                ? null
                : TestEnd.of(Outcome.SKIPPED, "the plan has exit-first, and " + first + " failed");
    }

    /**
     * Records the end of a test.
     *
     * @param test the test
     * @param end its end
     * @param warned whether its status was {@code warn}, which does not count as a failure here
     */
    void ended(FmfTest test, TestEnd end, boolean warned) {
        boolean failure = switch (end.outcome()) {
            case FAILED, ERROR, TIMED_OUT, SETUP_FAILED -> true;
            default -> false;
        };
        if (enabled && failure && !warned) {
            failed.compareAndSet(null, test.name());
        }
    }
}
