package org.atex.testkit;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A JUnit extension that fails a test which leaks resources:
 *
 * <ul>
 *   <li>platform threads,
 *   <li>child processes,
 *   <li>open files, where {@code /proc/self/fd} exists,
 *   <li>entries of the temporary directory whose names begin with {@code atex}, if the test JVM has a temporary
 *       directory of its own ({@code -Djava.io.tmpdir=…}); entries of {@code /tmp} may belong to other programs.
 * </ul>
 *
 * <p>The failure describes each leaked resource. Resources that disappear within five seconds after the test are not
 * leaks.
 *
 * {@snippet :
 * @ExtendWith(LeakCheck.class)
 * class MyTest {}
 * }
 *
 * <p>Register it before extensions whose clean-up must precede the check. Resources that a test class shares between
 * its tests must exist before the first test.
 *
 * <p>Thread safety: tests that use this extension must not run in parallel in one JVM.
 */
public final class LeakCheck implements BeforeEachCallback, AfterEachCallback {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(LeakCheck.class);
    private static final Duration GRACE_PERIOD = Duration.ofSeconds(30);
    private static final long FIRST_PAUSE_NANOS = Duration.ofMillis(5).toNanos();
    private static final long MAX_PAUSE_NANOS = Duration.ofMillis(100).toNanos();

    /** Creates an extension; JUnit calls this. */
    public LeakCheck() {}

    @Override
    public void beforeEach(ExtensionContext context) {
        context.getStore(NAMESPACE).put("before", ResourceSnapshot.take());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        ResourceSnapshot before = context.getStore(NAMESPACE).remove("before", ResourceSnapshot.class);
        if (before != null) {
            check(before, GRACE_PERIOD);
        }
    }

    /**
     * Checks that no resource was added.
     *
     * @param before the resources before the test
     * @param gracePeriod the time that added resources have to disappear
     */
    static void check(ResourceSnapshot before, Duration gracePeriod) {
        long deadline = System.nanoTime() + gracePeriod.toNanos();
        List<String> leaks = ResourceSnapshot.take().addedSince(before);
        long pause = FIRST_PAUSE_NANOS;
        while (!leaks.isEmpty() && System.nanoTime() < deadline) {
            // A snapshot reads the list of all processes: the shorter the wait so far, the sooner the next one.
            LockSupport.parkNanos(pause);
            pause = Math.min(MAX_PAUSE_NANOS, 2 * pause);
            leaks = ResourceSnapshot.take().addedSince(before);
        }
        if (!leaks.isEmpty()) {
            throw new AssertionError("the test leaked " + leaks.size() + " resource(s), which still exist after "
                    + gracePeriod.toSeconds() + " s:\n  " + String.join("\n  ", leaks));
        }
    }
}
