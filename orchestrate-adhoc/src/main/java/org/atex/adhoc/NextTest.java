package org.atex.adhoc;

import java.util.List;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the next test for a free slot of a system, by what ran there before. For example, a test may continue with
 * what an earlier one has installed.
 *
 * {@snippet :
 * builder.next((system, previous, waiting) -> waiting.stream()
 *         .filter(test -> previous.isEmpty() || previous.getLast().tags().equals(test.tags()))
 *         .findFirst()
 *         .orElse(null));
 * }
 *
 * <p>It is called for one system at a time on each system, outside of the run's own thread, with the limit {@link
 * Limits#call()}. While it chooses, other systems go on. If it fails, or returns a test that is not in the list, the
 * first test of the list runs and the run reports a problem. It is not called if only one test can start, and not
 * within serial groups. The cost of a call grows with the number of waiting tests.
 */
@FunctionalInterface
public interface NextTest {
    /**
     * Chooses a test.
     *
     * @param system the system
     * @param previous the tests that ended on the system since it was provisioned or reset, in order
     * @param waiting the tests that can start there now, in the order of the run; at least two
     * @return one of the waiting tests, or null for the first
     */
    @Nullable
    TestCase choose(SystemInfo system, List<TestCase> previous, List<TestCase> waiting);
}
