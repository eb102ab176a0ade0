package org.atex.allure;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.atex.api.TestRecord;
import org.atex.artifacts.FailedAttempts;

/**
 * Remembers attempts that are followed by another one, until the last attempt. Thread-safe; the attempts of one test are
 * added in the order in which they ran.
 */
final class EarlierAttempts {
    private final FailedAttempts failed = new FailedAttempts();

    /** The start of the latest attempt in the report, by platform and test. */
    private final Map<List<String>, Long> starts = new ConcurrentHashMap<>();

    private static List<String> key(TestRecord record) {
        return List.of(record.platform(), record.name());
    }

    void add(TestRecord record) {
        if (record.last()) {
            starts.remove(key(record));
        } else {
            starts.put(key(record), start(record));
        }
        failed.add(record);
    }

    /** {@return the number of the last attempt before this one that failed; 0 if there is none} */
    int failedBefore(TestRecord record) {
        return failed.before(record);
    }

    /**
     * {@return the start of an attempt in the report, in milliseconds since 1970} Allure shows the attempt that started
     * last as the result of the test. An attempt that started within the same millisecond as the one before it, or
     * earlier by a clock that was set back, gets the next millisecond.
     */
    long start(TestRecord record) {
        long start = record.started().toEpochMilli();
        Long before = starts.get(key(record));
        return before == null ? start : Math.max(start, before + 1);
    }
}
