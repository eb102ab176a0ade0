package org.atex.jsonl;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.api.AggregationException;
import org.atex.api.TestRecord;

/**
 * Assigns the names under which tests are stored.
 *
 * <p>A test that this run has stored is refused, or numbered if duplicates are allowed. A test that earlier runs stored
 * in the same file is stored as {@code name (run 2)} and so on, unless the run goes on with an earlier one, whose program
 * was killed. Thread-safe.
 */
final class TestNames {
    private static final Pattern EARLIER_ATTEMPT =
            Pattern.compile("(.*) \\(attempt \\d+\\)( \\(\\d+\\))?", Pattern.DOTALL);

    /** The tests stored by earlier runs. Filled before the aggregator is published to other threads. */
    private final Set<String> earlier = ConcurrentHashMap.newKeySet();

    /** The names requested in this run. */
    private final Set<String> requested = ConcurrentHashMap.newKeySet();

    /** The names in the file, including those that are being written. */
    private final Set<String> stored = ConcurrentHashMap.newKeySet();

    private final boolean duplicates;

    TestNames(boolean duplicates) {
        this.duplicates = duplicates;
    }

    /** A reserved name: the requested name, and the name in the file. */
    record Reservation(String platform, String requested, String name) {}

    void addEarlier(String platform, String name) {
        stored.add(key(platform, name));
        earlier.add(key(platform, name));
        Matcher attempt = EARLIER_ATTEMPT.matcher(name);
        if (attempt.matches()) {
            earlier.add(key(platform, attempt.group(1)));
        }
    }

    Reservation reserve(TestRecord record) {
        String platform = record.platform();
        String attempt = record.last() ? "" : " (attempt " + record.attempt() + ")";
        String end = attempt;
        for (int i = 1; !requested.add(key(platform, request(record, end))); i++) {
            if (!duplicates) {
                throw new AggregationException(
                        "could not store the results of " + record.name() + attempt + " on " + platform
                                + ": results of a test with this name are already stored; rename one of the tests, or"
                                + " allow duplicates with JsonLinesOptions.withDuplicates()",
                        null);
            }
            end = attempt + " (" + i + ")";
        }
        int run = 1;
        while (earlier.contains(key(platform, ofRun(record.name(), run)))) {
            run++;
        }
        if (run > 1 && continues(record, run)) {
            run--;
        }
        String name = ofRun(record.name(), run) + end;
        while (!stored.add(key(platform, name))) {
            // Another test has this name, including its "(run 2)".
            run++;
            name = ofRun(record.name(), run) + end;
        }
        return new Reservation(platform, request(record, end), name);
    }

    /** Returns whether an attempt follows those of the run before: its last attempt is missing, and this is not the first. */
    private boolean continues(TestRecord record, int run) {
        String before = " (attempt " + (record.attempt() - 1) + ")";
        return record.attempt() > 1
                && !stored.contains(key(record.platform(), ofRun(record.name(), run - 1)))
                && !stored.contains(key(record.platform(), ofRun(record.name(), run) + before));
    }

    // The separator tells the attempt 1 of the test /a from a test with the name "/a (attempt 1)".
    private static String request(TestRecord record, String end) {
        return record.name() + "|" + end;
    }

    /** Frees a name after its results could not be stored. */
    void release(Reservation reservation) {
        stored.remove(key(reservation.platform(), reservation.name()));
        requested.remove(key(reservation.platform(), reservation.requested()));
    }

    private static String ofRun(String test, int run) {
        return run == 1 ? test : test + " (run " + run + ")";
    }

    // The length separates platform and test unambiguously: both may contain any character.
    private static String key(String platform, String test) {
        return platform.length() + ":" + platform + test;
    }
}
