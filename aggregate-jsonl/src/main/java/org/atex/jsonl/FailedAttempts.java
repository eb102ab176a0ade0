package org.atex.jsonl;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.atex.api.AttemptCause;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;

/** Remembers which tests have failed and run again. Thread-safe. */
final class FailedAttempts {
    /** The number of the last failed attempt by the name of the test. */
    private final Map<String, Integer> failed = new ConcurrentHashMap<>();

    /**
     * Adds an attempt. Attempts of a test are added in their order. A failure on a host that was put in quarantine says
     * nothing about the test.
     */
    void add(TestRecord record) {
        if (record.last() || record.cause() == AttemptCause.HOST_QUARANTINED) {
            failed.remove(record.name());
        }
        if (!record.last() && record.end().outcome().verdict() == Verdict.FAILED) {
            failed.put(record.name(), record.attempt());
        }
    }

    /** {@return the number of the last attempt before this one that failed; 0 if there is none} */
    int before(TestRecord record) {
        return record.cause() == AttemptCause.HOST_QUARANTINED ? 0 : failed.getOrDefault(record.name(), 0);
    }
}
