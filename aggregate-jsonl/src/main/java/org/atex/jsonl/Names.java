package org.atex.jsonl;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.api.AggregationException;
import org.atex.api.TestRecord;

/**
 * Which tests are taken, and under which name the next one goes. What a run has stored is refused when the same run stores
 * it again. Whatever a run stores of a test that earlier runs stored in the same file goes by {@code name (run 2)} and so
 * on. Safe for many threads.
 */
final class Names {
    private static final Pattern EARLIER_ATTEMPT =
            Pattern.compile("(.*) \\(attempt \\d+\\)( \\(\\d+\\))?", Pattern.DOTALL);

    /** What earlier runs stored, by the names of the tests; filled before there is a second thread. */
    private final Set<String> earlier = ConcurrentHashMap.newKeySet();

    /** What this run was asked to store. */
    private final Set<String> asked = ConcurrentHashMap.newKeySet();

    /** What is in the file, or will be. */
    private final Set<String> stored = ConcurrentHashMap.newKeySet();

    private final boolean duplicates;

    Names(boolean duplicates) {
        this.duplicates = duplicates;
    }

    /** A name that is the caller's until it gives it back: what was asked for, and what the file has for it. */
    record Taken(String platform, String asked, String name) {}

    void addEarlier(String platform, String name) {
        stored.add(key(platform, name));
        earlier.add(key(platform, name));
        Matcher attempt = EARLIER_ATTEMPT.matcher(name);
        if (attempt.matches()) {
            earlier.add(key(platform, attempt.group(1)));
        }
    }

    Taken take(TestRecord record) {
        String platform = record.platform();
        String attempt = record.last() ? "" : " (attempt " + record.attempt() + ")";
        String end = attempt;
        for (int i = 1; !asked.add(key(platform, record.name() + end)); i++) {
            if (!duplicates) {
                throw new AggregationException(
                        "could not store the results of " + record.name() + attempt + " on " + platform
                                + ": there are results of a test of that name already; name tests differently, or allow"
                                + " duplicates by JsonLinesOptions.withDuplicates()",
                        null);
            }
            end = attempt + " (" + i + ")";
        }
        int run = 1;
        while (earlier.contains(key(platform, ofRun(record.name(), run)))) {
            run++;
        }
        String name = ofRun(record.name(), run) + end;
        while (!stored.add(key(platform, name))) {
            // Another test is really called so.
            run++;
            name = ofRun(record.name(), run) + end;
        }
        return new Taken(platform, record.name() + end, name);
    }

    void giveBack(Taken taken) {
        stored.remove(key(taken.platform(), taken.name()));
        asked.remove(key(taken.platform(), taken.asked()));
    }

    private static String ofRun(String test, int run) {
        return run == 1 ? test : test + " (run " + run + ")";
    }

    private static String key(String platform, String test) {
        return platform.length() + ":" + platform + test;
    }
}
