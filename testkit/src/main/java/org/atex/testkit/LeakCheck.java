package org.atex.testkit;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that leaves something behind: platform threads, child processes, open files (where there is
 * {@code /proc/self/fd}), entries of the temporary directory whose names begin with {@code atex}, if the test JVM has one of
 * its own ({@code -Djava.io.tmpdir=…}; in {@code /tmp} they may be anybody's). Says what each is. What ends by itself within
 * five seconds is no leak.
 *
 * <p>{@snippet :
 * @ExtendWith(LeakCheck.class)
 * class MyTest {
 * }
 * }
 *
 * <p>Register it before extensions that must have cleaned up when it looks. What a test keeps for the whole class must be
 * there before the first test. Not for tests that run at the same time in one JVM.
 *
 * <p>Thread safety: one test at a time.
 */
public final class LeakCheck implements BeforeEachCallback, AfterEachCallback {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(LeakCheck.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long PAUSE_NANOS = Duration.ofMillis(5).toNanos();

    /** Makes one; JUnit does. */
    public LeakCheck() {}

    @Override
    public void beforeEach(ExtensionContext context) {
        context.getStore(NAMESPACE).put("before", Holdings.now());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Holdings before = context.getStore(NAMESPACE).remove("before", Holdings.class);
        if (before != null) {
            check(before, PATIENCE);
        }
    }

    /**
     * Checks that nothing is left but what was there before.
     *
     * @param before what was there
     * @param patience how long to wait for the rest to end
     */
    static void check(Holdings before, Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        List<String> leaks = Holdings.now().without(before);
        while (!leaks.isEmpty() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(PAUSE_NANOS);
            leaks = Holdings.now().without(before);
        }
        if (!leaks.isEmpty()) {
            throw new AssertionError("the test left " + leaks.size() + " thing(s) behind, still there after "
                    + patience.toSeconds() + " s:\n  " + String.join("\n  ", leaks));
        }
    }
}
