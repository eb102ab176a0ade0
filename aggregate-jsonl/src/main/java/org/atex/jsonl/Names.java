package org.atex.jsonl;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.atex.api.AggregationException;
import org.atex.api.TestRecord;

/** Which tests are taken, and under which name the next one goes. Safe for many threads. */
final class Names {
    private final Set<String> taken = ConcurrentHashMap.newKeySet();
    private final boolean duplicates;

    Names(boolean duplicates) {
        this.duplicates = duplicates;
    }

    void add(String platform, String test) {
        taken.add(key(platform, test));
    }

    /** {@return a name that is the caller's until it gives it back} */
    String take(TestRecord record) {
        String wanted = record.last() ? record.test() : record.test() + " (attempt " + record.attempt() + ")";
        String name = wanted;
        for (int i = 1; !taken.add(key(record.platform(), name)); i++) {
            if (!duplicates) {
                throw new AggregationException(
                        "could not store the results of " + wanted + " on " + record.platform()
                                + ": there are results of a test of that name already; name tests differently, or allow"
                                + " duplicates by JsonLinesOptions.withDuplicates()",
                        null);
            }
            name = wanted + " (" + i + ")";
        }
        return name;
    }

    void giveBack(String platform, String name) {
        taken.remove(key(platform, name));
    }

    private static String key(String platform, String test) {
        return platform.length() + ":" + platform + test;
    }
}
