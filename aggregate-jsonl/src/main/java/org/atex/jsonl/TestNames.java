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
 * in the same file is stored as {@code name (run 2)} and so on. A run that goes on with the last one of the file has the
 * names of that. Thread-safe.
 */
final class TestNames {
    private static final Pattern EARLIER_ATTEMPT =
            Pattern.compile("(.*) \\(attempt \\d+\\)( \\(\\d+\\))?", Pattern.DOTALL);

    // The first four are filled before the aggregator is published to other threads.
    private int count;

    /** The tests stored by earlier runs. */
    private final Set<String> earlier = ConcurrentHashMap.newKeySet();

    /** The tests stored by the run that did not close the file. */
    private final Set<String> left = ConcurrentHashMap.newKeySet();

    /** The names in the file of the tests that the run stored that did not close the file. */
    private final Set<String> leftNames = ConcurrentHashMap.newKeySet();

    /** The names requested in this run. */
    private final Set<String> requested = ConcurrentHashMap.newKeySet();

    /** The names in the file, including those that are being written. */
    private final Set<String> stored = ConcurrentHashMap.newKeySet();

    private final boolean duplicates;
    private final int firstLeft;
    private volatile boolean resumed;

    /**
     * Creates an object without names.
     *
     * @param duplicates whether tests with the same name are numbered
     * @param firstLeft how many names are in the file before those of the run that did not close it
     */
    TestNames(boolean duplicates, int firstLeft) {
        this.duplicates = duplicates;
        this.firstLeft = firstLeft;
    }

    /**
     * A reserved name.
     *
     * @param requested the requested name
     * @param name the name in the file
     * @param isStored whether the run that this one resumes has stored the attempt
     */
    record Reservation(String platform, String requested, String name, boolean isStored) {}

    void addEarlier(String platform, String name) {
        boolean isLeft = count++ >= firstLeft;
        Set<String> tests = isLeft ? left : earlier;
        stored.add(key(platform, name));
        tests.add(key(platform, name));
        if (isLeft) {
            leftNames.add(key(platform, name));
        }
        Matcher attempt = EARLIER_ATTEMPT.matcher(name);
        if (attempt.matches()) {
            tests.add(key(platform, attempt.group(1)));
        }
    }

    /** {@return the number of names that were added} */
    int count() {
        return count;
    }

    /** Goes on with the run that did not close the file. */
    void resume() {
        resumed = true;
    }

    private boolean isEarlier(String key) {
        return earlier.contains(key) || !resumed && left.contains(key);
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
        while (isEarlier(key(platform, ofRun(record.name(), run)))) {
            run++;
        }
        String name = ofRun(record.name(), run) + end;
        if (resumed && leftNames.contains(key(platform, name))) {
            return new Reservation(platform, request(record, end), name, true);
        }
        while (!stored.add(key(platform, name))) {
            // Another test has this name, including its "(run 2)".
            run++;
            name = ofRun(record.name(), run) + end;
        }
        return new Reservation(platform, request(record, end), name, false);
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
