package org.atex.artifacts;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.atex.api.AttemptCause;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;

/**
 * Remembers which tests have failed and run again, so that an aggregator can mark a test as flaky when it passes. A
 * failure on a host that was then put in quarantine says nothing about the test.
 *
 * <p>Holds only tests of which the last attempt is still to come: memory use does not grow with the number of tests.
 *
 * <p>Thread safety: thread-safe. The attempts of one test are added in the order in which they ran.
 */
public final class FailedAttempts {
    /**
     * What is known of a test.
     *
     * @param failed the number of its last failed attempt that counts; 0 if there is none
     * @param latest the number of the latest attempt if it failed, which may not count; else 0
     */
    private record State(int failed, int latest) {
        static final State NONE = new State(0, 0);

        /** {@return the number of the last failed attempt before one with this cause} */
        int before(AttemptCause cause) {
            return latest == 0 || cause == AttemptCause.HOST_QUARANTINED ? failed : latest;
        }
    }

    private final Map<List<String>, State> states = new ConcurrentHashMap<>();

    /** Creates a memory without attempts. */
    public FailedAttempts() {}

    private static List<String> key(TestRecord record) {
        return List.of(record.platform(), record.name());
    }

    /**
     * Adds an attempt. The last attempt at a test removes the test.
     *
     * @param record the attempt
     */
    public void add(TestRecord record) {
        if (record.last()) {
            states.remove(key(record));
        } else {
            boolean failed = record.end().outcome().verdict() == Verdict.FAILED;
            states.put(key(record), new State(before(record), failed ? record.attempt() : 0));
        }
    }

    /**
     * {@return the number of the last attempt before this one that failed; 0 if there is none}
     *
     * @param record an attempt that was not added yet
     */
    public int before(TestRecord record) {
        return states.getOrDefault(key(record), State.NONE).before(record.cause());
    }
}
