package org.atex.junitxml;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The tests of one platform, or of all platforms, with their totals. Immutable.
 *
 * @param name the name of the suite
 * @param tests the attempts at each test
 * @param counts the numbers of cases
 * @param started the start of the first attempt, in milliseconds since 1970
 * @param took the time from the first start to the last end, in milliseconds
 * @param host the name of the system if there was only one, else {@code localhost}
 */
record Suite(String name, List<List<Attempt>> tests, Counts counts, long started, long took, String host) {
    static Suite of(String name, List<List<Attempt>> tests, Profile profile) {
        Counts counts = Counts.NONE;
        long first = Long.MAX_VALUE;
        long end = Long.MIN_VALUE;
        long longest = 0;
        Set<String> systems = new HashSet<>();
        for (List<Attempt> attempts : tests) {
            Attempt last = attempts.getLast();
            counts = counts.plus(profile.shown(attempts).status()).plus(last.subtests());
            for (Attempt attempt : attempts) {
                systems.add(attempt.system());
                // Attempts that never started do not count: their record may be much later than the last test.
                if (attempt.number() > 0) {
                    first = Math.min(first, attempt.started());
                    end = Math.max(end, attempt.started() + attempt.took());
                    longest = Math.max(longest, attempt.took());
                }
            }
        }
        if (end < first) {
            first = tests.isEmpty() ? 0 : tests.getFirst().getFirst().started();
            end = first;
        }
        systems.removeIf(String::isBlank);
        // If the clock was set back, the difference may be too small: use the duration of the longest test instead.
        long took = Math.max(longest, end - first);
        String host = systems.size() == 1 ? systems.iterator().next() : "localhost";
        return new Suite(name, tests, counts, first, took, host);
    }
}
